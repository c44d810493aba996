"""Metrics at k of a week's recommendations, one row per customer, and two of the recommended catalogue.

Input: RECOMMENDATIONS, LABELS, POPULARITY (baselines/popularity.py). Output: CUSTOMER_METRICS; one-row frames for the catalogue.
Every mean in this project is over the customers who have at least one label (docs/conventions.md).
"""

from math import log2

import polars as pl

from lookbook.data.schema import PAIR, Schema

CUSTOMER_METRICS: Schema = {
    "customer": pl.UInt32,
    "n_labels": pl.UInt32,
    "average_precision": pl.Float64,
    "recall": pl.Float64,
    "precision": pl.Float64,
    "f1": pl.Float64,
    "ndcg": pl.Float64,
    "reciprocal_rank": pl.Float64,
    "hit": pl.Float64,
}
"""One row per customer with a label, sorted by customer; every metric is in 0..1, 0 without recommendations."""


def customer_metrics(recommendations: pl.LazyFrame, labels: pl.LazyFrame, *, k: int) -> pl.LazyFrame:
    """CUSTOMER_METRICS of the first `k` ranks. Recommendations of customers without labels are ignored.

    An article that a list repeats counts at its best rank only; its other places are wasted.
    average_precision is divided by min(n_labels, k), precision by k, recall by n_labels; ndcg has binary gains and is
    divided by that of min(n_labels, k) hits in the first places.
    """
    hits = (
        recommendations.filter(pl.col("rank") <= k)
        .join(labels, on=PAIR, how="semi")
        .group_by(PAIR)
        .agg(pl.col("rank").min())
        .group_by("customer")
        .agg(hit_ranks=pl.col("rank").cast(pl.UInt32).sort())
    )
    return (
        labels.group_by("customer")
        .agg(n_labels=pl.col("article").n_unique())
        .join(hits, on="customer", how="left", validate="1:1")
        .with_columns(pl.col("hit_ranks").fill_null([]))
        .with_columns(n_hits=pl.col("hit_ranks").list.len())
        .with_columns(
            average_precision=_sum_over_hits(pl.element().cum_count() / pl.element())
            / pl.min_horizontal("n_labels", pl.lit(k, dtype=pl.UInt32)),
            recall=pl.col("n_hits") / pl.col("n_labels"),
            precision=pl.col("n_hits") / k,
            f1=2 * pl.col("n_hits") / (pl.col("n_labels") + k),
            ndcg=_sum_over_hits(_discount(k)) / _ideal_gain(k),
            reciprocal_rank=(1 / pl.col("hit_ranks").list.first()).fill_null(0.0),
            hit=(pl.col("n_hits") > 0).cast(pl.Float64),
        )
        .select(pl.col(column).cast(dtype) for column, dtype in CUSTOMER_METRICS.items())
        .sort("customer")
    )


def catalogue_coverage(recommendations: pl.LazyFrame, sellable: pl.LazyFrame) -> pl.LazyFrame:
    """One row, `coverage`: the share of the `sellable` articles (column article) that somebody is recommended."""
    shown = recommendations.select("article").unique()
    return (
        sellable.select("article")
        .unique()
        .join(shown.with_columns(shown=True), on="article", how="left")
        .select(coverage=pl.col("shown").count() / pl.len())
    )


def novelty(recommendations: pl.LazyFrame, popularity: pl.LazyFrame) -> pl.LazyFrame:
    """One row, `popularity_rank`: the mean popularity rank of everything recommended; higher = less obvious.

    `popularity`: article, rank (1 = sold most). An article it lacks counts as ranked after its last one.
    """
    last = popularity.select(unsold=pl.col("rank").max().fill_null(0) + 1)
    return (
        recommendations.select("article")
        .join(popularity.select("article", place="rank"), on="article", how="left", validate="m:1")
        .join(last, how="cross")
        .select(popularity_rank=pl.coalesce("place", "unsold").cast(pl.UInt64).sum() / pl.len())
    )


def _sum_over_hits(term: pl.Expr) -> pl.Expr:
    """Sum of `term` over a customer's hits in rank order: within a list, so that the float sum has a fixed order."""
    return pl.col("hit_ranks").list.eval(term).list.sum()


def _discount(k: int) -> pl.Expr:
    discounts = {rank: 1 / log2(rank + 1) for rank in range(1, k + 1)}
    return pl.element().replace_strict(discounts, return_dtype=pl.Float64)


def _ideal_gain(k: int) -> pl.Expr:
    gains = {hits: sum(1 / log2(rank + 1) for rank in range(1, hits + 1)) for hits in range(1, k + 1)}
    return pl.col("n_labels").clip(upper_bound=k).replace_strict(gains, return_dtype=pl.Float64)
