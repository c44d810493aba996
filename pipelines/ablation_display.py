"""What an ablation shows: every variant against the whole system, what each source finds and costs, how far sources overlap.

Input: the content of ablation.json. Output: rich tables, which become plain text where there is no terminal.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from pipelines.progress import Reporter

WIDE = 140
"""Characters that every table fits in; on a narrower terminal intervals stand below their values and columns are left out."""

TITLES = {
    "leave_one_out": "One source left out",
    "alone": "One source alone",
    "features": "One feature group left out",
    "greedy": "Built up from the best source",
}

Rows = Sequence[Mapping[str, object]]


def show_ablation(content: Mapping[str, object], folder: Path, reporter: Reporter, *, json_lines: bool) -> None:
    """Print an ablation on stdout: tables, or one JSON object."""
    if json_lines:
        print(json.dumps({"run": str(folder), "ablation": content}))
        return
    console = Console(highlight=False, width=None if Console().is_terminal else WIDE)
    for table in ablation_tables(content, width=console.width):
        console.print(table)
    for line in conclusions(content):
        console.print(line, soft_wrap=True)
    reused, computed = sum(reporter.reused.values()), sum(reporter.computed.values())
    console.print(f"{reused} of {reused + computed} stages were reused, {computed} computed.")
    console.print(f"The variants computed {content['source_stages_computed_by_variants']} stages of sources again.")
    console.print(f"Results are in {folder / 'ablation.json'}", soft_wrap=True)


def ablation_tables(content: Mapping[str, object], *, width: int) -> list[Table]:
    whole, variants = _row(content["full"]), _rows(content["variants"])
    kinds = list(dict.fromkeys((str(row["mode"]), row["budget"]) for row in variants))
    tables = [
        variant_table(
            whole,
            [row for row in variants if (row["mode"], row["budget"]) == kind],
            title=_title(*kind, weeks=_names(content["weeks"])),
            k=int(_number(content["k"])),
            width=width,
        )
        for kind in kinds
    ]
    shapley = _rows(content["shapley"])
    return [*tables, source_table(_rows(content["sources"]), shapley, width=width), overlap_table(_rows(content["overlap"]))]


def variant_table(whole: Mapping[str, object], variants: Rows, *, title: str, k: int, width: int) -> Table:
    """The whole system, then one row per variant. visible: the smallest difference that this test could have seen."""
    wide = width >= WIDE
    named = (f"MAP@{k}", "whole - variant", "what is left out", "visible", "trees", "candidates", "recall")
    table = _table(title, ("variant", *(named if wide else ("MAP", "difference", "left out", "visible"))))
    for row in ({**whole, "name": "whole system"}, *variants):
        trees = "/".join("-" if count is None else str(count) for count in _list(row["trees"]))
        more = (trees, f"{_number(row['candidates_per_customer']):.1f}", f"{_number(row['recall']):.4f}") if wide else ()
        verdict = str(row.get("verdict", "")) if row["note"] is None else f"{row['verdict']}*"
        visible = f"{_number(row['smallest_visible']):.4f}" if "smallest_visible" in row else ""
        paired = _interval(row, "difference", "difference_low", "difference_high", sign="+", width=width)
        table.add_row(_wrapped(str(row["name"]), wide), _interval(row, "map", width=width), paired, verdict, visible, *more)
    if any(row["note"] for row in variants):
        table.caption = "* too few examples to fit a ranker in some week: everybody got a fallback list"
    return table


def source_table(sources: Rows, shapley: Rows, *, width: int) -> Table:
    """What each source retrieves before the cut, its part of what all reach together, and what it took to compute."""
    wide = width >= WIDE
    parts = {(row["source"], row["of"]): row for row in shapley}
    of_map = any(row["of"] == "map" for row in shapley)
    found = ("per\ncustomer", "recall", "only it\nfound")
    cost = ("positive\nrate", "learn\nseconds", "retrieve\nseconds", "peak\nMB") if wide else ("seconds",)
    headings = ("source", *found, "Shapley\nrecall", *(("Shapley\nMAP",) if of_map else ()), *cost)
    table = _table("Sources: candidates before the cut, Shapley values, cost", headings)
    for row in sources:
        name = row["source"]
        learn, retrieve = _number(row["learn_seconds"]), _number(row["retrieve_seconds"])
        rate = "" if row["positive_rate"] is None else f"{_number(row['positive_rate']):.4f}"
        took = (rate, f"{learn:.1f}", f"{retrieve:.1f}", f"{row['peak_memory_mb']}") if wide else (f"{learn + retrieve:.1f}",)
        table.add_row(
            _wrapped(str(name), wide),
            f"{_number(row['candidates_per_customer']):.1f}",
            _interval(row, "recall", width=width),
            f"{row['found_only']:,}",
            *(_interval(parts[name, of], "value", width=width) for of in ("recall", *(["map"] if of_map else []))),
            *took,
        )
    return table


def overlap_table(overlap: Rows) -> Table:
    """Jaccard index of every two sources, which are numbered in the heading."""
    sources = list(dict.fromkeys(str(row["source"]) for row in overlap))
    shared = {(row["source"], row["other"]): row["jaccard"] for row in overlap}
    headings = ("source", *(str(place) for place in range(1, len(sources) + 1)))
    table = _table("Overlap: candidates that both retrieved / that either did", headings)
    for place, source in enumerate(sources, start=1):
        cells = [shared[source, other] for other in sources]
        table.add_row(f"{place} {source}", *("" if cell is None else f"{_number(cell):.2f}" for cell in cells))
    return table


def conclusions(content: Mapping[str, object]) -> list[str]:
    """One sentence per build-up: what is in it, and why it ended."""
    lines = []
    for built in _rows(content["greedy"]):
        kept, last = _names(built["kept"]), _rows(built["steps"])[-1]
        gain = f"{_number(last['gain']):+.4f} [{_number(last['gain_low']):+.4f}, {_number(last['gain_high']):+.4f}]"
        end = "every source raised MAP" if last["added"] else f"the best of the rest, {last['best']}, changes MAP by {gain}"
        lines.append(f"Built up ({built['budget']} budget): {', '.join(kept)}; then {end}.")
    return lines


def _title(mode: str, budget: object, *, weeks: Sequence[str]) -> str:
    filled = {"fixed": ", others fill in", "union": ", fewer candidates"}.get(str(budget), "")
    return f"{TITLES[mode]}{filled}; {'week' if len(weeks) == 1 else f'{len(weeks)} weeks up to that'} of {weeks[0]}"


def _table(title: str, headings: Sequence[str]) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", caption_justify="left")
    for place, heading in enumerate(headings):
        table.add_column(heading, justify="right" if place else "left", no_wrap=True)
    return table


def _interval(row: Mapping[str, object], name: str, low: str = "low", high: str = "high", *, width: int, sign: str = "") -> str:
    if row.get(name) is None:
        return ""
    gap = " " if width >= WIDE else "\n"
    value, lower, upper = (f"{_number(row[key]):{sign}.4f}" for key in (name, low, high))
    return f"{value}{gap}[{lower}, {upper}]"


def _wrapped(name: str, wide: bool) -> str:
    """On a narrow terminal a name takes two lines."""
    return name if wide else name.replace(" ", "\n", 1)


def _number(value: object) -> float:
    return float(value) if isinstance(value, (int, float)) else float("nan")


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
