"""Fixed simple recommenders that the system is measured against. They share no code with the candidate sources.

Input: History. Output: RECOMMENDATIONS, k for every customer asked for; POPULARITY.
"""

from collections.abc import Callable, Mapping

import polars as pl

from lookbook.data.dataset import History
from lookbook.data.order import best_first
from lookbook.data.schema import PAIR, RECOMMENDATIONS, Schema

POPULAR_DAYS = 28
"""Days before as_of whose buyers make an article popular."""

HALF_LIFE_DAYS = 60
"""Decay of `repurchase_popularity`: the best of 7, 14, 30, 60, 120 on complete-journey before its test week."""

MOST_BOUGHT_DAYS = 180
"""Days before as_of that `most_bought` counts: the best of 90, 180, 240, 300 and all, chosen likewise."""

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


def popularity(history: History, popular: pl.LazyFrame, customers: pl.Series, *, k: int) -> pl.LazyFrame:
    """The same `k` articles with the most buyers lately for every customer."""
    return _filled(_nothing(history), popular, customers, k=k)


def repurchase_popularity(history: History, popular: pl.LazyFrame, customers: pl.Series, *, k: int) -> pl.LazyFrame:
    """The customer's own articles by the decayed number of days they were bought on, then `popularity`."""
    own = _purchase_days(history, customers).group_by(PAIR).agg(score=_decayed(pl.col("days_ago")).sum())
    return _filled(_ranked(own, "score"), popular, customers, k=k)


def most_bought(history: History, popular: pl.LazyFrame, customers: pl.Series, *, k: int) -> pl.LazyFrame:
    """The customer's own articles by the number of days of the last MOST_BOUGHT_DAYS they were bought on, ties by the
    latest; then `popularity`."""
    own = (
        _purchase_days(history, customers)
        .filter(pl.col("days_ago") <= MOST_BOUGHT_DAYS)
        .group_by(PAIR)
        .agg(score=pl.len(), latest=-pl.col("days_ago").min().cast(pl.Int32))
    )
    return _filled(_ranked(own, "score", "latest"), popular, customers, k=k)


Baseline = Callable[..., pl.LazyFrame]

BASELINES: Mapping[str, Baseline] = {
    "popularity": popularity,
    "repurchase_popularity": repurchase_popularity,
    "most_bought": most_bought,
}
"""Every baseline by its name in METRICS."""


def baseline_recommendations(history: History, customers: pl.Series, *, k: int) -> dict[str, pl.LazyFrame]:
    """RECOMMENDATIONS of every baseline for `customers` (unique ids), by name; exactly `k` each.

    `history` is that of all customers. score is null for an article that fills the list. A market with fewer than `k`
    articles ever sold gives shorter lists.
    """
    popular = article_popularity(history).collect().lazy()
    return {name: recommend(history, popular, customers, k=k) for name, recommend in BASELINES.items()}


def _purchase_days(history: History, customers: pl.Series) -> pl.LazyFrame:
    return history.of(customers.cast(pl.UInt32)).transactions.select("customer", "article", "days_ago").unique()


def _decayed(days_ago: pl.Expr) -> pl.Expr:
    """Whole units of 2**-20, so that the sum does not depend on the order of the rows."""
    return (0.5 ** (days_ago.cast(pl.Float64) / HALF_LIFE_DAYS) * (1 << 20)).round().cast(pl.Int64)


def _ranked(own: pl.LazyFrame, *by: str) -> pl.LazyFrame:
    return best_first(own, *by).with_columns(place=pl.int_range(1, pl.len() + 1, dtype=pl.UInt32).over("customer"))


def _nothing(history: History) -> pl.LazyFrame:
    return history.transactions.select("customer", "article", score=pl.lit(0), place=pl.lit(1, dtype=pl.UInt32)).filter(False)


def _filled(own: pl.LazyFrame, popular: pl.LazyFrame, customers: pl.Series, *, k: int) -> pl.LazyFrame:
    """Each customer's own articles in their order, then popular ones that are not among them, cut at `k`."""
    columns = ("customer", "article", "score", "place", "tier")
    kept = own.filter(pl.col("place") <= k).with_columns(pl.col("score").cast(pl.Float32), tier=pl.lit(0))
    fill = (
        pl.LazyFrame({"customer": customers.cast(pl.UInt32)})
        .join(popular.filter(pl.col("rank") <= k), how="cross")
        .with_columns(score=pl.lit(None, dtype=pl.Float32), tier=pl.lit(1))
        .rename({"rank": "place"})
        .join(kept, on=PAIR, how="anti")
    )
    return (
        pl.concat([kept.select(columns), fill.select(columns)])
        .sort("customer", "tier", "place")
        .with_columns(rank=pl.int_range(1, pl.len() + 1, dtype=pl.UInt32).over("customer"))
        .filter(pl.col("rank") <= k)
        .select(pl.col(column).cast(dtype) for column, dtype in RECOMMENDATIONS.items())
    )
