"""Repurchase: articles the customer bought before, most and latest bought first, those people tend to rebuy ahead.

Input: History. Output: CANDIDATES.
"""

from dataclasses import dataclass
from typing import ClassVar

import polars as pl

from lookbook.data.bought_pairs import sums_by_article
from lookbook.data.dataset import History
from lookbook.data.schema import PAIR
from lookbook.retrieval.source import (
    DECAY_UNITS,
    FORBID_UNKNOWN_KEYS,
    Count,
    Days,
    Device,
    NotNegative,
    Tables,
    decay,
    purchase_days,
    rank_candidates,
    strongest_evidence,
)

PRIOR_BUYERS = 10
PRIOR_REPEATS = 2


@dataclass(frozen=True)
class Repurchase:
    """score: the days on which the customer bought the article, each halved every `half_life_days`, times the article's
    repeats to the power `repeat_power`.

    An article's repeats are the further days on which its buyers bought it again, per buyer; they tell milk from a
    birthday card even when the customer bought both once.
    """

    name: ClassVar[str] = "repurchase"
    warm_start: ClassVar[bool] = False
    personal: ClassVar[bool] = True
    needs: ClassVar[str] = "customers with purchases before the week"
    __pydantic_config__: ClassVar[dict[str, str]] = FORBID_UNKNOWN_KEYS

    k: Count
    half_life_days: Days
    repeat_power: NotNegative

    def learn(self, history: History, *, earlier: Tables | None, seed: int, device: Device) -> Tables:
        """repeats: article, repeats; as if ten more buyers had bought it again twice between them."""
        sums = [pl.col("days").sum(), pl.len().cast(pl.Int64).alias("buyers")]
        repeats = (pl.col("days") - pl.col("buyers") + PRIOR_REPEATS) / (pl.col("buyers") + PRIOR_BUYERS)
        return {"repeats": sums_by_article(history, sums).select("article", repeats=repeats)}

    def generate(self, learned: Tables, history: History, customers: pl.Series) -> pl.LazyFrame:
        return rank_candidates(
            self._bought(history)
            .join(learned["repeats"], on="article")
            .with_columns(score=pl.col("purchases") * pl.col("repeats") ** self.repeat_power),
            self.k,
        )

    def evidence(self, learned: Tables, history: History, pairs: pl.LazyFrame) -> pl.LazyFrame:
        """The article itself; strength: the days on which the customer bought it, decayed."""
        bought = self._bought(history).join(pairs, on=PAIR, how="semi")
        return strongest_evidence(bought.select("customer", "article", purchase="article", strength="purchases"))

    def _bought(self, history: History) -> pl.LazyFrame:
        """customer, article, purchases: the days on which the customer bought the article, decayed."""
        weight = decay(pl.col("days_ago"), self.half_life_days)
        return purchase_days(history.transactions).group_by(PAIR).agg(purchases=weight.sum() / DECAY_UNITS)
