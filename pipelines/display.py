"""What a finished run shows: results of the test week with intervals, and what each source found.

Input: a run folder. Output: rich tables, which become plain text where there is no terminal.
"""

import json
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console
from rich.table import Table

from evaluation.results import Nested
from evaluation.segments import ALL
from pipelines.judge import SYSTEM
from pipelines.progress import Reporter
from pipelines.run_folder import read_about


def show_run(folder: Path, reporter: Reporter) -> None:
    """Print the results of a run on stdout: tables, or one JSON object."""
    about = read_about(folder)
    file = folder / "metrics.json"
    results = json.loads(file.read_text()) if file.is_file() else None
    if reporter.mode == "json":
        print(json.dumps({"run": str(folder), "about": about, "results": results}))
        return
    console = Console(highlight=False, width=None if Console().is_terminal else 140)
    if results is not None:
        metrics, differences = results["metrics"], results["differences"]
        console.print(result_table(metrics, differences, week=str(about["test_week"])))
        console.print(segment_table(metrics))
        console.print(source_table(results["sources"]))
    reused, computed = sum(reporter.reused.values()), sum(reporter.computed.values())
    console.print(f"{reused} of {reused + computed} stages were reused, {computed} computed.")
    console.print(f"Results are in {folder}")


def result_table(metrics: Nested, differences: Nested, *, week: str) -> Table:
    """One row per variant, best first: MAP, how many times the variant's MAP the system reaches, and other metrics."""
    table = _table(
        f"Week of {week}: {metrics[SYSTEM][ALL]['map']['n_customers']:,} customers with purchases; [95 % interval]",
        ("recommender", "MAP@12", "lookbook is", "recall", "precision", "NDCG", "MRR", "hit rate", "coverage"),
    )
    by_map = sorted(metrics, key=lambda variant: (-_number(metrics[variant][ALL]["map"]["value"]), variant))
    for variant in by_map:
        cells = metrics[variant][ALL]
        rest = ("recall", "precision", "ndcg", "mrr", "hit_rate", "catalogue_coverage")
        ratio = _interval(differences[variant][ALL]["map"], "ratio", digits=3) if variant != SYSTEM else ""
        table.add_row(variant, _interval(cells["map"]), ratio, *(f"{_number(cells[name]['value']):.4f}" for name in rest))
    return table


def segment_table(metrics: Nested) -> Table:
    """MAP by days since the customer's last purchase, for the system and the baselines."""
    variants = [variant for variant in metrics if not variant.endswith("_alone")]
    table = _table("MAP@12 by days since the customer's last purchase", ("days", "customers", *variants))
    for segment in (name for name in metrics[SYSTEM] if name != ALL):
        cells = [metrics[variant][segment]["map"] for variant in variants]
        table.add_row(segment, f"{cells[0]['n_customers']:,}", *(f"{_number(cell['value']):.4f}" for cell in cells))
    return table


def source_table(sources: list[dict[str, float | str | None]]) -> Table:
    """What the candidates of each source, and of all together, could have reached."""
    headings = ("source", "candidates per customer", "recall", "labels only it found", "positive rate")
    table = _table("Candidates: their recall is the ceiling of any ranking", headings)
    for row in sources:
        rate = "" if row["positive_rate"] is None else f"{row['positive_rate']:.4f}"
        cells = (f"{_number(row['candidates_per_customer']):.1f}", _interval(row, "recall"), f"{row['found_only']:,}", rate)
        table.add_row(str(row["source"]), *cells)
    return table


def _table(title: str, headings: tuple[str, ...]) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold")
    for place, heading in enumerate(headings):
        table.add_column(heading, justify="right" if place else "left", no_wrap=True)
    return table


def _interval(cell: Mapping[str, object], name: str = "value", *, digits: int = 4) -> str:
    low, high = ("ratio_low", "ratio_high") if name == "ratio" else ("low", "high")
    if cell[name] is None or cell[low] is None:
        return ""
    return f"{_number(cell[name]):.{digits}f} [{_number(cell[low]):.{digits}f}, {_number(cell[high]):.{digits}f}]"


def _number(value: object) -> float:
    return float(value) if isinstance(value, (int, float)) else float("nan")
