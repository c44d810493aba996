"""What an ablation shows: every variant against the whole system, what each source finds and costs, how far sources overlap.

Input: the content of ablation.json. Output: rich tables, which become plain text where there is no terminal.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from rich.table import Table

from lookbook.pipelines.ablation.rows import NOTHING, TOO_FEW
from lookbook.pipelines.terminal.figures import as_float
from lookbook.pipelines.terminal.progress import Reporter
from lookbook.pipelines.terminal.table import WIDE, console, interval, table

TITLES = {
    "leave_one_out": "One source left out",
    "alone": "One source alone",
    "features": "One feature group left out",
    "greedy": "Built up from the best source",
}

PARTS = {"leave_one_out": "the source", "alone": "the others", "features": "the group", "greedy": "the rest"}
"""What the verdict on a variant is about."""

Rows = Sequence[Mapping[str, object]]


def show_ablation(content: Mapping[str, object], folder: Path, reporter: Reporter, *, json_lines: bool) -> None:
    """Print an ablation on stdout: tables, or one JSON object."""
    if json_lines:
        print(json.dumps({"run": str(folder), "ablation": content}))
        return
    out = console()
    for made in ablation_tables(content, width=out.width):
        out.print(made, end="\n\n")
    for line in conclusions(content):
        out.print(line, soft_wrap=True)
    out.print(reporter.reuse())
    again = content["source_stages_computed_by_variants"]
    out.print("No source was computed again for a variant." if again == 0 else f"{again} stages of sources were computed again.")
    out.print(f"Results are in {folder / 'ablation.json'}", soft_wrap=True)


def ablation_tables(content: Mapping[str, object], *, width: int) -> list[Table]:
    whole, variants = _row(content["full"]), _rows(content["variants"])
    kinds = list(dict.fromkeys((str(row["mode"]), row["budget"]) for row in variants))
    tables = [
        variant_table(
            whole,
            [row for row in variants if (row["mode"], row["budget"]) == kind],
            title=_title(*kind, weeks=_names(content["weeks"])),
            part=PARTS[kind[0]],
            k=int(as_float(content["k"])),
            width=width,
        )
        for kind in kinds
    ]
    sources = source_table(_rows(content["sources"]), width=width)
    parts = shapley_table(_rows(content["shapley"]), k=int(as_float(content["k"])), width=width)
    return [*tables, sources, parts, overlap_table(_rows(content["overlap"]))]


def variant_table(whole: Mapping[str, object], variants: Rows, *, title: str, part: str, k: int, width: int) -> Table:
    """The whole system, then one row per variant. part: what is left out; visible: the smallest difference that this test could
    have seen."""
    wide = width >= WIDE
    headings = (part, "smallest\nvisible", "candidates", "recall") if wide else (f"{part};\nvisible",)
    made = table("variant", f"MAP@{k}", "whole - variant", *headings, title=title, fold=False)
    for row in ({**whole, "name": "whole system"}, *variants):
        verdict = NOTHING if row["note"] == NOTHING else f"{row.get('verdict', '')}{'*' if row['note'] else ''}"
        visible = f"{as_float(row['smallest_visible']):.4f}" if row.get("smallest_visible") else ""
        reached = (f"{as_float(row['candidates_per_customer']):.1f}", f"{as_float(row['recall']):.4f}")
        made.add_row(
            str(row["name"]) if wide else str(row["name"]).replace(" ", "\n", 1),
            _interval(row, "map", width=width),
            _interval(row, "difference", "difference_low", "difference_high", sign="+", width=width),
            *((verdict, visible, *reached) if wide else (f"{verdict}\n{visible}",)),
        )
    if any(row["note"] == TOO_FEW for row in (whole, *variants)):
        made.caption = "* too few examples to fit a ranker in some week: everybody got a fallback list"
    return made


def source_table(sources: Rows, *, width: int) -> Table:
    """What each source retrieves, before the cut, and what it took to compute."""
    wide = width >= WIDE
    cost = ("positive\nrate", "learn\nseconds", "retrieve\nseconds", "peak\nMB") if wide else ("seconds",)
    headings = ("source", "per\ncustomer", "recall", "only it\nfound", *cost)
    made = table(*headings, title="Sources: candidates before the cut, cost", fold=False)
    for row in sources:
        learn, retrieve = as_float(row["learn_seconds"]), as_float(row["retrieve_seconds"])
        rate = "" if row["positive_rate"] is None else f"{as_float(row['positive_rate']):.4f}"
        made.add_row(
            str(row["source"]),
            f"{as_float(row['candidates_per_customer']):.1f}",
            _interval(row, "recall", width=width),
            f"{row['found_only']:,}",
            *((rate, f"{learn:.1f}", f"{retrieve:.1f}", f"{row['peak_memory_mb']}") if wide else (f"{learn + retrieve:.1f}",)),
        )
    return made


def shapley_table(shapley: Rows, *, k: int, width: int) -> Table:
    """What each source adds to recall before the cut and to MAP, averaged over all orders of adding them."""
    named = {"recall": "recall", "map": f"MAP@{k}"}
    parts = {(str(row["source"]), str(row["of"])): row for row in shapley}
    shown = [of for of in named if any(of == other for _, other in parts)]
    headings = ("source", *_twice(named[of] for of in shown))
    made = table(*headings, title="Shapley values: what each source adds, averaged over all orders", fold=False)
    for source in dict.fromkeys(source for source, _ in parts):
        rows = [parts[source, of] for of in shown]
        cells = (
            (_interval(row, "value", width=width), "" if row["share"] is None else f"{as_float(row['share']):.0%}") for row in rows
        )
        made.add_row(source, *(cell for pair in cells for cell in pair))
    errors = [as_float(row["standard_error"]) for row in shapley if row["standard_error"] is not None]
    if errors:
        made.caption = f"of MAP: orders were sampled, standard error up to {max(errors):.4f}"
    return made


def overlap_table(overlap: Rows) -> Table:
    """Jaccard index of every two sources, which are numbered in the heading."""
    sources = list(dict.fromkeys(str(row["source"]) for row in overlap))
    shared = {(row["source"], row["other"]): row["jaccard"] for row in overlap}
    headings = ("source", *(str(place) for place in range(1, len(sources) + 1)))
    made = table(*headings, title="Overlap: candidates that both retrieved / that either did", fold=False)
    for place, source in enumerate(sources, start=1):
        cells = [shared[source, other] for other in sources]
        made.add_row(f"{place} {source}", *("" if cell is None else f"{as_float(cell):.2f}" for cell in cells))
    return made


def conclusions(content: Mapping[str, object]) -> list[str]:
    """One sentence per build-up: what is in it, and why it ended."""
    lines = []
    for built in _rows(content["greedy"]):
        kept, last = _names(built["kept"]), _rows(built["steps"])[-1]
        gain = f"{as_float(last['gain']):+.4f} [{as_float(last['gain_low']):+.4f}, {as_float(last['gain_high']):+.4f}]"
        end = "no other source is left" if last["added"] else f"the best of the rest, {last['best']}, changes MAP by {gain}"
        lines.append(f"Built up ({built['budget']} budget): {', '.join(kept)}; then {end}.")
    return lines


def _title(mode: str, budget: object, *, weeks: Sequence[str]) -> str:
    filled = {"fixed": ", freed places filled", "union": ", freed places left empty"}.get(str(budget), "")
    return f"{TITLES[mode]}{filled}; {'week' if len(weeks) == 1 else f'{len(weeks)} weeks up to that'} of {weeks[0]}"


def _interval(row: Mapping[str, object], name: str, low: str = "low", high: str = "high", *, width: int, sign: str = "") -> str:
    value, *ends = (None if row.get(key) is None else as_float(row[key]) for key in (name, low, high))
    return interval(value, *ends, width=width, sign=sign)


def _twice(headings: Iterable[str]) -> Iterator[str]:
    """Each heading, and one for its share after it."""
    for heading in headings:
        yield from (heading, "share")


def _list(value: object) -> list[object]:
    assert isinstance(value, list)
    return value


def _names(value: object) -> list[str]:
    return [str(name) for name in _list(value)]


def _row(value: object) -> Mapping[str, object]:
    assert isinstance(value, dict)
    return value


def _rows(value: object) -> Rows:
    return [_row(row) for row in _list(value)]
