"""How good the recommendations are: the system, the baselines and each source alone, over everybody and by segment."""

from dataclasses import dataclass

from lookbook.report.chart import Row, figure
from lookbook.report.fact import Fact
from lookbook.report.html import Child, Html, join, label, number, sentence, table, tag, times, with_interval
from lookbook.report.plots import grouped_intervals, intervals
from lookbook.report.section import EVERYBODY, Files, Section, file, segment_label, to_fill

METRICS = {
    "recall": ("recall", ".4f"),
    "precision": ("precision", ".4f"),
    "f1": ("F1", ".4f"),
    "ndcg": ("NDCG", ".4f"),
    "mrr": ("MRR", ".4f"),
    "hit_rate": ("hit rate", ".4f"),
    "catalogue_coverage": ("coverage", ".4f"),
    "mean_popularity_rank": ("popularity rank", ",.0f"),
}
"""Metrics shown after MAP: heading and format. Defined in docs/conventions.md."""
SCARCE = 100
"""From this ratio on, what is compared with found next to nothing, and the ratio says no more than that."""


@dataclass(frozen=True)
class Standing:
    """The system against the best baseline, over everybody.

    verdict: ahead, behind, cannot tell; "" where nothing was compared. cell, best: MAP of the system with its interval, of the
    baseline. difference: of the two, with the ratio.
    """

    verdict: str
    baseline: str
    cell: Fact
    best: Fact
    difference: Fact


def standing_of(files: Files) -> Standing:
    results = file(files, "metrics.json")
    told, best = results["standing"], best_baseline(files)
    cell = results["metrics"][system_of(files)][EVERYBODY]["map"]
    return Standing(told["standing"].text, best, cell, told["baseline_map"], results["differences"][best][EVERYBODY]["map"])


def system_of(files: Files) -> str:
    """The variant that all others are compared with."""
    results = file(files, "metrics.json")
    compared = dict(results["differences"].items())
    return next((name for name, _ in results["metrics"].items() if name not in compared), "")


def best_baseline(files: Files) -> str:
    """The baseline with the highest MAP over everybody; "" where there is none."""
    return file(files, "metrics.json")["standing"]["baseline"].text


def results(files: Files) -> Section:
    shows = "How often the articles recommended for the test week were bought, by lookbook and by simpler ways to recommend."
    if not file(files, "metrics.json"):
        return Section("results", "Results", shows, [], [to_fill(files, "run", "This run judged no week.")])
    chart = figure(
        intervals(f"MAP@{_k(files)}", kinds=["lookbook", "baseline", "one source alone"]),
        [_point(files, name) for name in _variants(files)],
        [],
        title=f"MAP@{_k(files)} with 95 % intervals",
        label="One point for each way to recommend, best first; a line shows its interval.",
    )
    return Section("results", "Results", shows, _finding(files), [chart, _table(files)])


def segments(files: Files) -> Section:
    shows = "The same by how long ago the customer last bought."
    metrics = file(files, "metrics.json")["metrics"]
    system = system_of(files)
    names = [name for name in _variants(files) if _kind(name, system) != "one source alone"]
    groups = [name for name, _ in metrics[system].items() if name != EVERYBODY]
    if not groups:
        return Section("segments", "Segments", shows, [], [])
    rows = [
        {**_point(files, name, group), "group": segment_label(group), "kind": label(name)} for group in groups for name in names
    ]
    drawing = figure(
        grouped_intervals(
            f"MAP@{_k(files)}", groups=[segment_label(group) for group in groups], kinds=[label(name) for name in names]
        ),
        rows,
        [],
        title=f"MAP@{_k(files)} by days since the last purchase, with 95 % intervals",
        label="In each segment one point for lookbook and each baseline.",
    )
    return Section("segments", "Segments", shows, _segment_finding(files, groups), [drawing, _segment_table(files, groups, names)])


def _variants(files: Files) -> list[str]:
    metrics = file(files, "metrics.json")["metrics"]
    names = [name for name, _ in metrics.items()]
    return sorted(names, key=lambda name: (-metrics[name][EVERYBODY]["map"]["value"].number, name))


def _kind(variant: str, system: str) -> str:
    return "lookbook" if variant == system else "one source alone" if variant.endswith("_alone") else "baseline"


