"""The product of two sparse matrices, a block of rows at a time, so that it need never be held whole.

Input: csr_array. Output: rows, columns and values of its entries.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

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
    values: npt.NDArray[np.generic]


def row_blocks(left: "csr_array", right: "csr_array") -> Iterator[slice]:
    """The rows of `left`, in order, in parts whose product with `right` takes BLOCK_PRODUCTS multiplications or is one row's.

    Of one customer who bought n articles, the articles' co-occurrences take n * n: leave out those with very many.
    """
    reached = np.concatenate([[0], np.cumsum(np.diff(right.indptr).astype(np.int64)[left.indices])])
    until = reached[left.indptr[1:]]
    cuts = np.flatnonzero(np.diff(until // BLOCK_PRODUCTS)) + 1
    bounds = [0, *cuts.tolist(), left.shape[0]]
    yield from (slice(start, stop) for start, stop in pairwise(bounds) if start < stop)


def entries(block: "csr_array", rows: slice) -> Entries:
    """Those of a block that holds the rows `rows` of a matrix."""
    lengths = np.diff(block.indptr)
    return Entries(np.repeat(np.arange(rows.start, rows.stop), lengths), block.indices.astype(np.int64), block.data)
