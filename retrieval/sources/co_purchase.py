"""Co-purchase: articles that sell together with what the customer bought lately.

Input: History. Output: CANDIDATES. Item-to-item collaborative filtering with cosine similarity (Sarwar et al. 2001).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import polars as pl

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
    best_per_key,
    decay,
    pair_key,
    purchase_days,
    rank_candidates,
    strongest_evidence,
)

if TYPE_CHECKING:
    from scipy.sparse import csr_array

BLOCK_ARTICLES = 2_000
"""Rows of the article x article product held at a time."""


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
        recent = history.transactions.filter(pl.col("days_ago") <= self.window_days)
        bought = (
            purchase_days(recent)
            .filter(pl.len().over("customer", "days_ago") <= self.max_basket)
            .sort("customer", "days_ago", "article")
            .with_columns(basket=pl.struct("customer", "days_ago").rle_id())
            .collect()
        )
        articles = bought["article"].unique().sort()
        columns = bought["article"].replace_strict(articles, pl.Series(range(len(articles))), return_dtype=pl.Int32)
        baskets = bought.unique("basket", maintain_order=True).select("basket", "customer", "days_ago")
        blocks = [
            block.with_columns(seed=articles.gather(block["seed"]), article=articles.gather(block["article"]))
            for block in self._neighbours(bought["basket"].to_numpy(), columns.to_numpy(), self._near(baskets))
        ]
        empty = pl.DataFrame(schema={"seed": pl.UInt32, "article": pl.UInt32, "similarity": pl.Float32})
        return {"neighbours": pl.concat([empty, *blocks]).lazy()}

    def generate(self, learned: Tables, history: History, customers: pl.Series) -> pl.LazyFrame:
        return rank_candidates(
            self._links(learned["neighbours"], history)
            .group_by(pair=pair_key())
            .agg(score=pl.col("units").sum() / DECAY_UNITS**2)
            .filter(pl.col("score") > 0)
            .with_columns(customer=(pl.col("pair") // 2**32).cast(pl.UInt32), article=(pl.col("pair") % 2**32).cast(pl.UInt32)),
            self.k,
        )

    def evidence(self, learned: Tables, history: History, pairs: pl.LazyFrame) -> pl.LazyFrame:
        """The seeds that have the article among their neighbours; strength: what each adds to the score."""
        wanted = learned["neighbours"].join(pairs, on="article", how="semi")
        return strongest_evidence(
            self._links(wanted, history)
            .join(pairs, on=PAIR, how="semi")
            .filter(pl.col("units") > 0)
            .select("customer", "article", purchase="seed", strength=pl.col("units") / DECAY_UNITS**2)
        )

    def _links(self, neighbours: pl.LazyFrame, history: History) -> pl.LazyFrame:
        """customer, seed, article, units: what each seed adds to the score of each of its neighbours, in whole 2**-40."""
        bought = purchase_days(history.transactions).with_columns(weight=decay(pl.col("days_ago"), self.seed_half_life_days))
        seeds = best_per_key(
            bought.group_by(PAIR).agg(pl.col("weight").sum()),
            "customer",
            by="weight",
            tie="article",
            top=self.seeds,
        )
        units = (pl.col("similarity").cast(pl.Float64) * DECAY_UNITS).round().cast(pl.Int64)
        return (
            seeds.rename({"article": "seed"})
            .join(neighbours, on="seed")
            .select("customer", "seed", "article", units=pl.col("weight") * units)
        )

    def _near(self, baskets: pl.DataFrame) -> pl.DataFrame:
        """basket, other, weight: pairs of baskets of one customer less than `span_days` apart; weighed as the newer one."""
        days_ago = pl.col("days_ago").cast(pl.Int32)
        later = baskets.select("customer", days_ago, other="basket")
        pairs = pl.concat(
            baskets.with_columns(days_ago + lag).join(later, on=["customer", "days_ago"]).with_columns(days_ago - max(lag, 0))
            for lag in range(1 - self.span_days, self.span_days)
        )
        return pairs.select("basket", "other", weight=decay(pl.col("days_ago"), self.half_life_days)).sort("basket", "other")

    def _neighbours(self, basket: np.ndarray, column: np.ndarray, near: pl.DataFrame) -> Iterator[pl.DataFrame]:
        """Neighbours of a block of articles at a time, as matrix columns; sums are of whole numbers, so exact."""
        from scipy.sparse import csr_array

        if not len(basket):
            return
        shape = (int(basket.max()) + 1, int(column.max()) + 1)
        held = csr_array((np.ones(len(basket), np.int64), (basket, column)), shape=shape)
        pairs = (near["weight"].to_numpy(), (near["basket"].to_numpy(), near["other"].to_numpy()))
        weights = csr_array(pairs, shape=(shape[0], shape[0]))
        reached = csr_array(weights @ held)
        own = held.T @ weights.diagonal()
        holders = held.T.tocsr()
        for start in range(0, shape[1], BLOCK_ARTICLES):
            together = csr_array(holders[start : start + BLOCK_ARTICLES] @ reached)
            yield self._most_similar(together, own, start)

    def _most_similar(self, together: "csr_array", own: np.ndarray, start: int) -> pl.DataFrame:
        coo = together.tocoo()
        seed, article = coo.row.astype(np.int64) + start, coo.col.astype(np.int64)
        kept = (seed != article) & (coo.data >= self.min_support * DECAY_UNITS) & (coo.data > 0)
        seed, article = seed[kept], article[kept]
        similarity = coo.data[kept] / np.sqrt(own[seed].astype(np.float64) * own[article])
        table = pl.DataFrame({"seed": seed, "article": article, "similarity": similarity.astype(np.float32)})
        return best_per_key(table.lazy(), "seed", by="similarity", tie="article", top=self.neighbours).collect()
