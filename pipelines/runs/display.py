"""What a finished run shows: results of the test week with intervals, and what each source found.

Input: a run folder. Output: rich tables, which become plain text where there is no terminal.
"""

from collections.abc import Sequence
from pathlib import Path

from rich.table import Table

from lookbook.evaluation.segments import ALL, COLD_ARTICLES, COLD_CUSTOMERS
from lookbook.evaluation.sources.candidates import UNION
from lookbook.pipelines.runs.folder import read_about, read_results
from lookbook.pipelines.runs.records.files import as_line
from lookbook.pipelines.runs.records.run import Cells, ColdRecall, DifferenceCell, DifferenceCells, SourceQuality
from lookbook.pipelines.stages.evaluate import SYSTEM
from lookbook.pipelines.terminal.figures import count, decimals
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
    about, results = read_about(folder), read_results(folder)
    if json_lines:
        done = {"unchanged": unchanged, "reused": reporter.reused, "computed": reporter.computed}
        print(as_line({"run": folder, **done, "about": about, "results": results}))
        return
    out = console()
    if results is not None:
        k, width = about.k, out.width
        out.print(result_table(results.metrics, results.differences, week=str(about.test_week), k=k, width=width))
        out.print()
        for sentence in results.standing.sentences(k=k) if results.standing else []:
            out.print(sentence)
        out.print()
        out.print(segment_table(results.metrics, k=k, width=width))
        out.print()
        out.print(source_table(results.sources, width=width))
        out.print()
        if results.cold_customers or results.cold_articles:
            out.print(cold_table(results.cold_customers or {}, results.cold_articles or (), k=k, width=width))
            out.print()
    for warning in about.warnings:
        out.print(f"warning: {warning}")
    out.print(reporter.reuse())
    since = f"Nothing changed since {about.minute} UTC: results" if unchanged else "Results"
    out.print(f"{since} are in {folder}", soft_wrap=True)


def result_table(metrics: Cells, differences: DifferenceCells, *, week: str, k: int, width: int) -> Table:
    """One row per variant, best first: MAP, how many times the variant's MAP the system reaches, and other metrics."""
    shown = OTHER_METRICS if width >= WIDE else dict(list(OTHER_METRICS.items())[: max(0, (width - 62) // 10)])
    customers = count(metrics[SYSTEM][ALL]["map"].n_customers, "customer")
    title = f"Week of {week}: {customers} with purchases; [95 % interval]"
    made = table("recommender", f"MAP@{k}", "lookbook is", *shown.values(), title=title, fold=False)
    by_map = sorted(metrics, key=lambda variant: (-(metrics[variant][ALL]["map"].value or 0.0), variant))
    for variant in by_map:
        cells = metrics[variant][ALL]
        mean = interval(cells["map"].value, cells["map"].low, cells["map"].high, width=width)
        ratio = _ratio(differences[variant][ALL]["map"], width=width) if variant != SYSTEM else ""
        made.add_row(variant, mean, ratio, *(decimals(cells[name].value) for name in shown))
    return made


def segment_table(metrics: Cells, *, k: int, width: int) -> Table:
    """MAP by days since the customer's last purchase, for the system and the baselines."""
    variants = [variant for variant in metrics if not variant.endswith("_alone")]
    headings = variants if width >= WIDE else [variant.replace("_", "_\n") for variant in variants]
    made = table("days", "customers", *headings, title=f"MAP@{k} by days since the customer's last purchase", fold=False)
    for segment in (name for name in metrics[SYSTEM] if name != ALL):
        cells = [metrics[variant][segment]["map"] for variant in variants]
        made.add_row(segment, f"{cells[0].n_customers:,}", *(decimals(cell.value) for cell in cells))
    return made


def source_table(sources: Sequence[SourceQuality], *, width: int) -> Table:
    """What the candidates of each source, and of all together, could have reached."""
    headings = ("source", "per\ncustomer", "recall", "labels only\nit found", "positive\nrate")
    made = table(*headings, title="Candidates: their recall is the ceiling of any ranking", fold=False)
    for row in sources:
        recall = interval(row.recall, row.low, row.high, width=width)
        per_customer = decimals(row.candidates_per_customer, 1)
        made.add_row(row.source, per_customer, recall, f"{row.found_only:,}", decimals(row.positive_rate))
    return made


def cold_table(customers: Cells, articles: Sequence[ColdRecall], *, k: int, width: int) -> Table:
    """MAP (and with room recall) of the lists of customers with few purchases before the week; of articles that are new, the recall
    of all candidates. In brackets customers, and labels."""
    bought, columns = {"none": "0 bought", "1-2": "1-2 bought"}, dict[str, dict[str, float | None]]()
    for segment in (each for each in COLD_CUSTOMERS if each in customers.get(SYSTEM, {})):
        for metric, heading in {"map": "MAP", "recall": "recall"}.items():
            if metric == "map" or width >= WIDE:
                title = f"{heading}@{k}\n{bought[segment]}\n({customers[SYSTEM][segment][metric].n_customers:,})"
                columns[title] = {variant: cells[segment][metric].value for variant, cells in customers.items()}
    for segment in COLD_ARTICLES:
        rows = [row for row in articles if row.segment == segment]
        if rows:
            age = "never sold" if segment == "never" else f"sold {segment} d"
            recall = {row.source if row.source == UNION else f"{row.source}_alone": row.recall for row in rows}
            columns[f"recall\n{age}\n({rows[0].n_labels:,})"] = dict(recall)
    made = table("", *columns, title="Cold start: customers and articles with next to no past", fold=False)
    for name in dict.fromkeys(name for column in columns.values() for name in column):
        made.add_row(name, *(decimals(column.get(name)) for column in columns.values()))
    return made


def _ratio(cell: DifferenceCell, *, width: int) -> str:
    """In fewer digits the more it is."""
    times = cell.ratio or 0.0
    digits = 3 if times < 10 else 1 if times < 100 else 0
    return interval(cell.ratio, cell.ratio_low, cell.ratio_high, width=width, digits=digits)
