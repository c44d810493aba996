"""Sparse matrices with a row per customer and a column per article, worked on for some customers at a time.

Input: tables with a number per (customer, article). Output: matrices, batches of their rows, the best articles of a row.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import polars as pl

from lookbook.data.schema import PAIR, Schema

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Rows = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Line = tuple[Rows, Floats]
"""Columns of a row, each once, and their values."""
Block = tuple[npt.NDArray[np.generic], ...]
"""customer, article and numbers of some pairs: an array each."""

BATCH_PRODUCTS = 1 << 24
"""Multiplications of a batch of customers: bounds its memory, some 300 MB, whatever the number of customers."""


@dataclass(frozen=True)
class Rowed:
    """Which row of a matrix is whose. customers: rising ids of all who bought; articles: columns, one per id."""

    customers: Rows
    articles: int

    @staticmethod
    def of(bought: pl.DataFrame) -> "Rowed":
        """bought: customer and article of every purchase, as often as it may be."""
        return Rowed(bought["customer"].unique().sort().cast(pl.Int64).to_numpy(), int(str(bought["article"].max() or 0)) + 1)

    def matrix(self, pairs: pl.DataFrame, value: str) -> "csr_array":
        """Float64 with `value` of each of `pairs`, which are unique, in the row of its customer; the indices are sorted."""
        from scipy.sparse import csr_array

        ordered = pairs.sort("customer", "article")
        rows = np.searchsorted(self.customers, ordered["customer"].to_numpy())
        starts = np.searchsorted(rows, np.arange(len(self.customers) + 1))
        return csr_array(
            (ordered[value].cast(pl.Float64).to_numpy(), ordered["article"].cast(pl.Int64).to_numpy(), starts),
            shape=(len(self.customers), self.articles),
        )

    def rows_of(self, customers: pl.Series) -> Rows:
        """The rows of those of `customers` who bought something, rising."""
        return np.flatnonzero(np.isin(self.customers, customers.cast(pl.Int64).to_numpy()))


def batches(matrix: "csr_array", rows: Rows, *, others: "csr_array | None" = None) -> Iterator[Rows]:
    """`rows` in order, in parts whose product with the transpose of `others` takes BATCH_PRODUCTS multiplications or is one row's.
    No row of `matrix` is empty. others: null = `matrix`."""
    if not len(rows):
        return
    holders = np.bincount((matrix if others is None else others).indices, minlength=matrix.shape[1])
    products = np.add.reduceat(holders[matrix.indices], matrix.indptr[:-1])[rows]
    yield from np.split(rows, np.flatnonzero(np.diff(np.cumsum(products) // BATCH_PRODUCTS)) + 1)


def smallest(values: Floats, ids: Rows, *, k: int) -> Rows:
    """Places of the `k` smallest `values` in rising order; of equals those with the smaller of `ids` go first."""
    near = np.flatnonzero(values <= np.partition(values, k - 1)[k - 1]) if len(values) > k else np.arange(len(values))
    return near[np.lexsort((ids[near], values[near]))[:k]]


def line(matrix: "csr_array", row: int) -> Line:
    inside = slice(matrix.indptr[row], matrix.indptr[row + 1])
    return matrix.indices[inside].astype(np.int64), matrix.data[inside]


def from_lines(lines: Sequence[Line], columns: int) -> "csr_array":
    """The matrix with these rows; its indices are sorted, so that sums over them have one order."""
    from scipy.sparse import csr_array

    starts = np.cumsum([0, *(len(found) for found, _ in lines)])
    found, values = (np.concatenate([each[part] for each in lines]) for part in (0, 1))
    made = csr_array((values, found, starts), shape=(len(lines), columns))
    made.sort_indices()
    return made


def numbers_of_pairs(names: Iterable[str]) -> Schema:
    """PAIR and the columns `names`, Int64."""
    return {**dict.fromkeys(PAIR, pl.UInt32), **dict.fromkeys(names, pl.Int64)}


def stacked(parts: Iterable[Block], schema: Schema) -> pl.DataFrame:
    """The rows of all `parts`, each of which has an array for every column of `schema`."""
    columns = [np.concatenate(arrays) for arrays in zip(*parts, strict=True)]
    if not columns:
        return pl.DataFrame(schema=schema)
    return pl.DataFrame([pl.Series(name, each).cast(kind) for (name, kind), each in zip(schema.items(), columns, strict=True)])
