"""What the ranker looks at: four measures of importance side by side, and how the score depends on the main features."""

from collections.abc import Sequence
from math import isnan

from lookbook.report.chart import Column, Row, figure, small_multiples
from lookbook.report.fact import Fact
from lookbook.report.html import Child, Html, between, folded, join, number, paragraph, table, tag
from lookbook.report.plots import curves, scatter
from lookbook.report.section import Files, Section, file, to_fill

METHODS = {
    "gain": ("gain", ",.0f", "how much its splits improve the trees"),
    "split": ("splits", ",.0f", "how often a tree asks for it"),
    "permutation": ("permutation", "+.5f", "what MAP loses when its values are shuffled"),
    "shap": ("SHAP", ".4f", "mean size of what it adds to a score, less what it adds to the customer's articles on average"),
}
LEVELS = {"feature": "Features", "group": "Feature groups", "source": "Sources"}
SHOWN = 20
"""Features shown at once; the rest are folded away."""
MOST_POINTS = 200
"""Points of one feature that are drawn; of more, every second, third, ... is taken."""


def importance(files: Files) -> Section:
    shows = "Which columns the ranker relies on, by four measures that need not agree; bars are shares of the measure's total."
    content = file(files, "importance.json")
    if not content["importance"]:
        return Section(
            "importance", "Importance", shows, [], [to_fill(files, "explain", "The ranker has not been explained for this run.")]
        )
    methods = tag(
        "dl",
        {"class": "methods"},
        *(part for name, _, what in METHODS.values() for part in (tag("dt", {}, name), tag("dd", {}, what))),
    )
    tables = [part for level in LEVELS for part in _level(content, level)]
    return Section("importance", "Importance", shows, _finding(content), [methods, *tables])


def dependence(files: Files) -> Section:
    shows = (
        "How the score of an article changes with one column while all else stays, "
        "and what that column adds to real candidates, less what it adds to the customer's others on average (SHAP)."
    )
    content = file(files, "importance.json")
    if not content["partial_dependence"]:
        missing = to_fill(files, "explain", "The dependence on single features has not been computed for this run.")
        return Section("dependence", "How features act", shows, [], [missing])
    features = list(dict.fromkeys(row["feature"].text for row in content["partial_dependence"].rows()))
    return Section(
        "dependence",
        "How features act",
        shows,
        _steepest(content, features),
        [small_multiples([_both(content, f) for f in features])],
    )


def _named(content: Fact, level: str) -> dict[str, dict[str, Fact]]:
    """Row by method of every name of a level, the largest by SHAP first."""
    found: dict[str, dict[str, Fact]] = {}
    for row in content["importance"].where("level", level):
        found.setdefault(row["name"].text, {})[row["method"].text] = row
    nothing = Fact(None, "")
    return dict(sorted(found.items(), key=lambda item: (-_finite(item[1].get("shap", nothing)["value"].number), item[0])))


def _finite(value: float) -> float:
    return 0.0 if isnan(value) else value


def _level(content: Fact, level: str) -> list[Html]:
    rows: list[list[Child]] = [
        [_name(name, by_method), *(_share(by_method.get(method), form) for method, (_, form, _) in METHODS.items())]
        for name, by_method in _named(content, level).items()
    ]
    if not rows:
        return []
    headings = [level, *(heading for heading, _, _ in METHODS.values())]
    first = table(LEVELS[level], headings, rows[:SHOWN])
    rest = rows[SHOWN:]
    return [first, folded(f"{len(rest)} more", table(f"{LEVELS[level]}, continued", headings, rest))] if rest else [first]


def _name(name: str, by_method: dict[str, Fact]) -> Html:
    doc = next((row["doc"].text for row in by_method.values() if row["doc"]), "")
    return join([tag("span", {"class": "name"}, name), tag("small", {"class": "doc"}, doc) if doc else ""])


