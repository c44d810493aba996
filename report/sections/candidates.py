"""What the sources retrieved: the recall ceiling as a funnel, each source, and how much they overlap."""

from lookbook.report.chart import Column, Row, figure
from lookbook.report.fact import Fact
from lookbook.report.html import Child, Html, label, number, sentence, table, with_interval
from lookbook.report.plots import curves, heat_map, labelled_bars
from lookbook.report.section import EVERYBODY, Files, Section, file, to_fill
from lookbook.report.sections.cold import cold_start
from lookbook.report.sections.results import system_of

UNION = "union"
"""The row of metrics.json that is of all sources together."""

HEADINGS = ("source", "candidates per customer", "recall", "mean recall of customers", "labels found", "only by it", "bought")
COSTS = {
    "learn_seconds": ("seconds to learn", ",.1f"),
    "retrieve_seconds": ("seconds to retrieve", ",.1f"),
    "peak_memory_mb": ("peak MB", ",.0f"),
}


def funnel(files: Files) -> Section:
    shows = "Where purchases of the test week get lost: no ranking can recommend what no source retrieved or the cut left out."
    results = file(files, "metrics.json")
    if not results["union"]:
        return Section("ceiling", "Recall ceiling", shows, [], [to_fill(files, "run", "This run judged no week.")])
    passed = steps(files)
    drawing = figure(
        labelled_bars("purchases"),
        [{"name": name, "value": labels, "share": share} for name, labels, share in passed],
        [Column("name", "step"), Column("value", "labels", ",.0f"), Column("share", "share of all", ".1%")],
        title="From what was bought to what was recommended, each customer and article counted once",
        label="One bar for each step.",
    )
    depth = figure(
        curves("candidates kept per customer", "recall", form=".0%", zero=True),
        [{"x": row["depth"], "y": row["recall"], "low": row["low"], "high": row["high"]} for row in results["union"].rows()],
        [
            Column("x", "candidates kept", ",.0f"),
            *(Column(n, h, ".3f") for n, h in (("y", "recall"), ("low", "low"), ("high", "high"))),
        ],
        title="Recall by the number of candidates kept",
        label="A line over the number of candidates kept.",
    )
    return Section("ceiling", "Recall ceiling", shows, _ceiling_finding(passed), [drawing, depth])


def sources(files: Files) -> Section:
    shows = "What each candidate source brings: how many articles it suggests, and how many of the later purchases are among them."
    rows = [row for row in file(files, "metrics.json")["sources"].rows() if row["source"].text != UNION]
    if not rows:
        return Section("sources", "Sources", shows, [], [to_fill(files, "run", "This run judged no week.")])
    drawing = figure(
        labelled_bars("recall of the labels", form=".0%", limits=True),
        [{"name": label(row["source"].text), "value": row["recall"], "low": row["low"], "high": row["high"]} for row in rows],
        [],
        title="Recall of each source with 95 % interval",
        label="One bar for each source.",
    )
    return Section(
        "sources",
        "Sources",
        shows,
        _source_finding(rows),
        [drawing, _source_table(files, rows), *cold_start(files), *_overlap(files)],
    )


def steps(files: Files) -> list[tuple[str, Fact, Fact]]:
    """Name, labels left and their share of all labels, of each step of the funnel."""
    results, k = file(files, "metrics.json"), file(files, "run.json")["k"]
    union = results["sources"].where("source", UNION)[0]
    kept = results["union"].rows()[-1]
    everything = union["n_labels"]
    lost = [
        row
        for row in file(files, "importance.json")["lost_labels"].where("stage", "recommended")
        if row["segment"].text == EVERYBODY
    ]
    if lost:
        top, share = lost[0]["labels"], lost[0]["share"]
    else:  # precision = hits / k / customers, so this is a whole number again
        cell = results["metrics"][system_of(files)][EVERYBODY]["precision"]
        hits = round(cell["value"].number * k.number * cell["n_customers"].number)
        top = Fact(hits, f"{cell.origin}/value × k × n_customers")
        share = Fact(hits / everything.number, f"{cell.origin}/value × k × n_customers / n_labels")
    return [
        ("bought in the test week", everything, Fact(1.0, f"{everything.origin} / n_labels")),
        ("retrieved by a source", union["found"], union["recall"]),
        (f"among the best {kept['depth'].text} kept", kept["found"], kept["recall"]),
        (f"recommended in the first {k.text}", top, share),
    ]


