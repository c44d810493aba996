"""The last step: the best k articles of every customer, filled up where the ranker has fewer than k.

Input: scored pairs, the customers to serve, a fallback list. Output: RECOMMENDATIONS.
"""

import polars as pl

from lookbook.data.dataset import History
from lookbook.data.schema import RECOMMENDATIONS

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
    return (
        bands.join(by_band, on=["age_band", "article"], how="left")
        .sort(pl.col("recent").fill_null(0), "_all", "ever", pl.col("article").cast(pl.Int64) * -1, descending=True)
        .with_columns(place=pl.int_range(1, pl.len() + 1, dtype=pl.UInt32).over("age_band"))
        .filter(pl.col("place") <= 2 * k)
        .select("age_band", "article", "place")
        .sort("age_band", "place")
    )


def select_top_k(scored: pl.LazyFrame, customers: pl.LazyFrame, fallback: pl.LazyFrame, *, k: int) -> pl.LazyFrame:
    """RECOMMENDATIONS: exactly k distinct articles for every customer, fewer only if the catalogue has fewer.

    scored: customer, article, score, one row per pair; ties go to the smaller article id. customers: customer, age_band.
    Fallback articles (fallback_lists) come after the ranked ones, in their order, with score null.
    """
    ranked = scored.select("customer", "article", "score", place=pl.lit(0, dtype=pl.UInt32))
    best = (
        ranked.sort("customer", "score", "article", descending=[False, True, False])
        .group_by("customer", maintain_order=True)
        .head(k)
    )
    short = customers.join(best.group_by("customer").len(), on="customer", how="left").filter(pl.col("len").fill_null(0) < k)
    fill = short.select("customer", "age_band").join(fallback, on="age_band", how="inner", nulls_equal=True)
    fresh = fill.join(best, on=["customer", "article"], how="anti").select(
        "customer", "article", score=pl.lit(None, dtype=pl.Float32), place="place"
    )
    return (
        pl.concat([best.select("customer", "article", "score", "place"), fresh])
        .sort("customer", "place", "score", "article", descending=[False, False, True, False], nulls_last=True)
        .with_columns(rank=pl.int_range(1, pl.len() + 1, dtype=pl.UInt32).over("customer"))
        .filter(pl.col("rank") <= k)
        .select(pl.col(name).cast(dtype) for name, dtype in RECOMMENDATIONS.items())
    )