def _share(row: Fact | None, form: str) -> Html:
    if row is None:
        return Html("")
    share = max(0.0, min(1.0, _finite(row["share"].number)))
    bar = tag("span", {"class": "bar", "style": f"--share:{share:.1%}"})
    value = tag("small", {}, number(row["value"], form), " ", between(row["low"], row["high"], form))
    return join([bar, number(row["share"], ".1%"), value])


def _finding(content: Fact) -> list[Child]:
    nothing = Fact(None, "")
    names = _named(content, "feature")
    moving = [name for name, by_method in names.items() if by_method.get("shap", nothing)["value"].number > 0]
    said = _moving(names, moving[:3])
    drops = {name: by_method.get("permutation", nothing)["value"] for name, by_method in names.items()}
    worst = max(drops, key=lambda name: _finite(drops[name].number))
    if not names[worst].get("permutation", nothing)["low"].number > 0:
        return [*said, " Shuffling the values of no single feature costs more MAP than chance explains."]
    return [*said, " MAP drops most, by ", number(drops[worst], ".4f"), f", when the values of {worst} are shuffled."]


def _moving(names: dict[str, dict[str, Fact]], strongest: Sequence[str]) -> list[Child]:
    """What sets the scores of one customer apart. strongest: names, the first first; none where no feature does."""
    if not strongest:
        return ["By SHAP no feature sets the articles of a customer apart."]
    first, *others = strongest
    doc = names[first]["shap"]["doc"].text.partition(";")[0].rstrip(".")
    about = f" ({doc[0].lower()}{doc[1:]})" if doc else ""
    then = f", then by {' and '.join(others)}" if others else ""
    return [f"By SHAP the articles of a customer are set apart most by {first}{about}{then}."]


def _both(content: Fact, feature: str) -> Html:
    """Partial dependence and SHAP values of one feature, with its documentation between them."""
    curve = content["partial_dependence"].where("feature", feature)
    known: list[Row] = [{"x": row["value"], "y": row["score"]} for row in curve if row["value"].value is not None]
    columns = [Column("x", feature, ",.4g"), Column("y", "mean score")]
    words = "Mean score of the candidates when this column has the value below."
    drawing = curves(None, "mean score", across="~s")
    above = [figure(drawing, known, columns, title=feature, label=words)] if known else []
    doc = next((row["doc"].text for row in content["importance"].where("name", feature) if row["doc"]), "")
    unknown = [row["score"] for row in curve if row["value"].value is None]
    said: list[Child] = [
        doc,
        *(part for score in unknown for part in (" Where it is unknown, the mean score is ", number(score, ".3f"), ".")),
    ]
    points = _thinned(content["shap_values"].where("feature", feature))
    rows: list[Row] = [{"x": row["value"], "y": row["contribution"]} for row in points if row["value"].value is not None]
    words = "Each point is one candidate: its value, and what that adds to its score, less the customer's mean."
    title = f"{feature}: SHAP of {len(rows)} candidates, less the customer's mean"
    below = [figure(scatter("added to the score"), rows, [], title=title, label=words)] if rows else []
    return tag("div", {"class": "pair"}, *above, paragraph(tag("small", {}, *said)), *below)


def _thinned(rows: Sequence[Fact]) -> Sequence[Fact]:
    return rows[:: max(1, -(-len(rows) // MOST_POINTS))]


def _steepest(content: Fact, features: Sequence[str]) -> list[Child]:
    """The feature whose curve spans the widest range of scores."""
    ends: dict[str, tuple[Fact, Fact]] = {}
    for feature in features:
        scores = [row["score"] for row in content["partial_dependence"].where("feature", feature)]
        ends[feature] = min(scores, key=lambda s: s.number), max(scores, key=lambda s: s.number)
    widest = max(features, key=lambda f: ends[f][1].number - ends[f][0].number)
    if ends[widest][0].value == ends[widest][1].value:
        return ["None of these columns moves the mean score."]
    low, high = (number(end, ".2f") for end in ends[widest])
    return [f"{widest} moves the score furthest: the mean score lies between ", low, " and ", high, "."]
