"""Favourite category: what is popular now in the categories a customer buys from most.

Input: History. Output: CANDIDATES.
"""

from dataclasses import dataclass
from typing import ClassVar

import polars as pl

from data.dataset import History
from retrieval.level import best_sellers, favourite_groups
from retrieval.source import FORBID_UNKNOWN_KEYS, Count, Days, Device, Level, Tables, rank_candidates


@dataclass(frozen=True)
class FavouriteCategory:
    """score: the customer's decayed purchases in the category times the article's share of the category's sales."""

    name: ClassVar[str] = "favourite_category"
    warm_start: ClassVar[bool] = False
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
        top = self.categories_per_customer
        favourites = favourite_groups(history, self.level, half_life_days=self.customer_half_life_days, top=top)
        score = pl.col("purchases") * pl.col("share")
        return rank_candidates(favourites.join(learned["best_sellers"], on="group").with_columns(score=score), self.k)
