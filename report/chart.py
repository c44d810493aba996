"""A chart on the page: its specification, what it shows in words, and its numbers as a table under it.

Input: an Altair chart without data, rows of facts. Output: a figure. Colours are CSS variables (style.css), so that a chart
follows the light and the dark page and print.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import altair as alt

from report.fact import Fact
from report.html import Child, Html, folded, number, paragraph, table, tag

Row = Mapping[str, Fact | str | int | float]
"""One datum by the names of the encodings; everything with an origin is a Fact."""
Chart = alt.Chart | alt.LayerChart | alt.FacetChart

ROWS = alt.NamedData("rows")
"""The data of every chart: those that `figure` is given."""
MOST_ROWS = 400
"""Data of more rows are not repeated as a table; the figure names their file instead."""
COLOURS = [f"var(--c{place})" for place in range(7)]
INK, SOFT, GRID = "var(--ink)", "var(--soft)", "var(--grid)"
SHAPES = ["circle", "diamond", "square", "triangle-up", "cross", "triangle-down", "triangle-right"]
DASHES = [[1, 0], [6, 3], [2, 2], [8, 2, 2, 2]]

THEME: dict[str, object] = {
    "background": "transparent",
    "font": "system-ui, sans-serif",
    "padding": 2,
    "view": {"stroke": "transparent"},
    "axis": {
        "labelColor": SOFT, "titleColor": SOFT, "domainColor": GRID, "tickColor": GRID, "gridColor": GRID,
        "labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": "normal", "labelLimit": 210,
    },
    "axisY": {"grid": False, "ticks": False, "domain": False, "labelPadding": 6},
    "legend": {
        "labelColor": SOFT, "titleColor": SOFT, "labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": "normal",
        "orient": "top", "symbolSize": 80, "labelLimit": 260, "columns": 4,
    },
    "title": {"color": INK, "fontSize": 13, "fontWeight": 600, "anchor": "start"},
    "text": {"color": INK, "fontSize": 12},
    "range": {"category": COLOURS, "symbol": SHAPES},
}  # fmt: skip
"""Configuration that all charts share; it stands on the page once."""


@dataclass(frozen=True)
class Column:
    """A column of the table under a chart: the name in the rows, the heading, the format of numbers."""

    name: str
    heading: str
    form: str = ".4f"


def figure(chart: Chart, rows: Sequence[Row], columns: Sequence[Column], *, title: str, label: str) -> Html:
    """A drawing with `title` and its numbers folded below.

    columns: of those numbers; none where a table that follows the figure holds them. label: what can be seen, for who cannot.
    """
    specification = tag_free(json.dumps(specified(chart, rows), separators=(",", ":")))
    holder = tag("div", {"class": "chart", "role": "img", "aria-label": f"{title}. {label}"}, "")
    data = Html(f'<script type="application/json" class="specification">{specification}</script>')
    numbers = [_numbers(rows, columns, title)] if columns else []
    return tag("figure", {}, tag("figcaption", {}, title), holder, data, *numbers)


def specified(chart: Chart, rows: Sequence[Row]) -> dict[str, object]:
    """The Vega-Lite specification of `chart` on `rows`, as wide as the page allows."""
    values = [{name: part.value if isinstance(part, Fact) else part for name, part in row.items()} for row in rows]
    specification: dict[str, object] = chart.properties(width="container").to_dict()
    wanted = {key: part for key, part in specification.items() if key not in ("$schema", "config")}
    return {**wanted, "autosize": {"type": "fit-x", "contains": "padding"}, "datasets": {ROWS.name: values}}


def tag_free(text: str) -> str:
    """JSON that nothing in it can end the script element of: a name may hold "</script>"."""
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def small_multiples(figures: Sequence[Html]) -> Html:
    return tag("div", {"class": "multiples"}, *figures)


def _numbers(rows: Sequence[Row], columns: Sequence[Column], title: str) -> Html:
    if len(rows) > MOST_ROWS:
        origin = next((part.origin for part in rows[0].values() if isinstance(part, Fact)), "")
        file, _, path = origin.partition("#/")
        return paragraph(tag("small", {}, f"{len(rows):,} points, in {file} under {path.split('/')[0]}."))
    headings = [column.heading for column in columns]
    cells = [[_cell(row[column.name], column.form) for column in columns] for row in rows]
    texts = sum(all(isinstance(row[column.name], str) for row in rows) for column in columns)
    return folded("Numbers", table(title, headings, cells, texts=max(texts, 1)))


def _cell(part: Fact | str | int | float, form: str) -> Child:
    if isinstance(part, Fact):
        return part.text if isinstance(part.value, str) else number(part, form)
    return str(part)
