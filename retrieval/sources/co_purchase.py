"""Co-purchase: articles that sell together with what the customer bought lately.

Input: History. Output: CANDIDATES. Item-to-item collaborative filtering with cosine similarity (Sarwar et al. 2001).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import polars as pl

from lookbook.data.dataset import History
from lookbook.retrieval.baskets import recent_baskets
from lookbook.retrieval.neighbour_lists.lists import Similar, neighbour_lists
from lookbook.retrieval.neighbour_lists.products import entries, row_blocks
from lookbook.retrieval.neighbour_lists.seeds import Seeds
from lookbook.retrieval.source import (
    DECAY_UNITS,
    FORBID_UNKNOWN_KEYS,
    Count,
    Days,
    Device,
    NotNegative,
    Tables,
    decay,
)

if TYPE_CHECKING:
    from scipy.sparse import csr_array


@dataclass(frozen=True)
class CoPurchase:
    """score: sum over the customer's seeds of (decayed purchases of the seed) x (its similarity to the article).

    A basket is what a customer bought on one day. similarity(i, j) = c_ij / sqrt(n_i n_j), where c_ij sums the decayed
    weights of the pairs of baskets less than `span_days` apart of which one holds i and the other j, and n_i those of the
    baskets that hold i. With `span_days` 1 it is the cosine of the articles' basket vectors.
    """

    name: ClassVar[str] = "co_purchase"
    warm_start: ClassVar[bool] = False
    personal: ClassVar[bool] = True
    needs: ClassVar[str] = (
        "articles that were bought together often enough; for a small shop lower retrieval.co_purchase.min_support"
    )
    __pydantic_config__: ClassVar[dict[str, str]] = FORBID_UNKNOWN_KEYS

    k: Count
    window_days: Count
    half_life_days: Days
    span_days: Count
    max_basket: Count
    min_support: NotNegative
    neighbours: Count
    seeds: Count
    seed_half_life_days: Days

    def learn(self, history: History, *, earlier: Tables | None, seed: int, device: Device) -> Tables:
        """neighbours: seed, article, similarity; the most similar articles of every article, best first."""
        baskets = recent_baskets(history, window_days=self.window_days, max_basket=self.max_basket)
        similarities = self._similarities(baskets.held(np.int64), self._near(baskets.rows))
        return {"neighbours": neighbour_lists(similarities, baskets.articles, top=self.neighbours)}

    def generate(self, learned: Tables, history: History, customers: pl.Series) -> pl.LazyFrame:
        return self._seeds.candidates(learned["neighbours"], history, self.k)

    def evidence(self, learned: Tables, history: History, pairs: pl.LazyFrame) -> pl.LazyFrame:
        """The seeds that have the article among their neighbours; strength: what each adds to the score."""
        return self._seeds.evidence(learned["neighbours"], history, pairs)

    @property
    def _seeds(self) -> Seeds:
        return Seeds(self.seeds, self.seed_half_life_days, DECAY_UNITS)

    def _near(self, bought: pl.DataFrame) -> pl.DataFrame:
        """basket, other, weight: pairs of baskets of one customer less than `span_days` apart; weighed as the newer one."""
        days_ago = pl.col("days_ago").cast(pl.Int32)
        baskets = bought.unique("basket", maintain_order=True).select("basket", "customer", "days_ago")
        later = baskets.select("customer", days_ago, other="basket")
        pairs = pl.concat(
            baskets.with_columns(days_ago + lag).join(later, on=["customer", "days_ago"]).with_columns(days_ago - max(lag, 0))
            for lag in range(1 - self.span_days, self.span_days)
        )
        return pairs.select("basket", "other", weight=decay(pl.col("days_ago"), self.half_life_days)).sort("basket", "other")

    def _similarities(self, held: "csr_array", near: pl.DataFrame) -> Iterator[Similar]:
        """Of a block of articles at a time; sums are of whole numbers, so exact."""
        from scipy.sparse import csr_array

        pairs = (near["weight"].to_numpy(), (near["basket"].to_numpy(), near["other"].to_numpy()))
        weights = csr_array(pairs, shape=(held.shape[0], held.shape[0]))
        reached = csr_array(weights @ held)
        own = (held.T @ weights.diagonal()).astype(np.float64)
        holders = held.T.tocsr()
        for rows in row_blocks(holders, reached):
            together = csr_array(holders[rows] @ reached)
            found = entries(together, rows.start, (together.data >= self.min_support * DECAY_UNITS) & (together.data > 0))
            found = found.where(found.rows != found.columns)
            yield Similar(found.rows, found.columns, found.values / np.sqrt(own[found.rows] * own[found.columns]))
