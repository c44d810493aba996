"""Repurchase: articles the customer bought before, more often and more recently first.

Input: History. Output: CANDIDATES.
"""

from dataclasses import dataclass
from typing import ClassVar

import polars as pl

from data.dataset import History
from retrieval.source import (
    DECAY_UNITS,
    FORBID_UNKNOWN_KEYS,
    Count,
    Days,
    Device,
    Tables,
    decay,
    purchase_days,
    rank_candidates,
)


@dataclass(frozen=True)
class Repurchase:
    """score: the number of days on which the customer bought the article, each halved every `half_life_days`."""

    name: ClassVar[str] = "repurchase"
    warm_start: ClassVar[bool] = False
    __pydantic_config__: ClassVar[dict[str, str]] = FORBID_UNKNOWN_KEYS

    k: Count
    half_life_days: Days

    def learn(self, history: History, *, earlier: Tables | None, seed: int, device: Device) -> Tables:
        """Nothing: a purchase history is the customer's own."""
        return {}

    def generate(self, learned: Tables, history: History, customers: pl.Series) -> pl.LazyFrame:
        bought = (
            purchase_days(history.transactions)
            .group_by("customer", "article")
            .agg(score=decay(pl.col("days_ago"), self.half_life_days).sum() / DECAY_UNITS)
        )
        return rank_candidates(bought, self.k)
