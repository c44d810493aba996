"""User neighbours: what the customers bought whose purchases are most like the customer's own, and these.

Input: History. Output: CANDIDATES. User-based collaborative filtering: with cosine (Breese, Heckerman, Kadie 1998) or Pearson
correlation (Resnick et al. 1994) of decayed purchases, or as TIFU-KNN (Hu, He, Gao, Zhang 2020).
"""

from dataclasses import dataclass, replace
from typing import Annotated, ClassVar

import polars as pl
from annotated_types import Ge, Gt, Le

from lookbook.data.customer_rows.baskets import baskets
from lookbook.data.customer_rows.rows import stacked
from lookbook.data.customer_rows.tifu import WEIGHT_UNIT, TifuVectors
from lookbook.data.dataset import History
from lookbook.data.schema import PAIR
from lookbook.retrieval.alike import Alike, Similarity
from lookbook.retrieval.source import (
    DECAY_UNITS,
    EVIDENCE,
    FORBID_UNKNOWN_KEYS,
    Count,
    Days,
    Device,
    Tables,
    decay,
    purchase_days,
    rank_candidates,
    strongest_evidence,
)

Decay = Annotated[float, Gt(0), Le(1)]


@dataclass(frozen=True)
class UserNeighbours:
    """score: `own_weight` x the article's weight for the customer + the mean of its weights for the nearest others.

    The weight is what TIFU gives, or with another similarity the days of purchase, each halved every `half_life_days`. Two
    customers are compared over the articles of both of which the other one is among the latest `co_buyers` buyers, so that the
    work for a customer is bounded by their articles times `co_buyers`; lengths and means are of whole vectors. Nearest is by
    Euclidean distance (tifu, all count alike) or by cosine or Pearson correlation over all articles sold (those above 0, in
    proportion). Memory: about 100 bytes for each customer and article that they bought within `history_days`.
    """

    name: ClassVar[str] = "user_neighbours"
    warm_start: ClassVar[bool] = False
    personal: ClassVar[bool] = True
    needs: ClassVar[str] = "customers with purchases within retrieval.user_neighbours.history_days"
    __pydantic_config__: ClassVar[dict[str, str]] = FORBID_UNKNOWN_KEYS

    k: Count
    similarity: Similarity
    neighbours: Count
    own_weight: Annotated[float, Ge(0), Le(1_000_000)]
    history_days: Count
    co_buyers: Count
    half_life_days: Days
    basket_decay: Decay
    group_decay: Decay
    groups: Count

    def learn(self, history: History, *, earlier: Tables | None, seed: int, device: Device) -> Tables:
        """customer_weights: customer, article, weight (in whole units), lately (whether the customer is among the latest
        `co_buyers` buyers of the article, of equals the smaller id), sorted by customer and article."""
        known = replace(history, transactions=history.transactions.filter(pl.col("days_ago") <= self.history_days))
        last = known.transactions.group_by(PAIR).agg(last=pl.col("days_ago").min())
        place = pl.col("last").rank("ordinal").over("article")  # ties in order of rows
        table = self._weights(known).filter(pl.col("weight") > 0).join(last, on=PAIR, validate="1:1").sort(PAIR)
        return {"customer_weights": table.with_columns(lately=place <= self.co_buyers).drop("last")}

    def generate(self, learned: Tables, history: History, customers: pl.Series) -> pl.LazyFrame:
        found = self._alike(learned).scores(customers, own_weight=self.own_weight, k=self.k)
        table = stacked(found, {**dict.fromkeys(PAIR, pl.UInt32), "score": pl.Float64})
        return rank_candidates(table.lazy().with_columns(pl.col("score") / self._unit), self.k)

    def evidence(self, learned: Tables, history: History, pairs: pl.LazyFrame) -> pl.LazyFrame:
        """The customer's purchases through which the neighbours were found that bought the article, and the article itself;
        strength: what each adds to the score."""
        alike = self._alike(learned)
        known = pl.LazyFrame({"customer": alike.rowed.customers}, schema={"customer": pl.UInt32})
        asked = pairs.join(known, on="customer", how="semi").filter(pl.col("article") < alike.rowed.articles).collect()
        marks = alike.rowed.matrix(asked.with_columns(asked=1), "asked")
        found = alike.reasons(asked["customer"].unique(), marks, own_weight=self.own_weight)
        return strongest_evidence(stacked(found, EVIDENCE).lazy().with_columns(pl.col("strength") / self._unit))

    @property
    def _unit(self) -> int:
        return WEIGHT_UNIT if self.similarity == "tifu" else DECAY_UNITS

    def _weights(self, known: History) -> pl.LazyFrame:
        if self.similarity == "tifu":
            return TifuVectors(self.basket_decay, self.group_decay, self.groups).of(baskets(known)).lazy()
        weight = decay(pl.col("days_ago"), self.half_life_days)
        return purchase_days(known.transactions).with_columns(weight=weight).group_by(PAIR).agg(pl.col("weight").sum())

    def _alike(self, learned: Tables) -> Alike:
        return Alike.of(learned["customer_weights"].collect(), similarity=self.similarity, neighbours=self.neighbours)
