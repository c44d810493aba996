"""TIFU-KNN: how often and how lately the customer, and those whose purchases are alike, bought an article.

Hu, He, Gao, Zhang, "Modeling personalized item frequency information for next-basket recommendation", SIGIR 2020.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import polars as pl

from lookbook.data.customer_rows.baskets import baskets
from lookbook.data.customer_rows.rows import (
    Block,
    Floats,
    Rowed,
    Rows,
    batches,
    from_lines,
    line,
    numbers_of_pairs,
    smallest,
    stacked,
)
from lookbook.data.customer_rows.tifu import TifuVectors
from lookbook.evaluation.baselines.baseline import Baseline, Known, filled

if TYPE_CHECKING:
    from scipy.sparse import csr_array

FINER = 1 << 6
"""Means over neighbours are kept in units of 1 / (WEIGHT_UNIT x FINER)."""


@dataclass(frozen=True)
class TifuKnn:
    """own_share x vector of the customer + (1 - own_share) x mean vector of the nearest others, over articles. Nearest is by
    Euclidean distance, of equals the smaller id.

    A vector is of TifuVectors with basket_decay, group_decay and groups. neighbours: how many others.
    """

    name: ClassVar[str] = "tifu_knn"

    neighbours: int
    basket_decay: float
    group_decay: float
    own_share: float
    groups: int

    @staticmethod
    def tried() -> tuple["TifuKnn", ...]:
        """First what is published for the groceries of Dunnhumby."""
        published = TifuKnn(neighbours=900, basket_decay=0.9, group_decay=0.6, own_share=0.2, groups=3)
        vectors = ((0.9, 0.6, 7), (0.9, 0.8, 14))
        others = product(vectors, (50, 100, 300), (0.3, 0.5, 0.7))
        return (published, *(TifuKnn(count, basket, group, own, groups) for (basket, group, groups), count, own in others))

    def shared(self) -> "TifuKnn":
        return replace(self, neighbours=0, own_share=0.0)

    def pairs(self, together: Sequence[Baseline], known: Known, customers: pl.Series, *, k: int) -> pl.DataFrame:
        counts = sorted({each.neighbours for each in together if isinstance(each, TifuKnn)})
        weights = TifuVectors(self.basket_decay, self.group_decay, self.groups).of(baskets(known.history))
        rowed = Rowed.of(weights)
        alike = _Alike(rowed.matrix(weights, "weight"), known.places(rowed.articles), k)
        found = [alike.articles(rowed, rows, counts) for rows in batches(alike.vectors, rowed.rows_of(customers))]
        return filled(pl.concat([_numbers([], counts), *found]).lazy(), known, customers, k=k)

    def score(self) -> pl.Expr:
        near = (1 - self.own_share) * pl.col(f"near_{self.neighbours}")
        return (self.own_share * pl.col("own") + near).round().cast(pl.Int64)


@dataclass(frozen=True)
class _Alike:
    """vectors: a row per customer, in units of 1 / WEIGHT_UNIT. place: of every article, 1 = most popular. k: articles wanted."""

    vectors: "csr_array"
    place: Rows
    k: int

    @cached_property
    def _norms(self) -> Floats:
        return np.asarray(self.vectors.multiply(self.vectors).sum(axis=1)).ravel()

    @cached_property
    def _transposed(self) -> "csr_array":
        return self.vectors.T.tocsr()

    def nearest(self, rows: Rows, *, k: int) -> list[Rows]:
        """The `k` customers nearest to each of `rows`, nearest first; fewer where there are no others.

        Who has no article in common is the nearer the shorter the vector: of these only the shortest can be among the nearest.
        """
        shortest = np.sort(smallest(self._norms, np.arange(len(self._norms)), k=k + 1))
        products = self.vectors[rows] @ self._transposed
        found = []
        for place, row in enumerate(rows):
            columns, dots = line(products, place)
            apart = shortest[~np.isin(shortest, columns)]
            others = np.concatenate([columns, apart])
            distances = np.concatenate([self._norms[columns] - 2 * dots, self._norms[apart]])
            distances[others == row] = np.inf
            found.append(others[smallest(distances, others, k=min(k, len(self._norms) - 1))])
        return found

    def articles(self, rowed: Rowed, rows: Rows, counts: Sequence[int]) -> pl.DataFrame:
        """own and near of their own articles and of the `k` others that the nearest bought most, for each number of nearest."""
        nearest = self.nearest(rows, k=max(counts))
        first = ([(near[:n], np.ones(len(near[:n]))) for near in nearest] for n in counts)
        sums = [from_lines(lines, len(self._norms)) @ self.vectors for lines in first]
        parts: list[Block] = []
        for place, row in enumerate(rows):
            own, said = np.zeros(rowed.articles), np.zeros((len(counts), rowed.articles))
            mine, weights = line(self.vectors, int(row))
            own[mine] = weights * FINER
            among = [mine]
            for heard, total, n in zip(said, sums, counts, strict=True):
                columns, values = line(total, place)
                heard[columns] = values * FINER / len(nearest[place][:n])
                new = columns[own[columns] == 0]
                among.append(new[smallest(-heard[new], self.place[new], k=self.k)])
            articles = np.unique(np.concatenate(among))
            parts.append((np.full(len(articles), rowed.customers[row]), articles, own[articles], *np.rint(said[:, articles])))
        return _numbers(parts, counts)


def _numbers(parts: Sequence[Block], counts: Sequence[int]) -> pl.DataFrame:
    return stacked(parts, numbers_of_pairs(["own", *(f"near_{n}" for n in counts)]))
