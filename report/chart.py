"""A chart on the page: its specification, what it shows in words, and its numbers as a table under it.

Input: an Altair chart without data, rows of facts. Output: a figure. Colours are CSS variables (style.css), so that a chart
follows the light and the dark page and print.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle

import altair as alt

from lookbook.report.fact import Fact
from lookbook.report.html import Child, Html, folded, number, paragraph, table, tag

Row = Mapping[str, Fact | str | int | float]
"""One datum by the names of the encodings; everything with an origin is a Fact."""
Chart = alt.Chart | alt.LayerChart | alt.FacetChart

ROWS = alt.NamedData("rows")
"""The data of every chart: those that `figure` is given."""
ONE = alt.NamedData("one")
"""A single row, for what is drawn once."""
STEP = 26
"""Height of one bar or point with its gap, in pixels."""
MOST_ROWS = 400
"""Data of more rows are not repeated as a table; the figure names their file instead."""
COLOURS = [f"var(--c{place})" for place in range(7)]
INK, SOFT, GRID = "var(--ink)", "var(--soft)", "var(--grid)"
SHAPES = [
    "M0,1A1,1,0,1,1,0,-1A1,1,0,1,1,0,1Z",
    "M0,-1.2L0.9,0L0,1.2L-0.9,0Z",
    "M-0.85,-0.85L0.85,-0.85L0.85,0.85L-0.85,0.85Z",
    "M0,-1L1,0.8L-1,0.8Z",
    "M-0.35,-1L0.35,-1L0.35,-0.35L1,-0.35L1,0.35L0.35,0.35L0.35,1L-0.35,1L-0.35,0.35L-1,0.35L-1,-0.35L-0.35,-0.35Z",
    "M0,1L1,-0.8L-1,-0.8Z",
    "M-1,0L-0.5,-0.9L0.5,-0.9L1,0L0.5,0.9L-0.5,0.9Z",
]
"""Paths in the square from -1 to 1: circle, diamond, square, triangle, cross, triangle, hexagon."""
DASHES = [[1, 0], [6, 3], [2, 2], [8, 2, 2, 2]]

THEME: dict[str, object] = {
    "background": "transparent",
    "font": "system-ui, sans-serif",
    "padding": 2,
    "view": {"stroke": "transparent"},
    "axis": {
        "labelColor": SOFT, "titleColor": SOFT, "domainColor": GRID, "tickColor": GRID, "gridColor": GRID,
        "labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": "normal", "labelLimit": 210,
        "labelOverlap": "greedy", "labelSeparation": 8,
    },
    "axisX": {"labelBound": True},
    "axisY": {"grid": False, "ticks": False, "domain": False, "labelPadding": 12},
    "title": {"color": INK, "fontSize": 13, "fontWeight": 600, "anchor": "start"},
    "text": {"color": INK, "fontSize": 12},
    "range": {"category": COLOURS},
}  # fmt: skip
"""Configuration that all charts share; it stands on the page once."""


NO_KEY = Html("")


@dataclass(frozen=True)
class Drawing:
    """A chart without data.

    key: what its colours mean, outside of the chart so that it wraps on a narrow page. line, step: the chart is `step` pixels
    high for each distinct value in the column `line` of the rows; without `line` it has a height of its own.
    """

    chart: Chart
    key: Html = NO_KEY
    line: str = ""
    step: int = STEP


@dataclass(frozen=True)
class Column:
    """A column of the table under a chart: the name in the rows, the heading, the format of numbers."""

    name: str
    heading: str
    form: str = ".4f"


def figure(drawing: Drawing, rows: Sequence[Row], columns: Sequence[Column], *, title: str, label: str) -> Html:
    """A drawing with `title` and its numbers folded below.

    columns: of those numbers; none where a table that follows the figure holds them. label: what can be seen, for who cannot.
    """
    specification = tag_free(json.dumps(specified(drawing, rows), separators=(",", ":")))
    holder = tag("div", {"class": "chart", "role": "img", "aria-label": f"{title}. {label}"}, "")
    data = Html(f'<script type="application/json" class="specification">{specification}</script>')
    numbers = [_numbers(rows, columns, title)] if columns else []
    return tag("figure", {}, tag("figcaption", {}, title), drawing.key, holder, data, *numbers)


def specified(drawing: Drawing, rows: Sequence[Row]) -> dict[str, object]:
    """The Vega-Lite specification of `drawing` with `rows`, as wide as the page allows."""
    values = [{name: part.value if isinstance(part, Fact) else part for name, part in row.items()} for row in rows]
    high = {"height": drawing.step * len({row[drawing.line] for row in values})} if drawing.line else {}
    specification: dict[str, object] = drawing.chart.properties(width="container").to_dict()
    wanted = {key: part for key, part in specification.items() if key not in ("$schema", "config")}
    fit = {"autosize": {"type": "fit-x", "contains": "padding"}}
    return {**wanted, **high, **fit, "datasets": {ROWS.name: values, ONE.name: [{}]}}


def tag_free(text: str) -> str:
    """JSON that nothing in it can end the script element of: a name may hold "</script>"."""
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def marks(kinds: Sequence[str], colours: Sequence[str], shapes: Sequence[str] = SHAPES) -> Html:
    """A key of points: the colour and the shape of each kind."""
    looks = zip(cycle(colours), cycle(shapes), strict=False)
    return _key(kinds, (f'<path d="{shape}" transform="translate(8 6) scale(5)" fill="{colour}"/>' for colour, shape in looks))


def lines(kinds: Sequence[str], colours: Sequence[str], dashes: Sequence[Sequence[int]]) -> Html:
    """A key of lines: the colour and the dash of each kind."""
    looks = zip(cycle(colours), (" ".join(map(str, dash)) for dash in cycle(dashes)), strict=False)
    start = '<path d="M0 6H16" stroke-width="2"'
    return _key(kinds, (f'{start} stroke="{colour}" stroke-dasharray="{dash}"/>' for colour, dash in looks))


def _key(kinds: Sequence[str], symbols: Iterator[str]) -> Html:
    drawn = (Html(f'<svg width="16" height="12" aria-hidden="true">{symbol}</svg>') for symbol in symbols)
    return tag("ul", {"class": "key"}, *(tag("li", {}, symbol, kind) for kind, symbol in zip(kinds, drawn, strict=False)))


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
