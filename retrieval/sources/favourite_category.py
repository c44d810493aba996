"""Favourite category: what is popular now in the categories a customer buys from most.

Input: History. Output: CANDIDATES.
"""

from dataclasses import dataclass
from typing import ClassVar

import polars as pl

from lookbook.data.dataset import History
from lookbook.data.schema import PAIR
from lookbook.retrieval.level import best_sellers, evidence_in_groups, favourite_groups
from lookbook.retrieval.source import FORBID_UNKNOWN_KEYS, Count, Days, Device, Level, Tables, rank_candidates


@dataclass(frozen=True)
class FavouriteCategory:
    """score: the customer's decayed purchases in the category times the article's share of the category's sales."""

    name: ClassVar[str] = "favourite_category"
    warm_start: ClassVar[bool] = False
    personal: ClassVar[bool] = True
    needs: ClassVar[str] = "articles with a category: for csv, category in [data.csv.articles]"
    __pydantic_config__: ClassVar[dict[str, str]] = FORBID_UNKNOWN_KEYS

    k: Count
    level: Level
    categories_per_customer: Count
    articles_per_category: Count
    customer_half_life_days: Days
    article_half_life_days: Days

    def learn(self, history: History, *, earlier: Tables | None, seed: int, device: Device) -> Tables:
        """best_sellers: group, article, share; what sells now in each category."""
        top = self.articles_per_category
        return {"best_sellers": best_sellers(history, self.level, half_life_days=self.article_half_life_days, top=top)}

    def generate(self, learned: Tables, history: History, customers: pl.Series) -> pl.LazyFrame:
        score = pl.col("purchases") * pl.col("share")
        favourites = self._favourites(history)
        return rank_candidates(favourites.join(learned["best_sellers"], on="group").with_columns(score=score), self.k)

    def evidence(self, learned: Tables, history: History, pairs: pl.LazyFrame) -> pl.LazyFrame:
        """What the customer bought in the article's category; strength: the days on which they bought it, decayed."""
        suggested = (
            pairs.select(PAIR)
            .join(learned["best_sellers"].select("group", "article"), on="article")
            .join(self._favourites(history), on=["customer", "group"], how="semi")
        )
        return evidence_in_groups(history, self.level, suggested, half_life_days=self.customer_half_life_days)

    def _favourites(self, history: History) -> pl.LazyFrame:
        top = self.categories_per_customer
        return favourite_groups(history, self.level, half_life_days=self.customer_half_life_days, top=top)
