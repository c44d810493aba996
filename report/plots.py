"""The few forms of drawing that the page uses. Encodings name the columns of the rows that `chart.figure` draws.

Two things that differ always differ in shape, dash or label too, never in colour alone.
"""

from collections.abc import Sequence

import altair as alt

from lookbook.report.chart import COLOURS, DASHES, GRID, INK, NO_KEY, ONE, ROWS, SHAPES, SOFT, STEP, Drawing, lines, marks

STACK = [COLOURS[place] for place in (6, 1, 5, 3, 4, 2)]
"""Colours of the parts of a bar, light enough for black text."""
WHOLE = "datum.value % 1 ? '' : format(datum.value, ',d')"
"""Labels of an axis that counts: none between whole numbers."""
PLAIN = "datum.label && abs(datum.value) < 1000 ? format(datum.value, ',.3~r') : datum.label"
"""Labels of amounts, with the format "~s": 1k and 1M, but 0.01 and not 10m. A logarithmic axis leaves some labels empty."""

SLANTED = alt.Axis(
    orient="top", labelAngle=30, labelAlign="right", labelBaseline="bottom", domain=False, ticks=False, labelOverlap=False,
    labelBound=False,
)  # fmt: skip
"""Names over columns that end above their column, so that none leaves the picture: there is room over the names of the rows."""


def intervals(
    value_title: str,
    *,
    form: str = ".3f",
    kinds: Sequence[str] = (),
    colours: Sequence[str] = COLOURS,
    zero_line: bool = False,
) -> Drawing:
    """Points with their intervals, one line each: name, value, low, high and, with `kinds`, kind."""
    x = alt.X("value:Q", title=value_title, axis=alt.Axis(format=form, tickCount=6), scale=alt.Scale(zero=zero_line, nice=True))
    y = alt.Y("name:N", sort=None, title=None)
    base = alt.Chart(ROWS).encode(y=y)
    bars = base.mark_rule(strokeWidth=2, color=SOFT).encode(x=alt.X("low:Q", title=value_title), x2="high:Q")
    points = base.mark_point(filled=True, size=90, opacity=1, color=COLOURS[0]).encode(
        x=x, tooltip=_tips("name", "value", "low", "high", form=form)
    )
    if kinds:
        points = points.encode(color=_colour("kind:N", kinds, colours), shape=_shape(kinds))
    line = alt.Chart(ONE).mark_rule(color=INK, strokeDash=[4, 3]).encode(x=alt.XDatum(0, type="quantitative"))
    chart = alt.layer(*([line] if zero_line else []), bars, points)
    return Drawing(chart, marks(kinds, colours) if kinds else NO_KEY, line="name")


def grouped_intervals(value_title: str, *, groups: Sequence[str], kinds: Sequence[str], form: str = ".2f") -> Drawing:
    """Several points with intervals on each line, a line for each of `groups`: group, kind, value, low, high."""
    y = alt.Y("group:N", sort=list(groups), title=None, scale=alt.Scale(paddingInner=0.1))
    offset = alt.YOffset("kind:N", sort=list(kinds), scale=alt.Scale(paddingOuter=0.5))
    base = alt.Chart(ROWS).encode(y=y, yOffset=offset)
    colour = _colour("kind:N", kinds, COLOURS)
    bars = base.mark_rule(strokeWidth=1.5).encode(x=alt.X("low:Q", title=value_title), x2="high:Q", color=colour)
    points = base.mark_point(filled=True, size=70, opacity=1).encode(
        x=alt.X("value:Q", title=value_title, axis=alt.Axis(format=form, tickCount=6)),
        color=colour,
        shape=_shape(kinds),
        tooltip=_tips("group", "kind", "value", "low", "high", form=form),
    )
    return Drawing(alt.layer(bars, points), marks(kinds, COLOURS), line="group", step=14 * len(kinds) + 18)


