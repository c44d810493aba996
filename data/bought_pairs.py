"""Who bought what on how many days, summed by article over all customers, in bounded memory.

Input: the History of all customers. Output: one row per article that sold.

One table of all (customer, article) takes gigabytes at 30 million purchases, and most of the time goes into waiting for memory.
Nothing here crosses customers, so ranges of customers are summed one after the other, each small enough for the cache.
"""

from collections.abc import Sequence

import polars as pl

from lookbook.data.dataset import History

RANGE_CUSTOMERS = 1 << 16
"""Customer ids per range; the place in a range, an article and days_ago fit together into one UInt64."""


def sums_by_article(history: History, sums: Sequence[pl.Expr], *, attributes: Sequence[pl.Expr] = ()) -> pl.LazyFrame:
    """article and `sums`, sorted by article.

    Args:
        history: of all customers.
        sums: named sums of whole numbers (Int64) over the rows of an article. A row is a customer who bought it, with `days`, on
            how many different days; `last` and `first`, days_ago of the newest and the oldest (all Int64); and `attributes`.
        attributes: columns of CUSTOMERS, as whole numbers.
    """
    largest = history.customers.select(pl.col("customer").max()).collect().item() or 0
    parts = [
        _pairs(history, start, attributes).group_by("article").agg(*sums).collect(engine="streaming")
        for start in range(0, largest + 1, RANGE_CUSTOMERS)
    ]
    return pl.concat(parts).lazy().group_by("article").agg(pl.all().sum()).sort("article")


def _pairs(history: History, start: int, attributes: Sequence[pl.Expr]) -> pl.LazyFrame:
    """One row per (customer, article) bought by the customers of one range. Groups of one number are found fastest."""
    near = pl.col("customer").is_between(start, start + RANGE_CUSTOMERS - 1)
    place = (pl.col("customer") - start).cast(pl.UInt64)
    day = pl.col("purchase") % 2**16
    pairs = (
        history.transactions.filter(near)
        .select(purchase=place * 2**48 + pl.col("article").cast(pl.UInt64) * 2**16 + pl.col("days_ago"))
        .unique()
        .group_by(pair=pl.col("purchase") // 2**16)
        .agg(days=pl.len().cast(pl.Int64), last=day.min().cast(pl.Int64), first=day.max().cast(pl.Int64))
        .with_columns(article=(pl.col("pair") % 2**32).cast(pl.UInt32), customer=(pl.col("pair") // 2**32 + start).cast(pl.UInt32))
    )
    if not attributes:
        return pairs
    about = history.customers.filter(near).select("customer", *attributes)
    return pairs.join(about, on="customer", how="left", validate="m:1")
