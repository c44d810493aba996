"""Baskets in their order: what each customer bought on one day, and how many baskets came later.

Input: History. Output: BASKETS.
"""

import polars as pl

from lookbook.data.dataset import History
from lookbook.data.schema import Schema

BASKETS: Schema = {
    "customer": pl.UInt32,
    "article": pl.UInt32,
    "later": pl.UInt32,
    "baskets": pl.UInt32,
}
"""One row per article of a basket; a basket is what a customer bought on one day. later: baskets of the customer after this one,
0 = the latest; baskets: all that the customer had."""


def baskets(history: History) -> pl.DataFrame:
    """BASKETS, in any order."""
    return (
        history.transactions.select("customer", "article", "days_ago")
        .unique()
        .with_columns(later=pl.col("days_ago").rank("dense").over("customer") - 1)
        .with_columns(baskets=pl.col("later").max().over("customer") + 1)
        .select(pl.col(column).cast(dtype) for column, dtype in BASKETS.items())
        .collect(engine="streaming")
    )
