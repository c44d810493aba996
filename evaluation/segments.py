"""Customers by how long ago they last bought, how often lately and how often ever; articles by when they first sold: how hard they
are to predict differs widely.

Input: History, customers. Output: SEGMENTED (customer, segment); of articles (article, segment).
"""

from collections.abc import Iterator

import polars as pl

from lookbook.data.dataset import History

RECENCY_SEGMENTS = ("<=7", "8-30", "31-90", ">90", "never")
"""Days from the last purchase before as_of to as_of, both ends included; "never" = no purchase before as_of."""

FREQUENCY_DAYS = 90
FREQUENCY_SEGMENTS = ("<=5", "6-10", "11-20", "21-35", ">35")
"""Days of the last FREQUENCY_DAYS before as_of on which the customer bought something, both ends included."""

PURCHASE_SEGMENTS = ("none", "1-2", ">2")
"""Transactions before as_of, both ends included."""
COLD_CUSTOMERS = PURCHASE_SEGMENTS[:2]
"""Customers of whom next to nothing is known."""

FIRST_SALE_SEGMENTS = ("never", "<=7", ">7")
"""Days from an article's first sale to as_of, both ends included; "never" = no sale before as_of."""
COLD_ARTICLES = FIRST_SALE_SEGMENTS[:2]
"""Articles of whose sales next to nothing is known."""

ALL = "all"
"""The segment of every customer; results list it beside RECENCY_SEGMENTS."""


def customer_segments(history: History, customers: pl.Series) -> pl.LazyFrame:
    """One row per customer of `customers` (unique ids), sorted: `segment`, one of RECENCY_SEGMENTS.

    `history` may hold other customers; they are left out.
    """
    last = history.transactions.group_by("customer").agg(days=pl.col("days_ago").min())
    days = pl.col("days")
    return (
        pl.LazyFrame({"customer": customers.cast(pl.UInt32)})
        .join(last, on="customer", how="left", validate="1:1")
        .select(
            "customer",
            segment=pl.when(days.is_null())
            .then(pl.lit("never"))
            .when(days <= 7)
            .then(pl.lit("<=7"))
            .when(days <= 30)
            .then(pl.lit("8-30"))
            .when(days <= 90)
            .then(pl.lit("31-90"))
            .otherwise(pl.lit(">90")),
        )
        .sort("customer")
    )


def frequency_segments(history: History, customers: pl.Series) -> pl.LazyFrame:
    """One row per customer of `customers` (unique ids), sorted: `segment`, one of FREQUENCY_SEGMENTS."""
    recent = history.transactions.filter(pl.col("days_ago") <= FREQUENCY_DAYS)
    bought = recent.group_by("customer").agg(days=pl.col("days_ago").n_unique())
    *bounded, most = FREQUENCY_SEGMENTS
    ends = {segment: int(segment.removeprefix("<=").rpartition("-")[2]) for segment in bounded}
    within = (pl.when(pl.col("days").fill_null(0) <= end).then(pl.lit(segment)) for segment, end in ends.items())
    return (
        pl.LazyFrame({"customer": customers.cast(pl.UInt32)})
        .join(bought, on="customer", how="left", validate="1:1")
        .select("customer", segment=pl.coalesce(*within, pl.lit(most)))
        .sort("customer")
    )


def purchase_segments(history: History, customers: pl.Series) -> pl.LazyFrame:
    """One row per customer of `customers` (unique ids), sorted: `segment`, one of PURCHASE_SEGMENTS."""
    none, few, more = PURCHASE_SEGMENTS
    purchases = pl.col("purchases").fill_null(0)
    return (
        pl.LazyFrame({"customer": customers.cast(pl.UInt32)})
        .join(history.transactions.group_by("customer").agg(purchases=pl.len()), on="customer", how="left", validate="1:1")
        .select(
            "customer",
            segment=pl.when(purchases == 0).then(pl.lit(none)).when(purchases <= 2).then(pl.lit(few)).otherwise(pl.lit(more)),
        )
        .sort("customer")
    )


def first_sale_segments(history: History) -> pl.LazyFrame:
    """One row per article of the catalogue, sorted: article and `segment`, one of FIRST_SALE_SEGMENTS. `history` must be of all
    customers."""
    never, new, older = FIRST_SALE_SEGMENTS
    first = history.transactions.group_by("article").agg(days=pl.col("days_ago").max())
    days = pl.col("days")
    return (
        history.articles.select("article")
        .join(first, on="article", how="left", validate="1:1")
        .select(
            "article",
            segment=pl.when(days.is_null()).then(pl.lit(never)).when(days <= 7).then(pl.lit(new)).otherwise(pl.lit(older)),
        )
        .sort("article")
    )


def segment_members(segmented: pl.DataFrame) -> Iterator[tuple[str, pl.DataFrame]]:
    """Every segment that has customers and its `customer` column: ALL first, then those declared above, then others by name."""
    yield ALL, segmented.select("customer")
    present, declared = set(segmented["segment"].unique()) - {ALL}, (*RECENCY_SEGMENTS, *FREQUENCY_SEGMENTS, *PURCHASE_SEGMENTS)
    for segment in [*(s for s in declared if s in present), *sorted(present - set(declared))]:
        yield segment, segmented.filter(pl.col("segment") == segment).select("customer")
