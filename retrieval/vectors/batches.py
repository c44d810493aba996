"""What the embedding model is trained on: vectors by row, weighted purchases, batches with shared negatives.

Input: PAST_TRANSACTIONS and earlier EMBEDDINGS. Output: Vectors to start from, and the batches of an epoch.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
Ids = npt.NDArray[np.uint32]
Rows = npt.NDArray[np.int32]

START_BLOCK = 4096  # ids whose first vectors are drawn at a time: memory for those that are wanted, not for all up to the largest


class Batch(NamedTuple):
    """Training examples: rows in the tables of customers and articles, and weights; all examples share the negatives.

    negative_log_expected: log of how often each negative was expected in the sample. A stack of batches is a Batch whose
    arrays have one more axis in front: batch i is row i of each.
    """

    customer: Rows
    article: Rows
    weight: Floats
    negative: Rows
    negative_log_expected: Floats


@dataclass(frozen=True)
class Vectors:
    """Row i is the customer or article `ids[i]`; ids ascend. vectors: (rows, dim); bias: (rows,)."""

    ids: Ids
    vectors: Floats
    bias: Floats

    @staticmethod
    def start(ids: Ids, dim: int, *, bias: Floats, stream: tuple[int, int], earlier: pl.LazyFrame | None) -> "Vectors":
        """Vectors before training: from `earlier` (EMBEDDINGS) for the ids that it has, else small random ones.

        `bias` is where the bias starts, for known ids too: what sells now says more than what sold then. The random vector
        of an id depends on `stream` and the id alone, not on which other ids there are.
        """
        rng, vectors = np.random.default_rng(stream), np.empty((len(ids), dim), np.float32)
        for first in range(0, int(ids[-1]) + 1 if len(ids) else 0, START_BLOCK):
            block = rng.random((START_BLOCK, dim), dtype=np.float32)
            here = slice(*np.searchsorted(ids, [first, first + START_BLOCK]))
            vectors[here] = block[ids[here] - first]
        vectors -= np.float32(0.5)
        vectors /= np.float32(np.sqrt(dim))
        if earlier is not None:
            rows = pl.LazyFrame({"id": ids, "row": np.arange(len(ids))})
            known = earlier.join(rows, on="id", maintain_order="left").collect()
            vectors[known["row"].to_numpy()] = known["vector"].to_numpy()
        return Vectors(ids, vectors, bias)

    @staticmethod
    def none(dim: int) -> "Vectors":
        return Vectors(np.empty(0, np.uint32), np.empty((0, dim), np.float32), np.empty(0, np.float32))

    def table(self) -> pl.LazyFrame:
        """EMBEDDINGS."""
        return pl.LazyFrame({"id": self.ids, "bias": self.bias, "vector": self.vectors})


@dataclass(frozen=True)
class Purchases:
    """One row per distinct (customer, article, day), sorted by these; customer, article: rows of the sorted ids."""

    customer_ids: Ids
    article_ids: Ids
    customer: Rows
    article: Rows
    days_ago: npt.NDArray[np.uint16]

    @staticmethod
    def of(transactions: pl.LazyFrame, days: int) -> "Purchases":
        """Of PAST_TRANSACTIONS, the last `days` days."""
        recent = transactions.filter(pl.col("days_ago") <= days).select("customer", "article", "days_ago")
        bought = recent.unique().sort("customer", "article", "days_ago").collect()
        customer_ids, customer = np.unique(bought["customer"].to_numpy(), return_inverse=True)
        article_ids, article = np.unique(bought["article"].to_numpy(), return_inverse=True)
        return Purchases(
            customer_ids, article_ids, customer.astype(np.int32), article.astype(np.int32), bought["days_ago"].to_numpy()
        )

    def where(self, chosen: npt.NDArray[np.bool_]) -> "Purchases":
        """The chosen rows; ids stay."""
        return replace(self, customer=self.customer[chosen], article=self.article[chosen], days_ago=self.days_ago[chosen])


@dataclass(frozen=True)
class Examples:
    """Purchases weighted so that the mean weight is 1.

    probability: of each article row to be drawn as a negative. popularity: log of each article row's decayed sales.
    """

    customer: Rows
    article: Rows
    weight: Floats
    probability: Doubles
    popularity: Floats

    @staticmethod
    def of(purchases: Purchases, *, half_life_days: float, popularity_power: float) -> "Examples":
        """Weights halve every `half_life_days`; negatives are drawn by the decayed sales to the power `popularity_power`.

        An article row without a purchase is never drawn; its popularity is that of the least popular.
        """
        decayed = 0.5 ** ((purchases.days_ago.astype(np.float64) - 1.0) / half_life_days)
        sales = np.bincount(purchases.article, weights=decayed, minlength=len(purchases.article_ids))
        smoothed = np.power(sales, popularity_power, where=sales > 0, out=np.zeros_like(sales))
        popularity = np.log(np.maximum(sales, sales[sales > 0].min()) / sales.mean())
        weight = (decayed / decayed.mean()).astype(np.float32)
        return Examples(purchases.customer, purchases.article, weight, smoothed / smoothed.sum(), popularity.astype(np.float32))

    def batches(self, size: int, negatives: int, *, rng: np.random.Generator, stack: int) -> Iterator[Batch]:
        """One epoch in random order, in batches of exactly `size`; the last is filled up from the start of the order.

        They come in stacks of `stack` batches; the last stack may be lower. Its height changes no batch.
        """
        order = rng.permutation(len(self.weight))
        border = np.cumsum(self.probability)
        n_batches = -(-len(order) // size)
        for first in range(0, n_batches, stack):
            height = min(stack, n_batches - first)
            chosen = order.take(np.arange(first * size, (first + height) * size), mode="wrap").reshape(height, size)
            drawn = border.searchsorted(rng.random((height, negatives)) * border[-1], side="right")
            negative = np.minimum(drawn, len(border) - 1).astype(np.int32)
            expected = np.log(negatives * self.probability[negative]).astype(np.float32)
            yield Batch(self.customer[chosen], self.article[chosen], self.weight[chosen], negative, expected)
