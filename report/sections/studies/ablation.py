"""What each source is worth: the system without it, it alone, and its Shapley value."""

from lookbook.report.chart import COLOURS, Row, figure, small_multiples
from lookbook.report.fact import Fact
from lookbook.report.html import Child, Html, label, listed, number, table, with_interval
from lookbook.report.plots import intervals, labelled_bars
from lookbook.report.section import Files, Section, file, to_fill

VERDICTS = {"helps": COLOURS[0], "cannot tell": COLOURS[6], "hurts": COLOURS[1]}
MODES = {
    "leave_one_out": "Without one source",
    "alone": "One source alone",
    "greedy": "Adding the source that helps most",
    "features": "Without one group of features",
}
"""Heading of each mode."""
BUDGETS = {"fixed": ", free places filled with other candidates", "union": ", free places left empty"}
"""What becomes of the places among the candidates that the parts left out had taken: added to the heading."""
ONE_OUT = ("leave_one_out", "features")
"""Modes whose variants lack one part each, so that a sentence can say what each is worth."""
GAIN = ("gain", "gain_low", "gain_high")


def ablation(files: Files) -> Section:
    shows = (
        "How much the result changes when a part is taken away and the ranker is fitted again: "
        "to the right of the zero line MAP was lower for it, to the left higher."
    )
    content = file(files, "ablation.json")
    if not content["variants"]:
        return Section("ablation", "Ablation", shows, [], [to_fill(files, "ablate", "No part was taken away yet.")])
    rows = content["variants"].rows()
    kinds = list(dict.fromkeys((row["mode"].text, row["budget"].text) for row in rows))
    body = [
        part for mode, budget in kinds for part in _mode([r for r in rows if (r["mode"].text, r["budget"].text) == (mode, budget)])
    ]
    return Section("ablation", "Ablation", shows, _finding(content), [_conditions(content), *body, *_build_up(content)])


def shapley(files: Files) -> Section:
    shows = (
        "A division of the result among the sources: "
        "each gets what it adds on average, over the orders in which they can be added one by one."
    )
    rows = file(files, "ablation.json")["shapley"].rows()
    if not rows:
        return Section("shapley", "Shapley values", shows, [], [to_fill(files, "ablate --shapley", "Not computed for this run.")])
    measures = list(dict.fromkeys(row["of"].text for row in rows))
    drawings = [_shares(measure, [row for row in rows if row["of"].text == measure]) for measure in measures]
    missing = (
        []
        if "map" in measures
        else [to_fill(files, "ablate --shapley", "Shapley values of MAP take many fits, and were not asked for.")]
    )
    most = {measure: max((r for r in rows if r["of"].text == measure), key=lambda r: r["value"].number) for measure in measures}
    says: list[Child] = []
    for measure, row in most.items():
        if row["value"].number > 0:
            says += [
                f"Of the {_measure(measure)}, {label(row['source'].text)} brings the most: ",
                number(row["share"], ".0%"),
                ". ",
            ]
        else:
            says.append(f"To the {_measure(measure)} no source adds anything. ")
    return Section("shapley", "Shapley values", shows, says, [small_multiples(drawings), _shapley_table(rows), *missing])


def _conditions(content: Fact) -> Html:
    rows: list[list[Child]] = [
        ["test weeks", content["weeks"].text],
        ["full system", with_interval(content["full"], ".4f", ("map", "low", "high"))],
        ["customers", number(content["full"]["n_customers"], ",.0f")],
    ]
    return table("What is compared with what", ["", ""], rows, texts=2)


def _mode(rows: list[Fact]) -> list[Html]:
    """The drawing and the table of the variants of one mode and budget."""
    mode, budget = rows[0]["mode"].text, rows[0]["budget"].text
    title = _title(mode, budget)
    if mode != "greedy":
        rows = sorted(rows, key=lambda row: -row["difference"].number)
    points: list[Row] = [
        {
            "name": label(row["name"].text),
            "kind": row["verdict"].text,
            "value": row["difference"],
            "low": row["difference_low"],
            "high": row["difference_high"],
        }
        for row in rows
    ]
    colours = list(VERDICTS.values())
    drawing = figure(
        intervals("full system − variant, MAP", form="+.3f", kinds=list(VERDICTS), colours=colours, zero_line=True),
        points,
        [],
        title=title,
        label="One point with its interval for each variant, beside a line at zero.",
    )
    return [drawing, _variants(title, rows)]


