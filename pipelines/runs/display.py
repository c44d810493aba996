"""What a finished run shows: results of the test week with intervals, and what each source found.

Input: a run folder. Output: rich tables, which become plain text where there is no terminal.
"""

import json
from collections.abc import Mapping
from pathlib import Path

from rich.table import Table

from lookbook.evaluation.results import Nested
from lookbook.evaluation.segments import ALL
from lookbook.evaluation.standing import Standing
from lookbook.pipelines.runs.folder import read_about
from lookbook.pipelines.stages.evaluate import SYSTEM
from lookbook.pipelines.terminal.figures import as_float
from lookbook.pipelines.terminal.progress import Reporter
from lookbook.pipelines.terminal.table import WIDE, console, interval, table

OTHER_METRICS = {
    "recall": "recall",
    "precision": "precision",
    "ndcg": "NDCG",
    "mrr": "MRR",
    "hit_rate": "hit rate",
    "catalogue_coverage": "coverage",
}
"""Metrics shown next to MAP and their headings, most important first."""


def show_run(folder: Path, reporter: Reporter, *, json_lines: bool, unchanged: bool = False) -> None:
    """Print the results of a run on stdout: tables, or one JSON object. unchanged: whether they are of an earlier run."""
    about = read_about(folder)
    file = folder / "metrics.json"
    results = json.loads(file.read_text()) if file.is_file() else None
    if json_lines:
        done = {"unchanged": unchanged, "reused": reporter.reused, "computed": reporter.computed}
        print(json.dumps({"run": str(folder), **done, "about": about, "results": results}))
        return
    out = console()
    if results is not None:
        metrics, differences = results["metrics"], results["differences"]
        k, width = int(str(about["k"])), out.width
        out.print(result_table(metrics, differences, week=str(about["test_week"]), k=k, width=width))
        out.print()
        for sentence in Standing(**results["standing"]).sentences(k=k):
            out.print(sentence)
        out.print()
        out.print(segment_table(metrics, k=k, width=width))
        out.print()
        out.print(source_table(results["sources"], width=width))
        out.print()
    warnings = about.get("warnings")
    for warning in warnings if isinstance(warnings, list) else []:
        out.print(f"warning: {warning}")
    out.print(reporter.reuse())
    since = f"Nothing changed since {str(about['finished'])[:16].replace('T', ' ')} UTC: results" if unchanged else "Results"
    out.print(f"{since} are in {folder}", soft_wrap=True)


def result_table(metrics: Nested, differences: Nested, *, week: str, k: int, width: int) -> Table:
    """One row per variant, best first: MAP, how many times the variant's MAP the system reaches, and other metrics."""
    shown = OTHER_METRICS if width >= WIDE else dict(list(OTHER_METRICS.items())[: max(0, (width - 62) // 10)])
    n = f"{metrics[SYSTEM][ALL]['map']['n_customers']:,}"
    title = f"Week of {week}: {n} customers with purchases; [95 % interval]"
    made = table("recommender", f"MAP@{k}", "lookbook is", *shown.values(), title=title, fold=False)
    by_map = sorted(metrics, key=lambda variant: (-as_float(metrics[variant][ALL]["map"]["value"]), variant))
    for variant in by_map:
        cells = metrics[variant][ALL]
        ratio = _ratio(differences[variant][ALL]["map"], width=width) if variant != SYSTEM else ""
        rest = (f"{as_float(cells[name]['value']):.4f}" for name in shown)
        made.add_row(variant, _interval(cells["map"], width=width), ratio, *rest)
    return made


def segment_table(metrics: Nested, *, k: int, width: int) -> Table:
    """MAP by days since the customer's last purchase, for the system and the baselines."""
    variants = [variant for variant in metrics if not variant.endswith("_alone")]
    headings = variants if width >= WIDE else [variant.replace("_", "_\n") for variant in variants]
    made = table("days", "customers", *headings, title=f"MAP@{k} by days since the customer's last purchase", fold=False)
    for segment in (name for name in metrics[SYSTEM] if name != ALL):
        cells = [metrics[variant][segment]["map"] for variant in variants]
        made.add_row(segment, f"{cells[0]['n_customers']:,}", *(f"{as_float(cell['value']):.4f}" for cell in cells))
    return made


def source_table(sources: list[dict[str, float | str | None]], *, width: int) -> Table:
    """What the candidates of each source, and of all together, could have reached."""
    headings = ("source", "per\ncustomer", "recall", "labels only\nit found", "positive\nrate")
    made = table(*headings, title="Candidates: their recall is the ceiling of any ranking", fold=False)
    for row in sources:
        rate = "" if row["positive_rate"] is None else f"{row['positive_rate']:.4f}"
        per_customer = f"{as_float(row['candidates_per_customer']):.1f}"
        made.add_row(str(row["source"]), per_customer, _interval(row, "recall", width=width), f"{row['found_only']:,}", rate)
    return made


def _ratio(cell: Mapping[str, object], *, width: int) -> str:
    """In fewer digits the more it is."""
    times = 0.0 if cell["ratio"] is None else as_float(cell["ratio"])
    return _interval(cell, "ratio", digits=3 if times < 10 else 1 if times < 100 else 0, width=width)


def _interval(cell: Mapping[str, object], name: str = "value", *, width: int, digits: int = 4) -> str:
    low, high = ("ratio_low", "ratio_high") if name == "ratio" else ("low", "high")
    value, *ends = (None if cell[key] is None else as_float(cell[key]) for key in (name, low, high))
    return interval(value, *ends, width=width, digits=digits)
