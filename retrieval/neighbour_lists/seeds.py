"""What a customer's purchases lead to through neighbour lists, and which of them lead to an article.

Input: NEIGHBOURS, History. Output: CANDIDATES and EVIDENCE.
"""

from dataclasses import dataclass

import polars as pl

from lookbook.data.dataset import History
from lookbook.data.schema import PAIR
from lookbook.retrieval.source import (
    DECAY_UNITS,
    best_per_key,
    decay,
    pair_key,
    purchase_days,
    rank_candidates,
    strongest_evidence,
)

FINE_UNITS = 1 << 24
"""Units of similarities many of which are far below 1. Sums stay below 2**63 for half a million purchases."""


@dataclass(frozen=True)
class Seeds:
    """The articles of a customer whose neighbours are looked up: the `count` with the most decayed days of purchase.

    An article scores the sum over the seeds of (decayed days of the seed) x (its similarity to the article). Similarities are
    rounded to `1 / similarity_units`, so that the sum is one of whole numbers; an article that sums to 0 is no candidate.
    """

    count: int
    half_life_days: float
    similarity_units: int

    def candidates(self, neighbours: pl.LazyFrame, history: History, k: int) -> pl.LazyFrame:
        """CANDIDATES, the best `k` of each customer of `history`."""
        return candidates_of(self._links(neighbours, history), k=k, unit=self._unit)

    def evidence(self, neighbours: pl.LazyFrame, history: History, pairs: pl.LazyFrame) -> pl.LazyFrame:
        """EVIDENCE for `pairs`: the seeds with the article among their neighbours; strength: what each adds to the score."""
        wanted = neighbours.join(pairs, on="article", how="semi")
        return strongest_evidence(
            self._links(wanted, history)
            .join(pairs, on=PAIR, how="semi")
            .filter(pl.col("units") > 0)
            .select("customer", "article", purchase="seed", strength=pl.col("units") / self._unit)
        )

    @property
    def _unit(self) -> int:
        return DECAY_UNITS * self.similarity_units

    def _links(self, neighbours: pl.LazyFrame, history: History) -> pl.LazyFrame:
        """customer, seed, article, units: what each seed adds to the score of each of its neighbours, in 1 / _unit."""
        units = (pl.col("similarity").cast(pl.Float64) * self.similarity_units).round().cast(pl.Int64)
        return (
            seeds_of(history, count=self.count, half_life_days=self.half_life_days)
            .rename({"article": "seed"})
            .join(neighbours, on="seed")
            .select("customer", "seed", "article", units=pl.col("weight") * units)
        )


def seeds_of(history: History, *, count: int, half_life_days: float) -> pl.LazyFrame:
    """customer, article, weight: the `count` articles of each customer with the most decayed days of purchase, in DECAY_UNITS."""
    bought = purchase_days(history.transactions).with_columns(weight=decay(pl.col("days_ago"), half_life_days))
    return best_per_key(bought.group_by(PAIR).agg(pl.col("weight").sum()), "customer", by="weight", tie="article", top=count)


def candidates_of(links: pl.LazyFrame, *, k: int, unit: int) -> pl.LazyFrame:
    """CANDIDATES from (customer, article, units), what leads to them: the score is the sum of units / `unit`, if above 0."""
    return rank_candidates(
        links.group_by(pair=pair_key())
        .agg(score=pl.col("units").sum() / unit)
        .filter(pl.col("score") > 0)
        .with_columns(customer=(pl.col("pair") // 2**32).cast(pl.UInt32), article=(pl.col("pair") % 2**32).cast(pl.UInt32)),
        k,
    )
