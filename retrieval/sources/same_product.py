"""Same product: what sells best among the variants of the products a customer buys.

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
class SameProduct:
    """score: the customer's decayed purchases of the product times the article's share of the product's sales.

    Variants the customer already bought stay in: they are often the ones bought next.
    """

    name: ClassVar[str] = "same_product"
    warm_start: ClassVar[bool] = False
    personal: ClassVar[bool] = True
    needs: ClassVar[str] = "articles that share a product with others: for csv, product in [data.csv.articles]"
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
        score = pl.col("purchases") * pl.col("share")
        return rank_candidates(self._favourites(history).join(learned["variants"], on="group").with_columns(score=score), self.k)

    def evidence(self, learned: Tables, history: History, pairs: pl.LazyFrame) -> pl.LazyFrame:
        """What the customer bought of the same product; strength: the days on which they bought it, decayed."""
        suggested = (
            pairs.select(PAIR)
            .join(learned["variants"].select("group", "article"), on="article")
            .join(self._favourites(history), on=["customer", "group"], how="semi")
        )
        return evidence_in_groups(history, self.level, suggested, half_life_days=self.customer_half_life_days)

    def _favourites(self, history: History) -> pl.LazyFrame:
        top = self.products_per_customer
        return favourite_groups(history, self.level, half_life_days=self.customer_half_life_days, top=top)
