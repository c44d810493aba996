"""Finished runs for people: the list, what was removed, and two of them side by side.

Input: RunRow, Removed, Compared. Output: text on stdout, or one JSON object.
"""

from collections.abc import Sequence
from pathlib import Path
from textwrap import wrap

from rich.console import Console

from lookbook.evaluation.segments import ALL
from lookbook.pipelines.runs.records.files import as_line
from lookbook.pipelines.runs.records.finished import (
    Compared,
    CustomerChange,
    CustomerChanges,
    MetricChange,
    Removed,
    RunRow,
    SegmentChange,
)
from lookbook.pipelines.terminal.figures import count, decimals, number, whole
from lookbook.pipelines.terminal.table import console, lines, section, short_id, table
from lookbook.retrieval.registry import SOURCES

MEGABYTE = 1e6
NAME_WIDTH = 36
"""Columns that the name of a run has where all columns have to fit 80."""


def show_list(rows: Sequence[RunRow], root: Path, *, json_lines: bool) -> None:
    """A run takes some lines: its name, what it was of, when it ended, which sources it had, and which files of it were edited."""
    if json_lines:
        print(as_line({"runs": rows}))
        return
    out = console()
    if not rows:
        out.print(f"no finished run under {root / 'runs'} (lookbook run)", soft_wrap=True)
        return
    shown = table("run", "MAP", "best baseline", "seconds", "MB")
    for row in rows:
        about = (
            row.name,
            f"  {row.dataset}, {row.test_week or 'no test week'}",
            f"  {row.finished[:16].replace('T', ' ')} UTC",
            *wrap(_sources(row.sources), NAME_WIDTH, initial_indent="  ", subsequent_indent="  "),
            *([f"  edited: {', '.join(row.edited)}"] if row.edited else []),
        )
        mean = _interval(row.map, row.low, row.high)
        times = _interval(row.times_baseline, row.times_low, row.times_high, " ×")
        shown.add_row("\n".join(about), mean, times, whole(row.seconds), decimals(row.bytes / MEGABYTE, 1))
    out.print(shown)
    latest = next((f"; latest is {row.name}" for row in rows if row.latest), "")
    out.print(f"{count(len(rows), 'finished run')} under {root / 'runs'}{latest}", soft_wrap=True)


def show_removed(rows: Sequence[Removed], left: Sequence[str], root: Path, *, json_lines: bool) -> None:
    """left: names of the runs that are still there, oldest first."""
    if json_lines:
        print(as_line({"removed": rows, "left": left}))
        return
    out = console()
    lines(out, *(f"removed {row.name} ({row.bytes / MEGABYTE:.1f} MB)" for row in rows))
    out.print(f"{len(rows)} removed, {len(left)} left. Stage tables under {root / 'cache'} stay.", soft_wrap=True)


def show_comparison(found: Compared, *, json_lines: bool) -> None:
    """What differs, every metric, and who gained and lost."""
    if json_lines:
        print(as_line(found))
        return
    out = console()
    lines(out, f"A = {found.a}", f"B = {found.b}")
    parts = {"changed settings": found.settings, "changed data, device, code and versions": found.facts}
    for title, rows in parts.items():
        section(out, f"{title}: A -> B")
        lines(out, *([f"{row.name}: {_value(row.a)} -> {_value(row.b)}" for row in rows] or ["none"]))
    _metrics(out, found.metrics)
    if found.customers is not None:
        _customers(out, found.customers)


def _metrics(out: Console, rows: Sequence[MetricChange]) -> None:
    section(out, "metrics; B - A is paired by customer; also by days since the last purchase")
    shown = table("metric (days)", "customers", "A", "B", "B - A", "95 % interval")
    for row in rows:
        name = row.metric if row.segment == ALL else f"{row.metric} ({row.segment})"
        ends = "" if row.low is None or row.high is None else f"[{row.low:+.4f}, {row.high:+.4f}]"
        digits = 1 if row.a is not None and row.a > 1 else 4
        difference = "" if row.difference is None else f"{row.difference:+.{digits}f}"
        shown.add_row(name, whole(row.n_customers), _digits(row.a), _digits(row.b), difference, ends)
    out.print(shown)


def _customers(out: Console, customers: CustomerChanges) -> None:
    section(out, "customers whose average precision rose or fell from A to B")
    shown = table("days since last purchase", "customers", "gained", "lost", "same")
    everybody = SegmentChange(ALL, customers.customers, customers.gained, customers.lost, customers.same)
    for row in (everybody, *customers.by_segment):
        shown.add_row(row.segment, whole(row.customers), whole(row.gained), whole(row.lost), whole(row.same))
    out.print(shown)
    for title, most in (("who gained most", customers.most_gained), ("who lost most", customers.most_lost)):
        if most:
            _most(out, title, most)


def _most(out: Console, title: str, rows: Sequence[CustomerChange]) -> None:
    section(out, f"{title}; hits of the labels bought")
    shown = table("customer", "days", "labels", "hits A", "hits B", "AP A", "AP B")
    for row in rows:
        counts = (whole(each) for each in (row.labels, row.hits_a, row.hits_b))
        shown.add_row(short_id(row.customer, width=out.width), row.segment, *counts, _digits(row.a), _digits(row.b))
    out.print(shown)


def _interval(value: float | None, low: float | None, high: float | None, unit: str = "") -> str:
    if value is None:
        return ""
    ends = "" if low is None or high is None else f"\n[{low:.3f}, {high:.3f}]"
    return f"{value:.3f}{unit}{ends}"


def _sources(names: Sequence[str]) -> str:
    return f"all {len(names)} sources" if set(names) == set(SOURCES) else ", ".join(names)


def _digits(value: float | None) -> str:
    """Four digits of what is at most 1, else three significant ones."""
    return decimals(value) if value is None or value <= 1 else number(value)


def _value(value: object) -> str:
    if value is None:
        return "nothing"
    return ", ".join(str(item) for item in value) if isinstance(value, list) else str(value)
