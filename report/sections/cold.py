"""Cold start: how well customers without a past are served, and whether articles without one are found."""

from lookbook.report.html import Child, Html, label, number, table, with_interval
from lookbook.report.section import Files, file
from lookbook.report.sections.results import system_of

METRICS = {"map": "MAP", "recall": "recall"}
PURCHASES = {"none": "no purchase before", "1-2": "1 or 2 purchases before"}
FIRST_SALES = {"never": "never sold before", "<=7": "first sold in the 7 days before"}


def cold_start(files: Files) -> list[Html]:
    """The tables that there is something for: none for runs of versions that did not count it."""
    return [*_customers(files), *_articles(files)]


def _customers(files: Files) -> list[Html]:
    cells, k = file(files, "metrics.json")["cold_customers"], file(files, "run.json")["k"].text
    of_system = cells[system_of(files)]
    segments = [segment for segment in PURCHASES if of_system[segment]]
    headings: list[Child] = ["recommender"]
    for segment in segments:
        customers = number(of_system[segment]["map"]["n_customers"], ",.0f")
        headings += [Html(f"{PURCHASES[segment]} ({customers.markup}): {name}@{k}") for name in METRICS.values()]
    rows: list[list[Child]] = [
        [label(variant), *(with_interval(row[segment][metric], ".4f") for segment in segments for metric in METRICS)]
        for variant, row in cells.items()
    ]
    return [table("Customers of whom little is known", headings, rows)] if segments else []


def _articles(files: Files) -> list[Html]:
    found = file(files, "metrics.json")["cold_articles"]
    segments = [segment for segment in FIRST_SALES if found.where("segment", segment)]
    headings: list[Child] = ["source"]
    by_source: dict[str, list[Child]] = {}
    for segment in segments:
        rows = found.where("segment", segment)
        labels = number(rows[0]["n_labels"], ",.0f")
        headings += [Html(f"{FIRST_SALES[segment]} ({labels.markup} labels): recall"), "only by it"]
        for row in rows:
            cells = by_source.setdefault(row["source"].text, [])
            cells += [with_interval(row, ".1%", ("recall", "low", "high")), number(row["found_only"], ",.0f")]
    rows_of: list[list[Child]] = [[label(source), *cells] for source, cells in by_source.items()]
    return (
        [table("Articles that are new: how many of their labels are among the candidates", headings, rows_of)] if segments else []
    )
