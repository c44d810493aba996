"""What to do next, chosen from what was found and from what was not asked yet, with the commands."""

from lookbook.report.fact import Fact
from lookbook.report.html import Child, code, label, number, sentence
from lookbook.report.section import EVERYBODY, Files, command, file
from lookbook.report.sections.candidates import steps
from lookbook.report.sections.results import standing_of

MOST = 4
"""Steps shown."""
FULL = 0.9
"""A source that fills this share of its places could suggest more if it had more."""
WEEKS = 4
"""Test weeks to judge where one cannot tell."""


def next_steps(files: Files) -> list[list[Child]]:
    """The most worthwhile first; never empty."""
    if not file(files, "metrics.json"):
        return [["Judge these settings on the last week of data: ", code(command(files, "run")), "."]]
    warned: list[list[Child]] = [["See to what the run warned of (below)."]] if file(files, "run.json")["warnings"] else []
    found = [*warned, *_after_verdict(files), *_hurting(files), *_unasked(files), *_lost(files)]
    return found[:MOST]


def _after_verdict(files: Files) -> list[list[Child]]:
    """Where the best baseline is ahead, or cannot be told from the system."""
    found, ablation = standing_of(files), file(files, "ablation.json")
    if found.verdict == "behind":
        hurts: list[Child] = [] if ablation else ["; see whether a source hurts: ", code(command(files, "ablate"))]
        more: list[Child] = ["; or try ", code("--preset best"), ", more ", code("ranking.training_weeks"), ", more weeks of data."]
        return [[f"Recommend with {label(found.baseline)}, which is ahead", *hurts, *more]]
    if found.verdict == "cannot tell" and len(file(files, "backtest.json")["weeks"].rows()) < WEEKS:
        return [["Judge several weeks, for narrower intervals: ", code(command(files, f"backtest --weeks {WEEKS}")), "."]]
    return []


def _hurting(files: Files) -> list[list[Child]]:
    """The one source that costs most."""
    rows = [
        row for row in file(files, "ablation.json")["variants"].where("mode", "leave_one_out") if row["verdict"].text == "hurts"
    ]
    if not rows:
        return []
    worst = min(rows, key=lambda row: row["difference"].number)
    name = worst["left_out"].text
    drop = code(command(files, f"run --drop {name}"))
    return [[f"Leave out {label(name)}: without it MAP was ", number(worst["map"], ".4f"), ". ", drop]]


def _unasked(files: Files) -> list[list[Child]]:
    """The studies of the run that were not made; not the one that was named already."""
    asked: list[list[Child]] = []
    if not file(files, "ablation.json") and standing_of(files).verdict not in ("behind", "cannot tell"):
        asked.append(["See what each source is worth: ", code(command(files, "ablate")), "."])
    if not file(files, "importance.json"):
        asked.append(["See what the ranker looks at and where purchases get lost: ", code(command(files, "explain")), "."])
    return asked


def _lost(files: Files) -> list[list[Child]]:
    """Where most purchases of the test week were lost, and which setting bears on it."""
    if not file(files, "metrics.json")["union"]:
        return []
    (_, _, everything), (_, _, retrieved), (_, _, kept), (_, _, top) = steps(files)
    losses = {
        "retrieved": everything.number - retrieved.number,
        "kept": retrieved.number - kept.number,
        "ranked": kept.number - top.number,
    }
    match max(losses, key=lambda name: losses[name]):
        case "retrieved":
            start: list[Child] = ["Only ", number(retrieved, ".1%"), " of the purchases were retrieved by any source"]
            return [[*start, *_unsold(files), ". ", *_wider(files)]]
        case "kept":
            start = ["Of the purchases ", number(retrieved, ".1%"), " were retrieved, ", number(kept, ".1%")]
            return [[*start, " kept after the cut. Raise ", *_setting(files, "retrieval.max_candidates"), "."]]
        case _:
            start = ["Of the purchases ", number(kept, ".1%"), " could be ranked, ", number(top, ".1%"), " were recommended. Try "]
            return [[*start, code("--preset best"), " or more ", *_setting(files, "ranking.training_weeks"), "."]]


def _unsold(files: Files) -> list[Child]:
    """How many of the purchases hardly any source can retrieve, once they were traced."""
    rows = file(files, "importance.json")["lost_labels"].where("segment", EVERYBODY)
    new = [row["share"] for row in rows if row["stage"].text == "not for sale before" and row["labels"].value]
    return [part for share in new for part in ("; ", number(share, ".1%"), " are of articles that nobody had bought before")]


def _wider(files: Files) -> list[Child]:
    """The source to give more places: of those that fill theirs the one that finds most."""
    sizes = {row["key"].text: row["value"] for row in file(files, "report.json")["settings"].rows()}
    full = [
        row
        for row in file(files, "metrics.json")["sources"].rows()
        if row["candidates_per_customer"].number >= FULL * sizes.get(_places(row), Fact(None, "")).number
    ]
    if not full:
        return ["Add a source to ", code("retrieval.sources"), ": those of this run have places left."]
    most = max(full, key=lambda row: row["recall"].number)
    filled = sentence(f"{label(most['source'].text)} fills its places: raise ")
    return [filled, *_setting(files, _places(most)), "."]


def _places(row: Fact) -> str:
    return f"retrieval.{row['source'].text}.k"


def _setting(files: Files, key: str) -> list[Child]:
    """A setting and what it is now."""
    rows = file(files, "report.json")["settings"].where("key", key)
    return [code(key), *(part for row in rows for part in (" (now ", number(row["value"], ",.0f"), ")"))]
