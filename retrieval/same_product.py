"""Same product: what sells best among the variants of the products a customer buys.

Input: History. Output: CANDIDATES.
"""

from dataclasses import dataclass
from typing import ClassVar

import polars as pl

from data.dataset import History
from retrieval.level import best_sellers, favourite_groups
from retrieval.source import FORBID_UNKNOWN_KEYS, Count, Days, Device, Level, Tables, rank_candidates


@dataclass(frozen=True)
class SameProduct:
    """score: the customer's decayed purchases of the product times the article's share of the product's sales.

    Variants the customer already bought stay in: they are often the ones bought next.
    """

    name: ClassVar[str] = "same_product"
    warm_start: ClassVar[bool] = False
    __pydantic_config__: ClassVar[dict[str, str]] = FORBID_UNKNOWN_KEYS

    k: Count
    level: Level
    products_per_customer: Count
    articles_per_product: Count
    customer_half_life_days: Days
    article_half_life_days: Days

    def learn(self, history: History, *, earlier: Tables | None, seed: int, device: Device) -> Tables:
        """variants: group, article, share; the best-selling articles of each product."""
        top = self.articles_per_product
        return {"variants": best_sellers(history, self.level, half_life_days=self.article_half_life_days, top=top)}

    def generate(self, learned: Tables, history: History, customers: pl.Series) -> pl.LazyFrame:
        top = self.products_per_customer
        products = favourite_groups(history, self.level, half_life_days=self.customer_half_life_days, top=top)
        score = pl.col("purchases") * pl.col("share")
        return rank_candidates(products.join(learned["variants"], on="group").with_columns(score=score), self.k)
