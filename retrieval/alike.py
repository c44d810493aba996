"""Customers who are alike, found through the articles that both bought: the nearest others of some, and what these bought.

Input: a weight for each (customer, article). Output: scores of articles, and which of the customer's own articles they come from.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
import polars as pl

from lookbook.data.customer_rows.rows import Block, Floats, Line, Rowed, Rows, batches, from_lines, line, smallest

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Similarity = Literal["cosine", "pearson", "tifu"]
"""tifu: the nearest by Euclidean distance, all of whom count alike; of the others the most similar above 0, as much as they are."""


class Near(NamedTuple):
    """The nearest others of one customer, as rows, best first. share: how much each counts, adding up to 1; common: the product of
    both vectors, above 0."""

    rows: Rows
    share: Floats
    common: Floats


@dataclass(frozen=True)
class Alike:
    """vectors: a row per customer. found_by: the same, only with the articles through which the customer can be found by others."""

    rowed: Rowed
    vectors: "csr_array"
    found_by: "csr_array"
    similarity: Similarity
    neighbours: int

    @staticmethod
    def of(weights: pl.DataFrame, *, similarity: Similarity, neighbours: int) -> "Alike":
        """weights: customer, article, weight (above 0), lately (whether others find the customer through the article); unique."""
        rowed = Rowed.of(weights)
        lately = rowed.matrix(weights.filter("lately"), "weight")
        return Alike(rowed, rowed.matrix(weights, "weight"), lately, similarity, neighbours)

    @cached_property
    def _transposed(self) -> "csr_array":
        return self.found_by.T.tocsr()

    @cached_property
    def _squares(self) -> Floats:
        return np.asarray(self.vectors.multiply(self.vectors).sum(axis=1)).ravel()

    @cached_property
    def _sums(self) -> Floats:
        return np.asarray(self.vectors.sum(axis=1), dtype=np.float64)

    @cached_property
    def _sold(self) -> int:
        return int(np.unique(self.vectors.indices).size)

    def nearest(self, customers: pl.Series) -> Iterator[tuple[Rows, list[Near]]]:
        """Rows of those of `customers` who bought something, some at a time, and the nearest others of each."""
        for rows in batches(self.vectors, self.rowed.rows_of(customers), others=self.found_by):
            products = self.vectors[rows] @ self._transposed
            yield rows, [self._near(int(row), *line(products, place)) for place, row in enumerate(rows)]

    def _near(self, row: int, others: Rows, common: Floats) -> Near:
        kept = (others != row) & (common > 0)
        others, common = others[kept], common[kept]
        alike = self._alike(row, others, common)
        if self.similarity != "tifu":
            kept = alike > 0
            others, common, alike = others[kept], common[kept], alike[kept]
        best = smallest(-alike, others, k=self.neighbours)
        counts = np.ones(len(best)) if self.similarity == "tifu" else alike[best]
        return Near(others[best], counts / counts.sum() if len(best) else counts, common[best])

    def _alike(self, row: int, others: Rows, common: Floats) -> Floats:
        """How near each of `others` is to `row`; higher = nearer."""
        squares, sums, sold = self._squares, self._sums, self._sold
        if self.similarity == "tifu":
            return np.asarray(2 * common - squares[others])
        if self.similarity == "cosine":
            return np.asarray(common / np.sqrt(squares[row] * squares[others]))
        spread = np.maximum(squares[row] - sums[row] ** 2 / sold, 0) * np.maximum(squares[others] - sums[others] ** 2 / sold, 0)
        together = common - sums[row] * sums[others] / sold
        return np.asarray(np.divide(together, np.sqrt(spread), out=np.zeros_like(together), where=spread > 0))

    def scores(self, customers: pl.Series, *, own_weight: float, k: int) -> Iterator[Block]:
        """customer, article and score, above 0, of the best `k` articles of each customer, of equals the smaller ids."""
        for rows, nearest in self.nearest(customers):
            lines: list[Line] = [
                (np.append(near.rows, row), np.append(near.share, own_weight)) for row, near in zip(rows, nearest, strict=True)
            ]
            said = from_lines(lines, len(self.rowed.customers)) @ self.vectors
            for place, row in enumerate(rows):
                articles, values = line(said, place)
                rounded = values.astype(np.float32)  # as scores are compared later
                best = smallest(-rounded.astype(np.float64), articles, k=k)
                best = best[values[best] > 0]
                yield np.full(len(best), self.rowed.customers[row]), articles[best], values[best]

    def reasons(self, customers: pl.Series, asked: "csr_array", *, own_weight: float) -> Iterator[Block]:
        """customer, article, purchase and strength: the scores of the articles that a row of `asked` marks, split by the
        customer's own articles through which each neighbour was found, in proportion to the product of both weights."""
        from scipy.sparse import diags_array

        for rows, nearest in self.nearest(customers):
            for row, near in zip(rows, nearest, strict=True):
                mine, weights = line(self.vectors, int(row))
                wanted, _ = line(asked, int(row))
                through = diags_array(near.share / near.common) @ self.found_by[near.rows][:, mine] @ diags_array(weights)
                split = (through.T.tocsr() @ self.vectors[near.rows][:, wanted]).toarray()
                split += own_weight * weights[:, None] * (mine[:, None] == wanted[None, :])
                purchase, article = np.nonzero(split)
                customer = np.full(len(article), self.rowed.customers[row])
                yield customer, wanted[article], mine[purchase], split[purchase, article]
