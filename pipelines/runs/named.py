"""Recommendations for people: the retailer's own ids and names beside each article, and the main reason for it.

Input: REASONED, the folder of a converted data set. Output: NAMED; recommendations.csv.
"""

from pathlib import Path

import polars as pl

from lookbook.data.schema import REASONED
from lookbook.pipelines.runs.raw_ids import article_names, customer_ids

NAMED = ("customer_id", "rank", "article_id", "name", "score", "source")
"""Columns of recommendations.csv. score: null = filled up, not ranked; source: the one that ranked it best, null = filled up."""
AUTO_CUSTOMERS = 200_000
"""With run.names = "auto", so many customers are named; of more, the file would take minutes and gigabytes."""


def with_names(lists: pl.LazyFrame, dataset_folder: Path) -> pl.LazyFrame:
    """REASONED with customer_id, article_id and name; same rows, same order."""
    return (
        lists.select(*REASONED)
        .join(customer_ids(dataset_folder), on="customer", how="left", validate="m:1", maintain_order="left")
        .join(article_names(dataset_folder), on="article", how="left", validate="m:1", maintain_order="left")
    )


def wants_names(setting: str, customers: int) -> bool:
    return setting == "yes" or (setting == "auto" and customers <= AUTO_CUSTOMERS)


def write_csv(named: pl.LazyFrame, file: Path) -> None:
    """Text that a spreadsheet would take for a formula gets an apostrophe before it."""
    named.select(inert(named, *NAMED)).sink_csv(file, maintain_order=True)


def inert(table: pl.LazyFrame, *columns: str) -> list[pl.Expr]:
    """The columns; text that begins like a formula (= + - @, tab or carriage return) with an apostrophe before it."""
    schema = table.collect_schema()
    return [_inert(name) if schema[name] == pl.String else pl.col(name) for name in columns]


def _inert(name: str) -> pl.Expr:
    formula = pl.col(name).str.contains(r"^[=+\-@\t\r]")
    return pl.when(formula).then(pl.concat_str(pl.lit("'"), name)).otherwise(pl.col(name)).alias(name)