def _ceiling_finding(passed: list[tuple[str, Fact, Fact]]) -> list[Child]:
    (_, everything, _), (_, _, retrieved), (_, _, kept), (last, _, top) = passed
    return [
        "Of ", number(everything, ",.0f"), " purchases, ", number(retrieved, ".1%"), " were retrieved and ", number(kept, ".1%"),
        " were left after the cut: that is the most that ranking these can reach. ", number(top, ".1%"), f" were {last}.",
    ]  # fmt: skip


def _source_finding(rows: list[Fact]) -> list[Child]:
    """What finds most, what finds most that no other does, what is bought most often; each only where there is any."""
    most, only, precise = (_largest(rows, name) for name in ("recall", "found_only", "positive_rate"))
    if not most:
        return ["No source found any of the purchases."]
    name = label(most["source"].text)
    if len(rows) == 1:
        return [sentence(f"{name} is the only source: it finds "), number(most["recall"], ".1%"), " of them."]
    said: list[Child] = [sentence(f"{name} finds the most, "), number(most["recall"], ".1%"), " of the purchases; "]
    if only:
        other = label(only["source"].text)
        said.append("it also finds" if other == name else f"{other} finds")
        said += [" the most that no other source finds, ", number(only["found_only"], ",.0f"), "."]
    else:
        said.append("none finds any that no other finds.")
    often: list[Child] = [f" A candidate of {label(precise['source'].text)} is bought most often, "]
    return [*said, *([*often, number(precise["positive_rate"], ".1%"), " of the time."] if precise else [])]


def _largest(rows: list[Fact], name: str) -> Fact:
    """The row with the largest value above 0; a Fact of None where there is none."""
    known = [row for row in rows if row[name].number > 0]
    return max(known, key=lambda row: row[name].number, default=Fact(None, ""))


def _source_table(files: Files, rows: list[Fact]) -> Html:
    results, measured = file(files, "metrics.json"), file(files, "ablation.json")["sources"]
    costs = [(part, form) for part, (_, form) in COSTS.items()] if measured else []
    kept = results["union"].rows()[-1]
    named = [(label(row["source"].text), row) for row in rows]
    named += [("all, before the cut", row) for row in results["sources"].where("source", UNION)]
    named += [(f"all, best {kept['depth'].text} kept", kept)]
    cells: list[list[Child]] = []
    for name, row in named:
        cost = next(iter(measured.where("source", row["source"].text)), Fact(None, ""))
        cells.append(
            [
                name, number(row["candidates_per_customer"], ",.1f"), with_interval(row, ".1%", ("recall", "low", "high")),
                number(row["customer_recall"], ".1%"), number(row["found"], ",.0f"),
                number(row["found_only"], ",.0f") if row in rows else "",
                number(row["positive_rate"], ".2%"), *(number(cost[part], form) if row in rows else "" for part, form in costs),
            ]
        )  # fmt: skip
    return table("What each source found", [*HEADINGS, *(COSTS[part][0] for part, _ in costs)], cells)


def _overlap(files: Files) -> list[Html]:
    rows = file(files, "ablation.json")["overlap"].rows()
    if not rows:
        return [to_fill(files, "ablate", "How much the sources overlap has not been measured for this run.")]
    names = list(dict.fromkeys(label(row["source"].text) for row in rows))
    data: list[Row] = [
        {"source": label(row["source"].text), "other": label(row["other"].text), "value": row["jaccard"]} for row in rows
    ]
    return [
        figure(
            heat_map(names),
            data,
            [Column("source", "source"), Column("other", "other"), Column("value", "Jaccard overlap")],
            title="Overlap of the candidates: shared by two sources, of all that either has (Jaccard)",
            label="A square of numbers between 0 and 1, in a fuller colour where two sources suggest more of the same articles.",
        )
    ]
