"""Customers by how long ago they last bought: the difficulty of predicting them differs widely.

Input: History, customers. Output: SEGMENTED (customer, segment).
"""

from collections.abc import Iterator

import polars as pl

from lookbook.data.dataset import History

RECENCY_SEGMENTS = ("<=7", "8-30", "31-90", ">90", "never")
"""Days from the last purchase before as_of to as_of, both ends included; "never" = no purchase before as_of."""

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


def segment_members(segmented: pl.DataFrame) -> Iterator[tuple[str, pl.DataFrame]]:
    """Every segment that has customers and its `customer` column: ALL first, then RECENCY_SEGMENTS, then others by name."""
    yield ALL, segmented.select("customer")
    present = set(segmented["segment"].unique()) - {ALL}
    others = sorted(present - set(RECENCY_SEGMENTS))
    for segment in [*(s for s in RECENCY_SEGMENTS if s in present), *others]:
        yield segment, segmented.filter(pl.col("segment") == segment).select("customer")
