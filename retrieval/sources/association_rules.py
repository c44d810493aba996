"""Association rules: who bought this, or these two, buys that as well, in the baskets of all customers.

Input: History. Output: CANDIDATES. Rules of frequent sets of two and three articles (Agrawal and Srikant 1994), ordered by
confidence and lift.
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
import polars as pl
from annotated_types import Ge, Le

from lookbook.data.dataset import History
from lookbook.data.schema import PAIR, Schema
from lookbook.retrieval.baskets import Baskets, recent_baskets
from lookbook.retrieval.frequent_sets import frequent_pairs, frequent_triples
from lookbook.retrieval.neighbour_lists.seeds import candidates_of, seeds_of
from lookbook.retrieval.source import (
    DECAY_UNITS,
    FORBID_UNKNOWN_KEYS,
    Count,
    Days,
    Device,
    Tables,
    strongest_evidence,
)

RULES: Schema = {
    "first": pl.UInt32,
    "second": pl.UInt32,
    "article": pl.UInt32,
    "baskets": pl.Int64,
    "confidence": pl.Float64,
    "lift": pl.Float64,
}
"""One row per rule `first` and `second` -> `article`, sorted by these. second: larger than first, or the same where one article
alone leads to the other; baskets: those that hold all of them; confidence: of the baskets with first and second, the share that
holds article too; lift: that share / the share of all baskets that hold article."""


@dataclass(frozen=True)
class AssociationRules:
    """score: sum over rules of (the customer's decayed purchases of the left side) x confidence x ln(lift).

    A basket is what a customer bought on one day. Rules lead from one article, or from two of the same basket, to a third; those
    of two count with the purchases of the one bought less.
    """

    name: ClassVar[str] = "association_rules"
    warm_start: ClassVar[bool] = False
    personal: ClassVar[bool] = True
    needs: ClassVar[str] = (
        "articles that were bought together often enough; for a small shop lower retrieval.association_rules.min_support"
    )
    __pydantic_config__: ClassVar[dict[str, str]] = FORBID_UNKNOWN_KEYS

    k: Count
    window_days: Count
    max_basket: Count
    min_support: Count
    min_confidence: Annotated[float, Ge(0), Le(1)]
    min_lift: Annotated[float, Ge(1)]
    seeds: Count
    seed_half_life_days: Days

    def learn(self, history: History, *, earlier: Tables | None, seed: int, device: Device) -> Tables:
        """rules: first, second, article, baskets, confidence, lift; second = first where one article alone leads to another."""
        baskets = recent_baskets(history, window_days=self.window_days, max_basket=self.max_basket)
        kept = (pl.col("confidence") >= self.min_confidence) & (pl.col("lift") >= self.min_lift)
        return {"rules": all_rules(baskets, least=self.min_support).filter(kept).sort("first", "second", "article").lazy()}

    def generate(self, learned: Tables, history: History, customers: pl.Series) -> pl.LazyFrame:
        return candidates_of(self._links(learned["rules"], history), k=self.k, unit=DECAY_UNITS**2)

    def evidence(self, learned: Tables, history: History, pairs: pl.LazyFrame) -> pl.LazyFrame:
        """The left sides of the rules that lead to the article; strength: what the rules with the purchase add to the score."""
        wanted = learned["rules"].join(pairs, on="article", how="semi")
        links = self._links(wanted, history).join(pairs, on=PAIR, how="semi").filter(pl.col("units") > 0)
        of_two = links.filter(pl.col("first") < pl.col("second"))
        bought = pl.concat(
            [links.rename({"first": "purchase"}).drop("second"), of_two.rename({"second": "purchase"}).drop("first")]
        )
        return strongest_evidence(
            bought.group_by("customer", "article", "purchase").agg(strength=pl.col("units").sum() / DECAY_UNITS**2)
        )

    def _links(self, rules: pl.LazyFrame, history: History) -> pl.LazyFrame:
        """customer, first, second, article, units: what each rule adds to the score of its article, in whole 2**-40."""
        units = (pl.col("confidence") * pl.col("lift").log() * DECAY_UNITS).round().cast(pl.Int64)
        seeds = seeds_of(history, count=self.seeds, half_life_days=self.seed_half_life_days)
        first = seeds.rename({"article": "first"}).join(rules, on="first", how="semi")
        second = seeds.rename({"article": "second", "weight": "second_weight"}).join(rules, on="second", how="semi")
        return (
            first.join(second, on="customer")
            .filter(pl.col("first") <= pl.col("second"))
            .join(rules, on=["first", "second"])
            .select("customer", "first", "second", "article", units=pl.min_horizontal("weight", "second_weight") * units)
        )


def all_rules(baskets: Baskets, *, least: int) -> pl.DataFrame:
    """RULES in any order, whatever their confidence and lift, of sets that `least` baskets or more hold."""
    held = baskets.held(np.int32)
    holders = np.asarray(held.sum(axis=0)).astype(np.int64)
    pairs = frequent_pairs(held, least=least)
    both = pairs.where(pairs.rows < pairs.columns)
    triples = frequent_triples(held, both.rows, both.columns, least=least)
    of_one = (pairs.rows, pairs.rows, holders[pairs.rows])
    of_two = (both.rows[triples.rows], both.columns[triples.rows], both.values[triples.rows])
    ids, together = baskets.articles, pl.col("baskets")
    return pl.concat(
        pl.DataFrame(
            {
                "first": ids.gather(first),
                "second": ids.gather(second),
                "article": ids.gather(found.columns),
                "baskets": found.values,
                "left": left,
                "right": holders[found.columns],
            }
        )
        for (first, second, left), found in ((of_one, pairs), (of_two, triples))
    ).select(
        "first",
        "second",
        "article",
        "baskets",
        confidence=together / pl.col("left"),
        lift=together * held.shape[0] / (pl.col("left") * pl.col("right")),
    )
