"""The last step: the best k articles of every customer, filled up where the ranker has fewer than k.

Input: scored pairs, the customers to serve, a fallback list. Output: RECOMMENDATIONS.
"""

import math
from decimal import Decimal

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
    best = _ranked(scored).group_by("customer", maintain_order=True).head(k)
    short = customers.join(best.group_by("customer").len(), on="customer", how="left").filter(pl.col("len").fill_null(0) < k)
    return _listed(_filled(best, short, fallback), k)


def select_with_new(
    scored: pl.LazyFrame, customers: pl.LazyFrame, fallback: pl.LazyFrame, bought: pl.LazyFrame, *, k: int, share: float
) -> pl.LazyFrame:
    """Like `select_top_k`, but at least ceil(k x share) of the articles are not in `bought` (customer, article: each pair once).

    Where fewer of the best k are new, the best new articles below them replace the bought ones with the lowest ranks; all that
    stay keep their order. New articles come from the ranked ones, then from the fallback list; where both are used up, bought
    ones stay after all.
    """
    seen = bought.with_columns(bought=pl.lit(True))
    everything = (
        _in_order(_filled(_ranked(scored), customers, fallback))
        .join(seen, on=PAIR, how="left", validate="1:1", maintain_order="left")
        .with_columns(pl.col("bought").fill_null(False))
    )
    too_many = pl.col("bought") & (pl.col("bought").cum_sum().over("customer") > k - new_places(k, share))
    return _listed(everything.sort("customer", too_many, maintain_order=True).group_by("customer", maintain_order=True).head(k), k)


def new_places(k: int, share: float) -> int:
    """ceil(k x share), share as it is written: 0.7 of 10 are 7 places, though the product of the two floats is above 7."""
    return math.ceil(k * Decimal(str(share)))


def _ranked(scored: pl.LazyFrame) -> pl.LazyFrame:
    """Pairs best first, at place 0: before everything of the fallback list."""
    return best_first(scored.select("customer", "article", "score", "rrf", place=pl.lit(0, dtype=pl.UInt32)), "score", "rrf")


def _filled(ranked: pl.LazyFrame, customers: pl.LazyFrame, fallback: pl.LazyFrame) -> pl.LazyFrame:
    """`ranked`, and for each of `customers` the fallback articles that are not among them."""
    fill = customers.select("customer", "age_band").join(fallback, on="age_band", how="inner", nulls_equal=True)
    fresh = fill.join(ranked, on=PAIR, how="anti").select(
        "customer", "article", *(pl.lit(None, dtype=pl.Float32).alias(name) for name in ("score", "rrf")), "place"
    )
    return pl.concat([ranked, fresh], how="diagonal")


def _in_order(rows: pl.LazyFrame) -> pl.LazyFrame:
    return best_first(rows, "score", "rrf", within=("customer", "place"))


def _listed(rows: pl.LazyFrame, k: int) -> pl.LazyFrame:
    """RECOMMENDATIONS: the first k of each customer."""
    return (
        _in_order(rows)
        .with_columns(rank=pl.int_range(1, pl.len() + 1, dtype=pl.UInt32).over("customer"))
        .filter(pl.col("rank") <= k)
        .select(pl.col(name).cast(dtype) for name, dtype in RECOMMENDATIONS.items())
    )