def labelled_bars(value_title: str, *, form: str = ",.0f", colour: str = COLOURS[0], limits: bool = False) -> Drawing:
    """Bars with their value written at the end: name, value and, with `limits`, low and high instead."""
    base = alt.Chart(ROWS).encode(y=alt.Y("name:N", sort=None, title=None))
    scale = alt.Scale() if limits else alt.Scale(range=[0, alt.ExprRef("width - min(66, 0.3 * width)")])
    x = alt.X("value:Q", title=value_title, axis=alt.Axis(format=form, tickCount=5), scale=scale)
    bars = base.mark_bar(color=colour, size=16).encode(x=x, tooltip=_tips("name", "value", form=form))
    texts = base.mark_text(align="left", dx=5, color=INK).encode(x=x, text=alt.Text("value:Q", format=form))
    if limits:
        rules = base.mark_rule(strokeWidth=2, color=INK).encode(x=alt.X("low:Q", title=value_title), x2="high:Q")
        return Drawing(alt.layer(bars, rules), line="name")
    return Drawing(alt.layer(bars, texts), line="name")


def heat_map(names: Sequence[str], *, form: str = ".2f") -> Drawing:
    """A square of shares between 0 and 1, each with its number: source (row), other (column), value."""
    x = alt.X("other:N", sort=list(names), title=None, axis=SLANTED)
    base = alt.Chart(ROWS).encode(x=x, y=alt.Y("source:N", sort=list(names), title=None))
    opacity = alt.Opacity("value:Q", scale=alt.Scale(domain=[0, 1], range=[0.04, 0.6]), legend=None)
    cells = base.mark_rect(color=COLOURS[0], stroke=GRID).encode(
        opacity=opacity, tooltip=_tips("source", "other", "value", form=form)
    )
    size = alt.ExprRef("width < 260 ? 9 : 12")
    texts = base.mark_text(color=INK, fontSize=size).encode(text=alt.Text("value:Q", format=form))
    return Drawing(alt.layer(cells, texts), line="source", step=34)


def stacked_shares(groups: Sequence[str], parts: Sequence[str]) -> Drawing:
    """One full bar for each of `groups`, cut into `parts` in their order: group, part, place, value (labels), share (0 to 1)."""
    x = alt.X("share:Q", title="share of the labels", axis=alt.Axis(format="%"), stack="zero", scale=alt.Scale(domain=[0, 1]))
    base = alt.Chart(ROWS).encode(
        y=alt.Y("group:N", sort=list(groups), title=None), x=x, order=alt.Order("place:O"), tooltip=_tips("group", "part", "share")
    )
    bars = base.mark_bar(size=20, stroke="var(--page)", strokeWidth=1).encode(color=_colour("part:N", parts, STACK))
    middle = alt.X("share:Q", stack="zero", bandPosition=0.5)
    share = alt.when("datum.share >= 0.06").then(alt.Text("share:Q", format=".0%")).otherwise(alt.value(""))
    written = base.mark_text(color="#000").encode(x=middle, text=share, detail="part:N")
    return Drawing(alt.layer(bars, written), marks(parts, STACK, [SHAPES[2]]), line="group", step=STEP + 4)


def curves(
    x_title: str | None,
    y_title: str,
    *,
    kinds: Sequence[str] = (),
    form: str = "",
    across: str = "d",
    zero: bool = False,
    dots: bool = True,
) -> Drawing:
    """Lines: x, y and, for several lines, kind. form, across: formats of y and x; zero: y starts at 0; dots: each datum shows."""
    labels = {"d": WHOLE, "~s": PLAIN}.get(across, "datum.label")
    axis = alt.Axis(format="" if across == "d" else across, labelExpr=labels, tickCount=7)
    x = alt.X("x:Q", title=x_title, axis=axis, scale=alt.Scale(nice=False, zero=False))
    y = alt.Y("y:Q", title=y_title, scale=alt.Scale(zero=zero), axis=alt.Axis(format=form, grid=True, tickCount=5))
    dot = alt.OverlayMarkDef(size=26, filled=True, color=COLOURS[0]) if dots else False
    chart = alt.Chart(ROWS).mark_line(color=COLOURS[0], point=dot)
    encoded: alt.Chart = chart.encode(x=x, y=y, tooltip=["x:Q", "y:Q"])
    if not kinds:
        return Drawing(encoded.properties(height=170))
    chart = alt.Chart(ROWS).mark_line(point=alt.OverlayMarkDef(size=26, filled=True))
    dash = alt.StrokeDash("kind:N", scale=alt.Scale(domain=list(kinds), range=DASHES), legend=None)
    several: alt.Chart = chart.encode(
        x=x, y=y, tooltip=["kind:N", "x:Q", "y:Q"], color=_colour("kind:N", kinds, COLOURS), strokeDash=dash
    )
    return Drawing(several.properties(height=170), lines(kinds, COLOURS, DASHES))


