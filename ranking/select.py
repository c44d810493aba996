"""The last step: the best k articles of every customer, filled up where the ranker has fewer than k.

Input: scored pairs, the customers to serve, a fallback list. Output: RECOMMENDATIONS.
"""

import polars as pl

from lookbook.data.dataset import History
from lookbook.data.order import best_first
from lookbook.data.schema import PAIR, RECOMMENDATIONS

FALLBACK_DAYS = 28


def fallback_lists(history: History, k: int) -> pl.LazyFrame:
    """What to recommend when nothing is known: (age_band, article, place) with 2k articles per age band and per null.

    Sorted by sales to that age band in the last 28 days, then to everybody in the last 28 days, then ever, then article id; so a
    catalogue of at least 2k articles always fills the list. The rows of age_band null are the overall list.
    """
    lately = pl.col("days_ago") <= FALLBACK_DAYS
    sold = history.transactions.group_by("article").agg(recent=lately.sum(), ever=pl.len())
    overall = history.articles.select("article").join(sold, on="article", how="left").fill_null(0)
    by_band = (
        history.transactions.filter(lately)
        .join(history.customers.select("customer", "age_band").drop_nulls(), on="customer")
        .group_by("age_band", "article")
        .agg(recent=pl.len())
    )
    bands = history.customers.select("age_band").unique().join(overall, how="cross").rename({"recent": "_all"})
    in_band = bands.join(by_band, on=["age_band", "article"], how="left").with_columns(pl.col("recent").fill_null(0))
    return (
        best_first(in_band, "recent", "_all", "ever", within=("age_band",))
        .with_columns(place=pl.int_range(1, pl.len() + 1, dtype=pl.UInt32).over("age_band"))
        .filter(pl.col("place") <= 2 * k)
        .select("age_band", "article", "place")
        .sort("age_band", "place")
    )


def select_top_k(scored: pl.LazyFrame, customers: pl.LazyFrame, fallback: pl.LazyFrame, *, k: int) -> pl.LazyFrame:
    """RECOMMENDATIONS: exactly k distinct articles for every customer, fewer only if the catalogue has fewer.

    scored: customer, article, score, rrf, one row per pair; of equal scores the higher rrf goes first. customers: customer,
    age_band. Fallback articles (fallback_lists) come after the ranked ones, in their order, with score null.
    """
    ranked = scored.select("customer", "article", "score", "rrf", place=pl.lit(0, dtype=pl.UInt32))
    best = best_first(ranked, "score", "rrf").group_by("customer", maintain_order=True).head(k)
    short = customers.join(best.group_by("customer").len(), on="customer", how="left").filter(pl.col("len").fill_null(0) < k)
    fill = short.select("customer", "age_band").join(fallback, on="age_band", how="inner", nulls_equal=True)
    fresh = fill.join(best, on=PAIR, how="anti").select(
        "customer", "article", *(pl.lit(None, dtype=pl.Float32).alias(name) for name in ("score", "rrf")), "place"
    )
    return (
        best_first(pl.concat([best, fresh], how="diagonal"), "score", "rrf", within=("customer", "place"))
        .with_columns(rank=pl.int_range(1, pl.len() + 1, dtype=pl.UInt32).over("customer"))
        .filter(pl.col("rank") <= k)
        .select(pl.col(name).cast(dtype) for name, dtype in RECOMMENDATIONS.items())
    )
