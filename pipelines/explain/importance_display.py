"""What `lookbook explain` shows of a whole run: what the ranker looks at, and where the labels of the test week were lost.

Input: the content of importance.json. Output: rich tables, which become plain text where there is no terminal.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from lookbook.pipelines.runs.display import WIDE
from lookbook.pipelines.terminal.figures import as_float
from lookbook.pipelines.terminal.progress import Reporter

METHODS = {"shap": "SHAP", "permutation": "MAP\nlost", "gain": "gain", "split": "splits"}
"""Methods of IMPORTANCE and their headings; rows are sorted by the first."""
TITLES = {"feature": "Features", "group": "Feature groups", "source": "Columns of each candidate source"}

Row = Mapping[str, object]
Explained = Mapping[str, object]


def show_importance(folder: Path, reporter: Reporter, *, top: int, json_lines: bool) -> None:
    """Print importance.json of a run on stdout: tables with the first `top` features, or one JSON object."""
    explained: Explained = json.loads((folder / "importance.json").read_text())
    if json_lines:
        print(json.dumps({"run": str(folder), **explained}))
        return
    console = Console(highlight=False, markup=False, width=None if Console().is_terminal else WIDE)
    for table in importance_tables(explained, top=top, width=console.width):
        console.print(table)
    console.print(importance_legend(explained))
    console.print(lost_label_table(explained, width=console.width))
    console.print(reporter.reuse())
    console.print(
        f"Results are in {folder / 'importance.json'}; `lookbook report` draws them, with how the score follows each value"
    )


def importance_tables(explained: Explained, *, top: int, width: int) -> list[Table]:
    """A table each for features (the first `top`), groups and sources; each cell holds the value and, below it, its share."""
    rows = rows_of(explained, "importance")
    return [_table(level, [row for row in rows if row["level"] == level], top=top, width=width) for level in TITLES]


def importance_legend(explained: Explained) -> str:
    """What the columns of the tables are, in words."""
    k, pairs = explained["k"], f"{explained['n_pairs_shap']:,}"
    return (
        f"SHAP: mean amount that it moves the score of a pair away from the customer's others, over {pairs} pairs. MAP lost: by "
        f"how much MAP@{k} of the week of {explained['week']} ({as_float(explained['map']):.4f}, {explained['n_customers']:,} "
        f"customers) falls when its values are "
        f"dealt out anew among the pairs, mean of {explained['repeats']}, [95 % interval]; features that say the same thing stand "
        f"in for each other, so that each may lose little. gain: training loss removed by its splits. %: share of the column."
    )


def lost_label_table(explained: Explained, *, width: int) -> Table:
    """A row per stage, a column per segment: labels that ended there, and their share of the segment's."""
    rows = rows_of(explained, "lost_labels")
    segments = list(dict.fromkeys(str(row["segment"]) for row in rows))
    table = Table(
        title=f"Where the articles that were bought in the week of {explained['week']} were lost, "
        "by days since the customer's last purchase",
        title_justify="left",
        title_style="bold",
    )
    table.add_column("", no_wrap=True)
    for segment in segments:
        table.add_column(segment, justify="right", no_wrap=True)
    digits = ",.0f" if width >= WIDE else ".0f"
    cells = {(r["stage"], r["segment"]): f"{as_float(r['labels']):{digits}}\n{as_float(r['share']):.1%}" for r in rows}
    for stage in dict.fromkeys(row["stage"] for row in rows):
        table.add_row(str(stage), *(cells.get((stage, segment), "") for segment in segments))
    return table


def rows_of(explained: Explained, name: str) -> Sequence[Row]:
    rows = explained[name]
    assert isinstance(rows, list)
    return rows


def _table(level: str, rows: Sequence[Row], *, top: int, width: int) -> Table:
    cells = {(str(row["name"]), str(row["method"])): row for row in rows}
    names = sorted({str(row["name"]) for row in rows}, key=lambda name: (-as_float(cells[name, "shap"]["value"]), name))
    shown = names[:top] if level == "feature" else names
    of = f"; {len(shown)} of {len(names)}" if len(shown) < len(names) else ""
    table = Table(title=f"{TITLES[level]}, largest SHAP importance first{of}", title_justify="left", title_style="bold")
    table.add_column("feature\n  group" if level == "feature" else level, no_wrap=True)
    for heading in METHODS.values():
        table.add_column(heading, justify="right", no_wrap=True)
    described = level == "feature" and width >= WIDE
    if described:
        table.add_column("meaning")
    for name in shown:
        group = f"\n  {cells[name, 'shap']['group']}" if level == "feature" else ""
        meaning = [str(cells[name, "shap"]["doc"])] if described else []
        table.add_row(f"{name}{group}", *(_cell(cells[name, method], width=width) for method in METHODS), *meaning)
    return table


def _cell(row: Row, *, width: int) -> str:
    value, share = as_float(row["value"]), row["share"]
    below = "" if share is None else f"\n{as_float(share):.1%}"
    match row["method"]:
        case "permutation":
            gap = " " if width >= WIDE else "\n"
            return f"{_decimals(value)}\n[{_decimals(row['low'])},{gap}{_decimals(row['high'])}]{below}"
        case "shap":
            return f"{_decimals(value)}{below}"
        case _:
            return f"{value:,.0f}{below}"


def _decimals(value: object) -> str:
    """Four of them; nothing is -0.0000."""
    return f"{round(as_float(value), 4) + 0.0:.4f}"