def search_history(y_title: str, *, kinds: Sequence[str]) -> Drawing:
    """Points in the order in which they were tried, and a line at the best so far: x, y, best, kind."""
    x = alt.X("x:Q", title="trial", axis=alt.Axis(labelExpr=WHOLE, tickCount=7), scale=alt.Scale(nice=False))
    base = alt.Chart(ROWS).encode(x=x)
    y = alt.Y("y:Q", title=y_title, scale=alt.Scale(zero=False), axis=alt.Axis(format="+.4f", grid=True, tickCount=5))
    line = base.mark_line(color=SOFT, strokeWidth=2, interpolate="step-after").encode(y=alt.Y("best:Q", title=y_title))
    points = base.mark_point(filled=True, size=70, opacity=1).encode(
        y=y, color=_colour("kind:N", kinds, COLOURS), shape=_shape(kinds), tooltip=["x:Q", "kind:N", "y:Q", "best:Q"]
    )
    return Drawing(alt.layer(line, points).properties(height=200), marks(kinds, COLOURS))


def bins(*, log: bool) -> Drawing:
    """A histogram: low, high, rows. log: the axis is logarithmic, for bins that grow."""
    scale = alt.Scale(type="log", nice=False) if log else alt.Scale(zero=False, nice=False)
    x = alt.X("low:Q", title=None, scale=scale, axis=alt.Axis(format="~s", labelExpr=PLAIN, tickCount=5, grid=False))
    y = alt.Y("rows:Q", title="rows", axis=alt.Axis(format="~s", labelExpr=PLAIN, grid=True, tickCount=4))
    drawn = alt.Chart(ROWS).mark_rect(color=COLOURS[0], stroke="var(--page)", strokeWidth=1)
    chart: alt.Chart = drawn.encode(x=x, x2="high:Q", y=y, y2=alt.Y2Datum(0), tooltip=["low:Q", "high:Q", "rows:Q"])
    return Drawing(chart.properties(height=150))


def over_time(what: str, *, form: str | None = None) -> Drawing:
    """A line over weeks: x (YYYY-MM-DD), y. form: of y; None for counts."""
    x = alt.X("x:T", title=None, axis=alt.Axis(format="%b %y", tickCount=6, labelOverlap=True))
    axis = alt.Axis(format=form, grid=True, tickCount=4) if form else alt.Axis(format="~s", labelExpr=PLAIN, grid=True, tickCount=4)
    y = alt.Y("y:Q", title=None, axis=axis)
    tips = [alt.Tooltip("x:T", title="week of", format="%Y-%m-%d"), alt.Tooltip("y:Q", title=what, format=form or ",")]
    chart: alt.Chart = alt.Chart(ROWS).mark_line(color=COLOURS[0], strokeWidth=2).encode(x=x, y=y, tooltip=tips)
    return Drawing(chart.properties(height=150))


def scatter(y_title: str) -> Drawing:
    """Points: x, y."""
    x = alt.X("x:Q", title=None, scale=alt.Scale(zero=False), axis=alt.Axis(tickCount=4, format="~s", labelExpr=PLAIN))
    y = alt.Y("y:Q", title=y_title, axis=alt.Axis(grid=True, tickCount=4))
    points = alt.Chart(ROWS).mark_circle(size=14, opacity=0.45, color=COLOURS[0])
    chart: alt.Chart = points.encode(x=x, y=y, tooltip=["x:Q", "y:Q"])
    return Drawing(chart.properties(height=140))


def _colour(name: str, kinds: Sequence[str], colours: Sequence[str]) -> alt.Color:
    return alt.Color(name, scale=alt.Scale(domain=list(kinds), range=list(colours)), legend=None)


def _shape(kinds: Sequence[str]) -> alt.Shape:
    return alt.Shape("kind:N", scale=alt.Scale(domain=list(kinds), range=SHAPES), legend=None)


def _tips(*names: str, form: str = ".3f") -> list[alt.Tooltip]:
    texts = {"name", "group", "kind", "source", "other", "part"}
    return [alt.Tooltip(f"{name}:N") if name in texts else alt.Tooltip(f"{name}:Q", format=form) for name in names]