def _variants(title: str, rows: list[Fact]) -> Html:
    headings = [
        "variant",
        "what is left out",
        "MAP",
        "difference to the full system",
        "smallest visible",
        "candidates per customer",
        "recall",
        "trees",
        "seconds to fit",
    ]
    cells: list[list[Child]] = [
        [
            label(row["name"].text), row["note"].text or row["verdict"].text, with_interval(row, ".4f", ("map", "low", "high")),
            with_interval(row, "+.4f", ("difference", "difference_low", "difference_high")), number(row["smallest_visible"], ".4f"),
            number(row["candidates_per_customer"], ",.0f"), number(row["recall"], ".3f"), row["trees"].text,
            number(row["fit_seconds"], ",.1f"),
        ]
        for row in rows
    ]  # fmt: skip
    return table(title, headings, cells, texts=2)


def _build_up(content: Fact) -> list[Html]:
    """Each build-up as a table: which source was tried next, and what it changed."""
    tables = []
    for built in content["greedy"].rows():
        cells: list[list[Child]] = [
            [label(step["best"].text), "added" if step["added"].value else "not added", with_interval(step, "+.4f", GAIN)]
            for step in built["steps"].rows()
        ]
        title = f"Built up from nothing{BUDGETS.get(built['budget'].text, '')}"
        tables.append(table(title, ["source that helps most", "decision", "what it changes"], cells, texts=2))
    return tables


def _finding(content: Fact) -> list[Child]:
    """What each part is worth, for each way to leave one out; what a build-up ended with; what could have been seen at all."""
    rows = [row for row in content["variants"].rows() if row["mode"].text in ONE_OUT]
    kinds = dict.fromkeys((row["mode"].text, row["budget"].text) for row in rows)
    said: list[Child] = [
        f"{_title(mode, budget)}: {_worth([r for r in rows if (r['mode'].text, r['budget'].text) == (mode, budget)])}. "
        for mode, budget in kinds
    ]
    for built in content["greedy"].rows():
        kept = [label(name.text) for name in built["kept"].rows()]
        said.append(f"{_title('greedy', built['budget'].text)}: {listed(kept)}. ")
    visible = sorted((row["smallest_visible"] for row in rows if row["smallest_visible"].number > 0), key=lambda fact: fact.number)
    if visible:
        said += ["The smallest change that could have been seen is ", number(visible[0], ".4f")]
        said += [" to ", number(visible[-1], ".4f"), "."] if visible[-1].value != visible[0].value else ["."]
    return said


def _title(mode: str, budget: str) -> str:
    return f"{MODES.get(mode, label(mode))}{BUDGETS.get(budget, '')}"


def _worth(rows: list[Fact]) -> str:
    """The verdicts on variants that lack one part each."""
    texts = {"helps": "worse without", "hurts": "better without", "cannot tell": "no clear difference without"}
    groups = {verdict: [label(row["left_out"].text) for row in rows if row["verdict"].text == verdict] for verdict in texts}
    return "; ".join(f"{texts[verdict]} {listed(names)}" for verdict, names in groups.items() if names)


def _measure(measure: str) -> str:
    return {"map": "MAP", "recall": "recall of the candidates"}.get(measure, measure)


def _shares(measure: str, rows: list[Fact]) -> Html:
    data: list[Row] = [
        {"name": label(row["source"].text), "value": row["value"], "low": row["low"], "high": row["high"]}
        for row in sorted(rows, key=lambda row: -row["value"].number)
    ]
    return figure(
        labelled_bars(_measure(measure), form=".3f", limits=True),
        data,
        [],
        title=f"Shapley values of the {_measure(measure)}",
        label="One bar with its interval for each source, longest first.",
    )


def _shapley_table(rows: list[Fact]) -> Html:
    cells: list[list[Child]] = [
        [
            label(r["source"].text),
            _measure(r["of"].text),
            with_interval(r, ".4f"),
            number(r["share"], ".1%"),
            number(r["standard_error"], ".5f"),
        ]
        for r in rows
    ]
    return table("Shapley values", ["source", "of", "value", "share", "standard error"], cells, texts=2)
