"""What a leaderboard shows: which method finds what is bought, what its lists are like, and what it takes.

Input: Leaderboard. Output: rich tables, which become plain text where there is no terminal.
"""

from pathlib import Path

from rich.table import Table

from lookbook.pipelines.runs.records.files import as_line
from lookbook.pipelines.studies.leaderboard.record import Figure, Leaderboard, MethodRow
from lookbook.pipelines.terminal.figures import count, share
from lookbook.pipelines.terminal.progress import Reporter
from lookbook.pipelines.terminal.table import console, interval, table


def show_leaderboard(found: Leaderboard, folder: Path, reporter: Reporter, *, json_lines: bool) -> None:
    """Print a leaderboard on stdout: tables, or one JSON object."""
    if json_lines:
        print(as_line({"run": folder, "leaderboard": found}))
        return
    out = console()
    for made in leaderboard_tables(found, width=out.width):
        out.print(made)
        out.print()
    for note in leaderboard_notes(found):
        out.print(note)
    out.print(reporter.reuse())
    out.print(f"Results are in {folder / 'leaderboard.json'}", soft_wrap=True)


def leaderboard_tables(found: Leaderboard, *, width: int) -> list[Table]:
    return [_hits(found, width=width), _lists(found, width=width), _costs(found)]


def _hits(found: Leaderboard, *, width: int) -> Table:
    weeks = count(len(found.weeks), "test week")
    title = f"{weeks}, newest {found.weeks[0]}: {count(found.n_customer_weeks, 'customer-week')}; [95 % interval]"
    made = table("method", f"recall@{found.depth}", f"MAP@{found.k}", f"NDCG@{found.k}", title=title)
    for row in found.methods:
        made.add_row(_name(row), *(_figure(each, width=width) for each in (row.recall, row.map, row.ndcg)))
    return made


def _lists(found: Leaderboard, *, width: int) -> Table:
    """Coverage has no interval; only it: of all labels, those that no default source finds."""
    title = f"Their first {found.k} places, and what only they find"
    made = table("method", "coverage", "novelty", "new, %", "only it, %", title=title)
    made.caption = (
        "coverage: of the articles sold lately; novelty: bits; new: places with what the customer had not bought before; "
        f"only it: of {count(found.n_labels, 'label')}, found down to rank {found.depth} but by no other of "
        f"{', '.join(found.beside)}"
    )
    for row in found.methods:
        figures = (_figure(row.novelty, width=width, digits=2), *(_percent(each, width=width) for each in (row.new, row.only)))
        made.add_row(_name(row), share(row.coverage), *figures)
    return made


def _costs(found: Leaderboard) -> Table:
    made = table("method", "CPU seconds", "peak MB", "parameters", left=("method", "parameters"), title="What one week takes")
    for row in found.methods:
        cpu, memory = (
            "" if each is None else form.format(each) for each, form in ((row.cpu_seconds, "{:,.1f}"), (row.peak_memory_mb, "{:,}"))
        )
        made.add_row(_name(row), cpu, memory, row.parameters)
    return made


def leaderboard_notes(found: Leaderboard) -> list[str]:
    """A line for each method that found nothing or refused; below the tables, where there is room for the names of settings."""
    return [f"{row.method} {row.note}" for row in found.methods if row.note]


def _name(row: MethodRow) -> str:
    """With what must be known of the row below it: that it is of a baseline, found nothing or refused."""
    about = [*(["baseline"] if row.kind == "baseline" else []), *([row.note.partition(":")[0]] if row.note else [])]
    return f"{row.method}\n({', '.join(about)})" if about else row.method


def _figure(figure: Figure | None, *, width: int, digits: int = 4) -> str:
    return interval(figure.value, figure.low, figure.high, width=width, digits=digits) if figure else ""


def _percent(figure: Figure | None, *, width: int) -> str:
    ends = (None if end is None else 100 * end for end in (figure.value, figure.low, figure.high)) if figure else (None, None, None)
    return interval(*ends, width=width, digits=2)
