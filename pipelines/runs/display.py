"""What a finished run shows: results of the test week with intervals, and what each source found.

Input: a run folder. Output: rich tables, which become plain text where there is no terminal.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from lookbook.evaluation.results import Nested
from lookbook.evaluation.segments import ALL
from lookbook.evaluation.standing import Standing
from lookbook.pipelines.runs.folder import read_about
from lookbook.pipelines.stages.evaluate import SYSTEM
from lookbook.pipelines.terminal.figures import as_float
from lookbook.pipelines.terminal.progress import Reporter

OTHER_METRICS = {
    "recall": "recall",
    "precision": "precision",
    "ndcg": "NDCG",
    "mrr": "MRR",
    "hit_rate": "hit rate",
    "catalogue_coverage": "coverage",
}
"""Metrics shown next to MAP and their headings, most important first."""
WIDE = 140
"""Characters that every table fits in; on a narrower terminal intervals stand below their values and columns are left out."""


def show_run(folder: Path, reporter: Reporter, *, json_lines: bool, unchanged: bool = False) -> None:
    """Print the results of a run on stdout: tables, or one JSON object. unchanged: whether they are of an earlier run."""
    about = read_about(folder)
    file = folder / "metrics.json"
    results = json.loads(file.read_text()) if file.is_file() else None
    if json_lines:
        done = {"unchanged": unchanged, "reused": reporter.reused, "computed": reporter.computed}
        print(json.dumps({"run": str(folder), **done, "about": about, "results": results}))
        return
    console = Console(highlight=False, width=None if Console().is_terminal else WIDE)
    if results is not None:
        metrics, differences = results["metrics"], results["differences"]
        k, width = int(str(about["k"])), console.width
        console.print(result_table(metrics, differences, week=str(about["test_week"]), k=k, width=width))
        for sentence in Standing(**results["standing"]).sentences(k=k):
            console.print(sentence, markup=False)
        console.print(segment_table(metrics, k=k, width=width))
        console.print(source_table(results["sources"], width=width))
    warnings = about.get("warnings")
    for warning in warnings if isinstance(warnings, list) else []:
        console.print(f"warning: {warning}", markup=False)
    console.print(reporter.reuse())
    since = f"Nothing changed since {str(about['finished'])[:16].replace('T', ' ')} UTC: results" if unchanged else "Results"
    console.print(f"{since} are in {folder}", markup=False, soft_wrap=True)


def result_table(metrics: Nested, differences: Nested, *, week: str, k: int, width: int) -> Table:
    """One row per variant, best first: MAP, how many times the variant's MAP the system reaches, and other metrics."""
    shown = OTHER_METRICS if width >= WIDE else dict(list(OTHER_METRICS.items())[: max(0, (width - 66) // 12)])
    table = titled_table(
        f"Week of {week}: {metrics[SYSTEM][ALL]['map']['n_customers']:,} customers with purchases; [95 % interval]",
        ("recommender", f"MAP@{k}", "lookbook is", *shown.values()),
    )
    by_map = sorted(metrics, key=lambda variant: (-as_float(metrics[variant][ALL]["map"]["value"]), variant))
    for variant in by_map:
        cells = metrics[variant][ALL]
        ratio = _interval(differences[variant][ALL]["map"], "ratio", digits=3, width=width) if variant != SYSTEM else ""
        rest = (f"{as_float(cells[name]['value']):.4f}" for name in shown)
        table.add_row(variant, _interval(cells["map"], width=width), ratio, *rest)
    return table


def segment_table(metrics: Nested, *, k: int, width: int) -> Table:
    """MAP by days since the customer's last purchase, for the system and the baselines."""
    variants = [variant for variant in metrics if not variant.endswith("_alone")]
    headings = variants if width >= WIDE else [variant.replace("_", "_\n") for variant in variants]
    table = titled_table(f"MAP@{k} by days since the customer's last purchase", ("days", "customers", *headings))
    for segment in (name for name in metrics[SYSTEM] if name != ALL):
        cells = [metrics[variant][segment]["map"] for variant in variants]
        table.add_row(segment, f"{cells[0]['n_customers']:,}", *(f"{as_float(cell['value']):.4f}" for cell in cells))
    return table


def source_table(sources: list[dict[str, float | str | None]], *, width: int) -> Table:
    """What the candidates of each source, and of all together, could have reached."""
    headings = ("source", "per\ncustomer", "recall", "labels only\nit found", "positive\nrate")
    table = titled_table("Candidates: their recall is the ceiling of any ranking", headings)
    for row in sources:
        rate = "" if row["positive_rate"] is None else f"{row['positive_rate']:.4f}"
        cells = (
            f"{as_float(row['candidates_per_customer']):.1f}",
            _interval(row, "recall", width=width),
            f"{row['found_only']:,}",
            rate,
        )
        table.add_row(str(row["source"]), *cells)
    return table


def titled_table(title: str, headings: Sequence[str]) -> Table:
    """An empty table; its first column is text, the others are figures."""
    table = Table(title=title, title_justify="left", title_style="bold", caption_justify="left")
    for place, heading in enumerate(headings):
        table.add_column(heading, justify="right" if place else "left", no_wrap=True)
    return table


def _interval(cell: Mapping[str, object], name: str = "value", *, width: int, digits: int = 4) -> str:
    low, high = ("ratio_low", "ratio_high") if name == "ratio" else ("low", "high")
    if cell[name] is None:
        return ""
    if cell[low] is None:
        return f"{as_float(cell[name]):.{digits}f}"
    gap = " " if width >= WIDE else "\n"
    return f"{as_float(cell[name]):.{digits}f}{gap}[{as_float(cell[low]):.{digits}f}, {as_float(cell[high]):.{digits}f}]"
