"""Which articles are popular: the fallback of every baseline, and the simplest of them.

Input: History of all customers. Output: POPULARITY.
"""

import polars as pl

from lookbook.data.dataset import History
from lookbook.data.order import best_first
from lookbook.data.schema import Schema

POPULAR_DAYS = 28
"""Days before as_of whose buyers make an article popular."""

POPULARITY: Schema = {"article": pl.UInt32, "buyers": pl.UInt32, "rank": pl.UInt32}
"""One row per article ever sold, sorted by rank. buyers: distinct customers in the last POPULAR_DAYS days; rank: 1 = most
buyers, then most purchases of all time, then smaller article id."""


def article_popularity(history: History) -> pl.LazyFrame:
    """POPULARITY. It depends on all customers: compute it from a history that is not narrowed."""
    recent = pl.col("days_ago") <= POPULAR_DAYS
    sold = history.transactions.group_by("article").agg(buyers=pl.col("customer").filter(recent).n_unique(), purchases=pl.len())
    return (
        best_first(sold, "buyers", "purchases", within=())
        .with_row_index("rank", offset=1)
        .select(pl.col(column).cast(dtype) for column, dtype in POPULARITY.items())
    )
