"""A drawing of processor time against size, one line per phase, both axes logarithmic.

Input: ScaleResults. Output: SVG that is light on a light screen and dark on a dark one, also as a picture in a page.
"""

from collections.abc import Sequence

import altair as alt

from benchmarks.scale.phases import PHASES
from benchmarks.scale.results import SIZE, ScaleResult
from lookbook.report.chart import SHAPES, Chart

PAGE, INK, SOFT, GRID = "#ffffff", "#1d2126", "#4d5661", "#dfe3e8"
LINES = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#6b7280")
DARK = {
    PAGE: "#15181c", INK: "#e8eaed", SOFT: "#aeb6c0", GRID: "#32383f",
    "#0072b2": "#4aa8e0", "#d55e00": "#f0854a", "#009e73": "#2fbf94",
    "#cc79a7": "#dd9cc2", "#e69f00": "#f0b840", "#6b7280": "#9aa3ad",
}  # fmt: skip
"""What becomes of each colour on a dark screen."""


def growth_plot(results: Sequence[ScaleResult]) -> str:
    """One line per phase; the dashed one is the whole pipeline if it grew in proportion to its size."""
    import vl_convert

    rows = [
        {"phase": phase.name, SIZE: result.counts[SIZE], "cpu": result.costs[phase.name].cpu_s}
        for result in results
        for phase in PHASES
        if phase.name in result.costs
    ]
    chart = alt.layer(_lines(rows), _linear(results)).properties(width=560, height=340)
    themed = chart.configure(**_THEME).to_dict()  # type: ignore[arg-type]
    return with_dark_colours(vl_convert.vegalite_to_svg(themed))


def with_dark_colours(svg: str) -> str:
    """The drawing with a style that changes every colour of DARK where the reader's screen is dark."""
    rules = "".join(f'[fill="{light}"]{{fill:{dark}}}[stroke="{light}"]{{stroke:{dark}}}' for light, dark in DARK.items())
    start = svg.index(">") + 1
    return f"{svg[:start]}<style>@media(prefers-color-scheme:dark){{{rules}}}</style>{svg[start:]}"


def _lines(rows: Sequence[dict[str, object]]) -> Chart:
    names = [phase.name for phase in PHASES]
    chart = alt.Chart(alt.InlineData(values=rows)).encode(
        x=alt.X(f"{SIZE}:Q", title="purchases").scale(type="log", nice=False).axis(format="~s", tickCount=4),
        y=alt.Y("cpu:Q", title="processor seconds").scale(type="log").axis(format="~s", tickCount=5),
        color=alt.Color("phase:N", title=None).scale(domain=names, range=LINES[: len(names)]).sort(names),
        shape=alt.Shape("phase:N", title=None).scale(domain=names, range=SHAPES[: len(names)]).sort(names),
    )
    return alt.layer(chart.mark_line(strokeWidth=2), chart.mark_point(filled=True, size=60, opacity=1))


def _linear(results: Sequence[ScaleResult]) -> alt.Chart:
    """From the whole cost at the largest scale downwards, in proportion to the size."""
    largest = results[-1]
    whole = sum(largest.costs[phase.name].cpu_s for phase in PHASES if phase.name in largest.costs)
    rows = [{SIZE: r.counts[SIZE], "cpu": whole * r.counts[SIZE] / largest.counts[SIZE]} for r in results]
    line: alt.Chart = alt.Chart(alt.InlineData(values=rows)).mark_line(strokeDash=[4, 4], color=SOFT)
    return line.encode(x=f"{SIZE}:Q", y="cpu:Q")


_THEME: dict[str, object] = {
    "background": PAGE,
    "font": "system-ui, sans-serif",
    "padding": 12,
    "view": {"stroke": None},
    "axis": {
        "labelColor": SOFT, "titleColor": SOFT, "domainColor": GRID, "tickColor": GRID, "gridColor": GRID,
        "labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": "normal",
    },
    "legend": {"labelColor": INK, "labelFontSize": 12, "symbolSize": 80},
}  # fmt: skip
