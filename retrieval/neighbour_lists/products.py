"""The product of two sparse matrices, a block of rows at a time, so that it need never be held whole.

Input: csr_array. Output: rows, columns and values of its entries.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Indices = npt.NDArray[np.int64]

BLOCK_PRODUCTS = 1 << 23
"""Multiplications of a block of rows: bounds its memory to some 500 MB. A row that takes more is a block of its own."""


@dataclass(frozen=True)
class Entries:
    """Entries of a matrix that are not 0: rows rising, the columns of a row in any order. values: of the matrix's own type."""

    rows: Indices
    columns: Indices
    values: npt.NDArray[Any]

    def where(self, kept: npt.NDArray[np.bool_]) -> "Entries":
        return Entries(self.rows[kept], self.columns[kept], self.values[kept])


def row_blocks(left: "csr_array", right: "csr_array") -> Iterator[slice]:
    """The rows of `left`, in order, in parts whose product with `right` takes BLOCK_PRODUCTS multiplications or is one row's.

    Of one customer who bought n articles, the articles' co-occurrences take n * n: leave out those with very many.
    """
    reached = np.concatenate([[0], np.cumsum(np.diff(right.indptr).astype(np.int64)[left.indices])])
    yield from parts(np.diff(reached[left.indptr]))


def parts(costs: Indices) -> Iterator[slice]:
    """All places of `costs`, in order, in parts that cost up to BLOCK_PRODUCTS or are one place."""
    cuts = np.flatnonzero(np.diff(np.cumsum(costs) // BLOCK_PRODUCTS)) + 1
    yield from (slice(start, stop) for start, stop in pairwise([0, *cuts.tolist(), len(costs)]) if start < stop)


def entries(block: "csr_array", start: int, kept: npt.NDArray[np.bool_] | None = None) -> Entries:
    """Those of a block that holds the rows from `start` on of a matrix.

    kept: which of `block.data` are wanted, null = all. To find rows and columns of all takes as long as the product.
    """
    if kept is None:
        rows = np.repeat(np.arange(start, start + block.shape[0]), np.diff(block.indptr))
        return Entries(rows, block.indices.astype(np.int64), block.data)
    places = np.flatnonzero(kept)
    rows = np.searchsorted(block.indptr, places.astype(block.indptr.dtype), side="right") + (start - 1)
    return Entries(rows, block.indices[places].astype(np.int64), block.data[places])


def joined(blocks: Iterable[Entries]) -> Entries:
    """All in one; values are Int64."""
    none = np.empty(0, np.int64)
    rows, columns, values = zip((none, none, none), *((b.rows, b.columns, b.values.astype(np.int64)) for b in blocks), strict=True)
    return Entries(np.concatenate(rows), np.concatenate(columns), np.concatenate(values))
