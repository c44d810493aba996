"""Social: what the people round a customer bought lately.

Input: History. Output: CANDIDATES. The links are those that the data set states; without any, customers are linked who share a
household, and who lately bought the same articles that few others bought (Adamic and Adar 2003).
"""

from dataclasses import dataclass
from typing import ClassVar

import polars as pl

from lookbook.data.dataset import History
from lookbook.data.schema import PAIR
from lookbook.retrieval.source import (
    DECAY_UNITS,
    EVIDENCE,
    FORBID_UNKNOWN_KEYS,
    Count,
    Days,
    Device,
    NotNegative,
    Tables,
    best_per_key,
    decay,
    pair_key,
    purchase_days,
    rank_candidates,
)

RANGE_CUSTOMERS = 1 << 15
"""Customer ids whose links through articles are counted at a time."""


@dataclass(frozen=True)
class Social:
    """score: sum over the customer's `friends` closest ones of their closeness x their days of purchase within `window_days`, each
    halved every `half_life_days`.

    closeness: 1 = the customer's closest. It follows the weight of the link, or without links `household_weight` for the same
    household of at most `max_household` customers, and `co_purchase_weight` / ln(buyers) for every article that both bought within
    `window_days` and that has at most `max_buyers` buyers in them.
    """

    name: ClassVar[str] = "social"
    warm_start: ClassVar[bool] = False
    personal: ClassVar[bool] = False
    needs: ClassVar[str] = (
        "customers who are linked, share a household, or bought the same rare articles within retrieval.social.window_days"
    )
    __pydantic_config__: ClassVar[dict[str, str]] = FORBID_UNKNOWN_KEYS

    k: Count
    window_days: Count
    half_life_days: Days
    friends: Count
    household_weight: NotNegative
    max_household: Count
    co_purchase_weight: NotNegative
    max_buyers: Count

    def learn(self, history: History, *, earlier: Tables | None, seed: int, device: Device) -> Tables:
        """friends: customer, friend, closeness (whole units of 2**-20), closest first; bought: customer, article, weight (decayed
        days of purchase in the same units), sorted."""
        recent = purchase_days(history.transactions.filter(pl.col("days_ago") <= self.window_days))
        weight = decay(pl.col("days_ago"), self.half_life_days).sum()
        bought = recent.group_by(PAIR).agg(weight=weight).sort(PAIR).collect().lazy()
        links = self._stated(history) if history.links is not None else self._found(history, bought)
        closeness = pl.col("closeness") / pl.col("closeness").max().over("customer") * DECAY_UNITS
        return {
            "friends": links.with_columns(closeness=closeness.round().cast(pl.Int64)).filter(pl.col("closeness") > 0),
            "bought": bought.filter(pl.col("weight") > 0),
        }

    def generate(self, learned: Tables, history: History, customers: pl.Series) -> pl.LazyFrame:
        near = pl.col("customer").is_between(customers.min(), customers.max())  # reads only their part of the file
        asked = learned["friends"].filter(near).join(pl.LazyFrame({"customer": customers}), on="customer", how="semi")
        bought = learned["bought"].rename({"customer": "friend"})
        return rank_candidates(
            asked.join(bought, on="friend")
            .group_by(pair=pair_key())
            .agg(score=(pl.col("closeness") * pl.col("weight")).sum() / DECAY_UNITS**2)
            .with_columns(customer=(pl.col("pair") // 2**32).cast(pl.UInt32), article=(pl.col("pair") % 2**32).cast(pl.UInt32)),
            self.k,
        )

    def evidence(self, learned: Tables, history: History, pairs: pl.LazyFrame) -> pl.LazyFrame:
        """None: it is what others bought."""
        return pl.LazyFrame(schema=EVIDENCE)

    def _stated(self, history: History) -> pl.LazyFrame:
        assert history.links is not None
        return self._closest(history.links.select("customer", "friend", closeness="weight"))

    def _found(self, history: History, bought: pl.LazyFrame) -> pl.LazyFrame:
        """customer, friend, closeness (whole units) of the `friends` closest by households and articles."""
        home, share = self._homes(history), self._rare(bought)
        largest = history.customers.select(pl.col("customer").max()).collect().item() or 0
        parts = []
        for start in range(0, largest + 1, RANGE_CUSTOMERS):
            near = pl.col("customer").is_between(start, start + RANGE_CUSTOMERS - 1)
            linked = [
                part.filter(near).join(part.rename({"customer": "friend"}), on=key).select("customer", "friend", closeness="units")
                for part, key in ((home, "household"), (share, "article"))
            ]
            summed = (
                pl.concat(linked)
                .filter(pl.col("customer") != pl.col("friend"))
                .group_by("customer", "friend")
                .agg(pl.col("closeness").sum())
            )
            parts.append(self._closest(summed).collect(engine="streaming"))
        return pl.concat(parts).lazy()

    def _closest(self, links: pl.LazyFrame) -> pl.LazyFrame:
        return best_per_key(links.filter(pl.col("closeness") > 0), "customer", by="closeness", tie="friend", top=self.friends)

    def _homes(self, history: History) -> pl.LazyFrame:
        """customer, household, units: customers of households of a size that says something."""
        none = pl.LazyFrame(schema={"customer": pl.UInt32, "household": pl.UInt32})
        size = pl.len().over("household")
        units = round(self.household_weight * DECAY_UNITS)
        known = none if history.households is None else history.households
        return known.filter(size <= self.max_household).with_columns(units=pl.lit(units, dtype=pl.Int64))

    def _rare(self, bought: pl.LazyFrame) -> pl.LazyFrame:
        """customer, article, units: who lately bought articles that few others did."""
        buyers = pl.len().over("article").cast(pl.Int64)
        units = (self.co_purchase_weight * DECAY_UNITS / pl.col("buyers").cast(pl.Float64).log()).round().cast(pl.Int64)
        kept = bought.with_columns(buyers=buyers).filter(pl.col("buyers").is_between(2, self.max_buyers))
        return kept.select("customer", "article", units=units).collect().lazy()
