"""The ladder of simple methods that fashion data is known by: each rung beats the one below it.

Input: History. Output: RECOMMENDATIONS per rung, and the MAP that H&M's data gives each.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from lookbook.data.dataset import History
from lookbook.data.order import best_first
from lookbook.data.schema import PAIR, RECOMMENDATIONS

POPULAR_DAYS = 7
FOREVER = 1 << 15


@dataclass(frozen=True)
class Rung:
    """own_days: days of own purchases, latest first, that are recommended again; popular_days: days whose sales fill the list
    up. 0 = none. hm_map: MAP@12 in the last week of the H&M data."""

    own_days: int
    popular_days: int
    hm_map: float


LADDER: Mapping[str, Rung] = {
    "popularity, all time": Rung(0, FOREVER, 0.0029),
    "popularity, 7 days": Rung(0, POPULAR_DAYS, 0.0087),
    "repurchase, 7 days": Rung(7, 0, 0.0217),
    "repurchase, 90 days": Rung(90, 0, 0.0221),
    "repurchase, 90 days, then popularity": Rung(90, POPULAR_DAYS, 0.0256),
}
"""Lowest rung first."""


def ladder_recommendations(history: History, customers: pl.Series, rung: Rung, *, k: int) -> pl.LazyFrame:
    """RECOMMENDATIONS of one rung for `customers`, at most `k` each: own articles by the latest date they were bought on, ties
    by the number of dates; then those sold most. Ties by the smaller article id. score is null throughout."""
    bought = (
        history.of(customers.cast(pl.UInt32))
        .transactions.filter(pl.col("days_ago") <= rung.own_days)
        .group_by(PAIR)
        .agg(latest=-pl.col("days_ago").min().cast(pl.Int32), dates=pl.col("days_ago").n_unique())
    )
    own = best_first(bought, "latest", "dates").with_columns(place=pl.int_range(1, pl.len() + 1).over("customer"), tier=0)
    sold = history.transactions.filter(pl.col("days_ago") <= rung.popular_days).group_by("article").len()
    popular = best_first(sold, "len", within=()).head(k).with_row_index("place", offset=1)
    fill = pl.LazyFrame({"customer": customers.cast(pl.UInt32)}).join(popular, how="cross").with_columns(tier=1)
    columns = ("customer", "article", "tier", pl.col("place").cast(pl.UInt32))
    return (
        pl.concat([own.select(columns), fill.join(own, on=PAIR, how="anti").select(columns)])
        .sort("customer", "tier", "place")
        .with_columns(rank=pl.int_range(1, pl.len() + 1, dtype=pl.UInt32).over("customer"), score=None)
        .filter(pl.col("rank") <= k)
        .select(pl.col(column).cast(dtype) for column, dtype in RECOMMENDATIONS.items())
    )
