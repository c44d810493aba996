"""What `lookbook explain` shows of a whole run: what the ranker looks at, and where the labels of the test week were lost.

Input: Explained. Output: rich tables, which become plain text where there is no terminal.
"""

from collections.abc import Sequence
from pathlib import Path

from rich.table import Table

from lookbook.pipelines.explain.record import Explained, ImportanceRow
from lookbook.pipelines.runs.records.files import as_line, read_record
from lookbook.pipelines.terminal.figures import decimals
from lookbook.pipelines.terminal.progress import Reporter
from lookbook.pipelines.terminal.table import WIDE, console, table

METHODS = {"shap": "SHAP", "permutation": "MAP\nlost", "gain": "gain", "split": "splits"}
"""Methods of IMPORTANCE and their headings; rows are sorted by the first."""
TITLES = {"feature": "Features", "group": "Feature groups", "source": "Columns of each candidate source"}


def show_importance(folder: Path, reporter: Reporter, *, top: int, json_lines: bool) -> None:
    """Print importance.json of a run on stdout: tables with the first `top` features, or one JSON object."""
    explained = read_record(folder / "importance.json", Explained)
    if json_lines:
        print(as_line({"run": folder, **vars(explained)}))
        return
    out = console()
    for made in importance_tables(explained, top=top, width=out.width):
        out.print(made)
        out.print()
    out.print(importance_legend(explained))
    out.print()
    out.print(lost_label_table(explained, width=out.width))
    out.print()
    out.print(reporter.reuse())
    out.print(f"Results are in {folder / 'importance.json'}", soft_wrap=True)


def importance_tables(explained: Explained, *, top: int, width: int) -> list[Table]:
    """A table each for features (the first `top`), groups and sources; each cell holds the value and, below it, its share."""
    return [_table(level, [row for row in explained.importance if row.level == level], top=top, width=width) for level in TITLES]


def importance_legend(explained: Explained) -> str:
    """What the columns of the tables are, in words."""
    pairs, customers = f"{explained.n_pairs_shap:,} pairs", f"{explained.n_customers:,} customers"
    return (
        f"SHAP: mean amount that it moves the score of a pair away from the customer's others, over {pairs}. MAP lost: by how much "
        f"MAP@{explained.k} of the week of {explained.week} ({explained.map:.4f}, {customers}) falls when its values are dealt out "
        f"anew among the pairs, mean of {explained.repeats}, [95 % interval]; features that say the same thing stand in for each "
        "other, so that each may lose little. gain: training loss removed by its splits. %: share of the column."
    )


def lost_label_table(explained: Explained, *, width: int) -> Table:
    """A row per stage, a column per segment: labels that ended there, and their share of the segment's."""
    rows = explained.lost_labels
    segments = list(dict.fromkeys(row.segment for row in rows))
    title = (
        f"Where the articles that were bought in the week of {explained.week} were lost, by days since the customer's last purchase"
    )
    made = table("", *segments, title=title, fold=False)
    digits = ",d" if width >= WIDE else "d"
    cells = {(row.stage, row.segment): f"{row.labels:{digits}}\n{row.share:.1%}" for row in rows}
    for stage in dict.fromkeys(row.stage for row in rows):
        made.add_row(stage, *(cells.get((stage, segment), "") for segment in segments))
    return made


def _table(level: str, rows: Sequence[ImportanceRow], *, top: int, width: int) -> Table:
    cells = {(row.name, row.method): row for row in rows}
    names = sorted({row.name for row in rows}, key=lambda name: (-cells[name, "shap"].value, name))
    shown = names[:top] if level == "feature" else names
    of = f"; {len(shown)} of {len(names)}" if len(shown) < len(names) else ""
    described = level == "feature" and width >= WIDE
    first = "feature\n  group" if level == "feature" else level
    headings = (first, *METHODS.values(), *(("meaning",) if described else ()))
    made = table(*headings, title=f"{TITLES[level]}, largest SHAP importance first{of}", left=(first, "meaning"), fold=described)
    for name in shown:
        group = f"\n  {cells[name, 'shap'].group}" if level == "feature" else ""
        meaning = [cells[name, "shap"].doc or ""] if described else []
        made.add_row(f"{name}{group}", *(_cell(cells[name, method], width=width) for method in METHODS), *meaning)
    return made


def _cell(row: ImportanceRow, *, width: int) -> str:
    below = "" if row.share is None else f"\n{row.share:.1%}"
    match row.method:
        case "permutation":
            gap = " " if width >= WIDE else "\n"
            return f"{decimals(row.value)}\n[{decimals(row.low)},{gap}{decimals(row.high)}]{below}"
        case "shap":
            return f"{decimals(row.value)}{below}"
        case _:
            return f"{row.value:,.0f}{below}"
