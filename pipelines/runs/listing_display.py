"""Finished runs for people: the list, what was removed, and two of them side by side.

Input: the rows of runs.py and the dict of compare.py. Output: text on stdout, or one JSON object.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console

from lookbook.pipelines.terminal.figures import as_float, number, whole
from lookbook.pipelines.terminal.table import console, lines, section, short_id, table
from lookbook.retrieval.registry import SOURCES

Row = Mapping[str, object]
MEGABYTE = 1e6


def show_list(rows: Sequence[Row], root: Path, *, json_lines: bool) -> None:
    """A run takes three lines: its name, what it was of, when it ended and which sources it had; a fourth if files of it were
    edited."""
    if json_lines:
        print(json.dumps({"runs": list(rows)}))
        return
    out = console()
    if not rows:
        out.print(f"no finished run under {root / 'runs'} (lookbook run)", soft_wrap=True)
        return
    shown = table("run", "MAP", "best baseline", "seconds", "MB")
    for row in rows:
        about = (
            row["name"],
            f"  {row['dataset']}, {row['test_week'] or 'no test week'}",
            f"  {_when(row)}, {_sources(row['sources'])}",
            *([f"  edited: {_value(row['edited'])}"] if row["edited"] else []),
        )
        result = [_interval(row, "map", "low", "high"), _interval(row, "times_baseline", "times_low", "times_high", " ×")]
        shown.add_row("\n".join(map(str, about)), *result, whole(row["seconds"]), f"{as_float(row['bytes']) / MEGABYTE:.1f}")
    out.print(shown)
    latest = next((f"; latest is {row['name']}" for row in rows if row["latest"]), "")
    out.print(f"{len(rows)} finished run{'' if len(rows) == 1 else 's'} under {root / 'runs'}{latest}", soft_wrap=True)


def show_removed(rows: Sequence[Row], left: Sequence[str], root: Path, *, json_lines: bool) -> None:
    """left: names of the runs that are still there, oldest first."""
    if json_lines:
        print(json.dumps({"removed": list(rows), "left": list(left)}))
        return
    out = console()
    lines(out, *(f"removed {row['name']} ({as_float(row['bytes']) / MEGABYTE:.1f} MB)" for row in rows))
    out.print(f"{len(rows)} removed, {len(left)} left. Stage tables under {root / 'cache'} stay.", soft_wrap=True)


def show_comparison(found: Row, *, json_lines: bool) -> None:
    """What differs, every metric, and who gained and lost."""
    if json_lines:
        print(json.dumps(found, allow_nan=False))
        return
    out = console()
    lines(out, f"A = {found['a']}", f"B = {found['b']}")
    for name, title in {"settings": "changed settings: A -> B", "facts": "changed data, device, code and versions: A -> B"}.items():
        section(out, title)
        lines(out, *([f"{row['name']}: {_value(row['a'])} -> {_value(row['b'])}" for row in _rows(found[name])] or ["none"]))
    _metrics(out, _rows(found["metrics"]))
    customers = found["customers"]
    if isinstance(customers, dict):
        _customers(out, customers)


def _metrics(out: Console, rows: Sequence[Row]) -> None:
    section(out, "metrics; B - A is paired by customer; also by days since the last purchase")
    shown = table("metric (days)", "customers", "A", "B", "B - A", "95 % interval")
    for row in rows:
        name = str(row["metric"]) if row["segment"] == "all" else f"{row['metric']} ({row['segment']})"
        interval = "" if row["low"] is None else f"[{as_float(row['low']):+.4f}, {as_float(row['high']):+.4f}]"
        difference = "" if row["difference"] is None else f"{as_float(row['difference']):+.{1 if as_float(row['a']) > 1 else 4}f}"
        shown.add_row(name, whole(row["n_customers"]), _digits(row["a"]), _digits(row["b"]), difference, interval)
    out.print(shown)


def _customers(out: Console, customers: Row) -> None:
    section(out, "customers whose average precision rose or fell from A to B")
    shown = table("days since last purchase", "customers", "gained", "lost", "same")
    for row in ({"segment": "all", **customers}, *_rows(customers["by_segment"])):
        shown.add_row(str(row["segment"]), *(whole(row[name]) for name in ("customers", "gained", "lost", "same")))
    out.print(shown)
    titles = {"most_gained": "who gained most", "most_lost": "who lost most"}
    for name, title in ((name, title) for name, title in titles.items() if customers[name]):
        section(out, f"{title}; hits of the labels bought")
        shown = table("customer", "days", "labels", "hits A", "hits B", "AP A", "AP B")
        for row in _rows(customers[name]):
            counts = (whole(row[column]) for column in ("labels", "hits_a", "hits_b"))
            shown.add_row(
                short_id(str(row["customer"]), width=out.width), str(row["segment"]), *counts, _digits(row["a"]), _digits(row["b"])
            )
        out.print(shown)


def _interval(row: Row, value: str, low: str, high: str, unit: str = "") -> str:
    if row[value] is None:
        return ""
    ends = "" if row[low] is None else f"\n[{as_float(row[low]):.3f}, {as_float(row[high]):.3f}]"
    return f"{as_float(row[value]):.3f}{unit}{ends}"


def _when(row: Row) -> str:
    """The minute, in UTC."""
    return str(row["finished"])[:16].replace("T", " ")


def _sources(value: object) -> str:
    names = value if isinstance(value, list) else []
    return f"all {len(names)} sources" if set(names) == set(SOURCES) else ", ".join(names)


def _digits(value: object) -> str:
    """Four digits of what is at most 1, else three significant ones."""
    return "" if value is None else f"{as_float(value):.4f}" if as_float(value) <= 1 else number(value)


def _value(value: object) -> str:
    if value is None:
        return "nothing"
    return ", ".join(str(item) for item in value) if isinstance(value, list) else str(value)


def _rows(value: object) -> list[dict[str, object]]:
    return value if isinstance(value, list) else []
