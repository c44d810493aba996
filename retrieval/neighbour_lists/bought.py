"""Who bought what as a sparse matrix: a row per customer, a column per article, decayed days of purchase as values.

Input: History of all customers. Output: csr_array and the ids of its columns.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from lookbook.data.dataset import History
from lookbook.data.schema import PAIR
from lookbook.retrieval.source import DECAY_UNITS, decay, purchase_days

if TYPE_CHECKING:
    from scipy.sparse import csr_array


@dataclass(frozen=True)
class Bought:
    """weights: Float64, the days on which the customer bought the article, decayed, without entries of 0; rows by rising customer,
    columns as in `articles`, the rising ids; indices are sorted, so that sums over a row or a column have one order."""

    weights: "csr_array"
    articles: pl.Series

    @property
    def held(self) -> "csr_array":
        """The same with 1 for every entry, as Int32."""
        from scipy.sparse import csr_array

        ones = np.ones(len(self.weights.data), np.int32)
        return csr_array((ones, self.weights.indices, self.weights.indptr), shape=self.weights.shape)


def bought_matrix(history: History, *, window_days: int, half_life_days: float, max_articles: int, min_buyers: int) -> Bought:
    """Of the last `window_days`. Customers of more than `max_articles` different articles have no row, as pairs of their articles
    grow with the square and say little; then articles of fewer than `min_buyers` customers have no column."""
    pairs = (
        purchase_days(history.transactions.filter(pl.col("days_ago") <= window_days))
        .group_by(PAIR)
        .agg(weight=decay(pl.col("days_ago"), half_life_days).sum())
        .filter(pl.col("weight") > 0)
        .filter(pl.len().over("customer") <= max_articles)
        .filter(pl.len().over("article") >= min_buyers)
        .sort(PAIR)
        .collect()
    )
    return Bought(_matrix(pairs), pairs["article"].unique().sort())


def _matrix(pairs: pl.DataFrame) -> "csr_array":
    from scipy.sparse import csr_array

    rows = pairs["customer"].rle_id().to_numpy().astype(np.int64)
    columns = pairs["article"].rank("dense").to_numpy().astype(np.int64) - 1
    shape = (int(rows.max()) + 1, int(columns.max()) + 1) if len(pairs) else (0, 0)
    starts = np.searchsorted(rows, np.arange(shape[0] + 1))
    return csr_array(((pairs["weight"] / DECAY_UNITS).to_numpy(), columns, starts), shape=shape)
