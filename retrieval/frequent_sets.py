"""Frequent pairs and triples of articles: those that enough baskets hold, with how many do.

Input: baskets x articles. Output: counts. They are the sets that FP-Growth (Han et al. 2000) finds, up to three articles; sparse
products count them as fast as a tree, since every frequent triple extends a frequent pair.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from lookbook.retrieval.neighbour_lists.products import Entries, Indices, entries, joined, parts, row_blocks

if TYPE_CHECKING:
    from scipy.sparse import csr_array


def frequent_pairs(held: "csr_array", *, least: int) -> Entries:
    """Rows and columns: two different articles; values: the baskets that hold both, `least` or more. Every pair is there both ways.

    held: 1 (Int32) for each article of a basket, a row per basket.
    """
    holders = held.T.tocsr()
    blocks = (_frequent(holders[rows] @ held, rows.start, least) for rows in row_blocks(holders, held))
    return joined(both.where(both.rows != both.columns) for both in blocks)


def frequent_triples(held: "csr_array", first: Indices, second: Indices, *, least: int) -> Entries:
    """Rows: a place in `first` and `second`, which are pairs; columns: a third article; values: the baskets that hold all three."""
    return joined(
        found.where((found.columns != first[found.rows]) & (found.columns != second[found.rows]))
        for found in _with_every_third(held, first, second, least)
    )


def _with_every_third(held: "csr_array", first: Indices, second: Indices, least: int) -> Iterator[Entries]:
    """The articles of the pair are thirds too."""
    holders = held.T.tocsr()
    baskets = np.diff(holders.indptr).astype(np.int64)
    for some in parts(baskets[first] + baskets[second]):
        both = holders[first[some]].multiply(holders[second[some]]).tocsr()
        for rows in row_blocks(both, held):
            yield _frequent(both[rows] @ held, some.start + rows.start, least)


def _frequent(counts: "csr_array", start: int, least: int) -> Entries:
    return entries(counts, start, counts.data >= least)
