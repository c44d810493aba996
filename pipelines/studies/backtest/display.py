"""What a backtest shows: every method over all test weeks, the newest week by itself, and where the system is ahead.

Input: Backtest. Output: rich tables, which become plain text where there is no terminal.
"""

from collections.abc import Sequence
from pathlib import Path

from rich.table import Table

from lookbook.pipelines.runs.records.files import as_line
from lookbook.pipelines.studies.backtest.record import Backtest, MethodRow, Paired, SegmentRow
from lookbook.pipelines.terminal.figures import count
from lookbook.pipelines.terminal.progress import Reporter
from lookbook.pipelines.terminal.table import console, interval, table

VERDICTS = {"helps": "ahead", "hurts": "behind", "cannot tell": "cannot tell"}


def show_backtest(found: Backtest, folder: Path, reporter: Reporter, *, json_lines: bool) -> None:
    """Print a backtest on stdout: tables, or one JSON object."""
    if json_lines:
        print(as_line({"run": folder, "backtest": found}))
        return
    out = console()
    for made in backtest_tables(found, width=out.width):
        out.print(made)
        out.print()
    out.print(reporter.reuse())
    out.print(f"Results are in {folder / 'backtest.json'}", soft_wrap=True)


def backtest_tables(found: Backtest, *, width: int) -> list[Table]:
    weeks = count(len(found.weeks), "test week")
    of_all = f"{weeks}, newest {found.weeks[0]}: {count(found.n_customer_weeks, 'customer-week')}; [95 % interval]"
    tables = [method_table(found.methods, title=of_all, k=found.k, width=width)]
    if len(found.weeks) > 1:
        title = f"The newest week alone, that of {found.weeks[0]}"
        tables.append(method_table(found.newest, title=title, k=found.k, width=width))
    for by in dict.fromkeys(row.by for row in found.segments):
        rows = [row for row in found.segments if row.by == by]
        tables.append(segment_table(rows, title=f"By {by}, against {found.best_baseline}", k=found.k, width=width))
    return [*tables, cost_table(found.methods)]


def method_table(rows: Sequence[MethodRow], *, title: str, k: int, width: int) -> Table:
    """Every method, and the system against it."""
    made = table("method", f"MAP@{k}", "lookbook - it", "lookbook is", title=title, fold=False)
    for row in rows:
        made.add_row(row.method, interval(row.map, row.low, row.high, width=width), *_against(row.lookbook, width=width))
    return made


def segment_table(rows: Sequence[SegmentRow], *, title: str, k: int, width: int) -> Table:
    """The system against the best baseline by customers or labels."""
    made = table("segment", "customer-\nweeks", f"MAP@{k}", "lookbook - it", "lookbook is", title=title, fold=False)
    for row in rows:
        made.add_row(row.segment, f"{row.n_customer_weeks:,}", f"{row.map:.4f}", *_against(row.lookbook, width=width))
    return made


def cost_table(rows: Sequence[MethodRow]) -> Table:
    """What a week takes from nothing but the data, and what was chosen on earlier weeks."""
    made = table("method", "CPU seconds", "peak MB", "parameters", title="What one week takes", left=("method", "parameters"))
    for row in rows:
        made.add_row(row.method, f"{row.cpu_seconds:,.1f}", f"{row.peak_memory_mb:,}", row.parameters)
    return made


def _against(paired: Paired | None, *, width: int) -> tuple[str, str]:
    """The difference, and the ratio with its interval and the verdict."""
    if paired is None:
        return "", ""
    difference = interval(paired.difference, paired.difference_low, paired.difference_high, width=width, sign="+")
    ratio = "" if paired.ratio is None else f"{paired.ratio:.3f} × "
    ends = "" if paired.ratio_low is None else f"[{paired.ratio_low:.3f}, {paired.ratio_high:.3f}]"
    return difference, f"{ratio}{VERDICTS[paired.verdict]}\n{ends}".strip()