def _k(files: Files) -> str:
    return file(files, "run.json")["k"].text


def _point(files: Files, variant: str, segment: str = EVERYBODY) -> Row:
    cell = file(files, "metrics.json")["metrics"][variant][segment]["map"]
    parts = {name: cell[name] for name in ("value", "low", "high")}
    return {"name": label(variant), "kind": _kind(variant, system_of(files)), **parts}


def _finding(files: Files) -> list[Child]:
    system, found = system_of(files), standing_of(files)
    start: list[Child] = [
        f"{sentence(label(system))} reaches MAP@{_k(files)} of ", with_interval(found.cell, ".4f"), " on ",
        number(found.cell["n_customers"], ",.0f"), " customers with purchases. ",
    ]  # fmt: skip
    if not found.verdict:
        return start
    return [
        *start, f"The best baseline, {label(found.baseline)}, reaches ", number(found.best, ".4f"), ": the difference is ",
        with_interval(found.difference, "+.4f"), f", so {_verdict(found.verdict, label(system))}.",
    ]  # fmt: skip


def _sign(difference: Fact) -> int:
    """1 where the system is better by more than chance explains, -1 where it is worse, 0 where its interval cannot tell.

    An interval without any width tells nothing: it is of one customer, or of customers who are all alike.
    """
    low, high = difference["low"].number, difference["high"].number
    return 0 if low == high else int(low > 0) - int(high < 0)


def _verdict(verdict: str, system: str) -> str:
    texts = {
        "ahead": f"{system} is better by more than chance explains",
        "behind": f"{system} is worse by more than chance explains",
    }
    return texts.get(verdict, "this week cannot tell the two apart")


def _table(files: Files) -> Html:
    results, system = file(files, "metrics.json"), system_of(files)
    headings = [
        "recommender",
        f"MAP@{_k(files)}",
        f"{label(system)} is",
        "difference",
        *(heading for heading, _ in METRICS.values()),
    ]
    rows: list[list[Child]] = []
    for name in _variants(files):
        cells, difference = results["metrics"][name][EVERYBODY], results["differences"][name][EVERYBODY]["map"]
        compared = [_ratio(cells["map"]["value"], difference), with_interval(difference, "+.4f")] if difference else ["", ""]
        others = [number(cells[metric]["value"], form) for metric, (_, form) in METRICS.items()]
        rows.append([label(name), with_interval(cells["map"], ".4f"), *compared, *others])
    return table("Every recommender by every metric, with 95 % intervals", headings, rows)


def _ratio(value: Fact, difference: Fact) -> Html:
    """How many times the MAP of the system is `value`; that it is next to nothing, where it is."""
    scarce = difference["ratio"].number >= SCARCE
    words = "of nothing" if value.value == 0 else "of next to nothing" if scarce else ""
    return join([times(difference), tag("small", {}, words) if words else ""])


def _segment_finding(files: Files, groups: list[str]) -> list[Child]:
    best = best_baseline(files)
    if not best:
        return []
    differences = file(files, "metrics.json")["differences"][best]
    found: dict[int, list[str]] = {1: [], -1: [], 0: []}
    for group in groups:
        found[_sign(differences[group]["map"])].append(segment_label(group))
    if not found[1] and not found[-1]:
        return [f"In no segment is the difference to {label(best)} larger than chance explains."]
    words = {1: f"better than {label(best)}", -1: f"worse than {label(best)}", 0: "not told apart from it"}
    parts = [f"{words[sign]} for {', '.join(names)}" for sign, names in found.items() if names]
    return [sentence(f"by the last purchase, {label(system_of(files))} is {'; '.join(parts)}.")]


def _segment_table(files: Files, groups: list[str], names: list[str]) -> Html:
    metrics = file(files, "metrics.json")["metrics"]
    rows: list[list[Child]] = [
        [
            segment_label(group),
            number(metrics[names[0]][group]["map"]["n_customers"], ",.0f"),
            *(with_interval(metrics[name][group]["map"], ".4f") for name in names),
        ]
        for group in groups
    ]
    headings = ["last purchase", "customers", *(label(name) for name in names)]
    return table(f"MAP@{_k(files)} by days since the last purchase", headings, rows)
