"""Exact top-k by inner product.

Input: query vectors and item vectors. Output: the rows and scores of the k best items of every query.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from lookbook.retrieval.source import Device
from lookbook.retrieval.vectors.tensorflow_runtime import start_tensorflow

Floats = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]

SEARCH_BLOCK = 4096  # queries at a time; fixed, so that the number of threads cannot change what a product is rounded to
SETTLE_BLOCK = 128  # queries whose found items fit into a core's cache
MARGIN = 16  # extra items found, so that rounding in the fast product cannot lose one of the k best
TOLERANCE = 1e-5  # of the fast product, relative to the largest score of the query


class TopK(NamedTuple):
    """rows, scores: one line per query, min(k, items) wide, best first; ties: the smaller row first."""

    rows: Rows
    scores: Floats


def with_bias(vectors: Floats, bias: Floats) -> Floats:
    """Items whose inner product with a query of `with_one` is dot product + bias."""
    return np.concatenate([vectors, bias[:, None]], axis=1)


def with_one(vectors: Floats) -> Floats:
    """Queries for items of `with_bias`."""
    return np.concatenate([vectors, np.ones((len(vectors), 1), np.float32)], axis=1)


def top_k(queries: Floats, items: Floats, k: int, *, device: Device) -> TopK:
    """The k best items of every query, the same on any device and number of threads.

    A fast product finds a few more than k; their scores are computed again, item by item in double precision, and sorted.
    Where the last of them is too close to the k-th to be sure that none is missing, all items are scored that way.
    """
    width = min(k, len(items))
    if not len(queries) or not width:
        return TopK(np.empty((len(queries), width), np.int64), np.empty((len(queries), width), np.float32))
    found = np.concatenate(list(_search(queries, items, min(width + MARGIN, len(items)), device=device)))
    blocks = [slice(start, start + SETTLE_BLOCK) for start in range(0, len(queries), SETTLE_BLOCK)]
    with ThreadPoolExecutor(pl.thread_pool_size()) as pool:
        best = list(pool.map(lambda block: _settle(queries[block], items, found[block], k=width), blocks))
    return TopK(np.concatenate([b.rows for b in best]), np.concatenate([b.scores for b in best]))


def _search(queries: Floats, items: Floats, k: int, *, device: Device) -> Iterator[Rows]:
    blocks = (queries[start : start + SEARCH_BLOCK] for start in range(0, len(queries), SEARCH_BLOCK))
    if device == "gpu":
        yield from _search_gpu(blocks, items, k)
    else:
        yield from _search_cpu(blocks, items, k)


def _search_cpu(blocks: Iterator[Floats], items: Floats, k: int) -> Iterator[Rows]:
    import faiss
    from threadpoolctl import threadpool_limits

    index = faiss.IndexFlatIP(items.shape[1])
    index.add(np.ascontiguousarray(items))

    def search(block: Floats) -> Rows:
        faiss.omp_set_num_threads(1)  # holds for the calling thread only
        found: Rows = index.search(np.ascontiguousarray(block), k)[1]
        return found

    with threadpool_limits(1), ThreadPoolExecutor(pl.thread_pool_size()) as pool:
        yield from pool.map(search, blocks)


def _search_gpu(blocks: Iterator[Floats], items: Floats, k: int) -> Iterator[Rows]:
    start_tensorflow()
    from keras import ops

    transposed = ops.transpose(ops.convert_to_tensor(items))
    for block in blocks:
        yield np.asarray(ops.top_k(ops.matmul(ops.convert_to_tensor(block), transposed), k)[1], np.int64)


def _settle(queries: Floats, items: Floats, found: Rows, *, k: int) -> TopK:
    scores = np.einsum("qd,qfd->qf", queries, items[found], dtype=np.float64).astype(np.float32)
    best = _sorted(found, scores, k)
    room = best.scores[:, -1] - scores.min(axis=1)
    unsure = (room <= TOLERANCE * np.abs(scores).max(axis=1)) & (found.shape[1] < len(items))
    if unsure.any():
        everything = np.broadcast_to(np.arange(len(items)), (1, len(items)))
        for query in np.flatnonzero(unsure):
            exact = np.einsum("d,fd->f", queries[query], items, dtype=np.float64).astype(np.float32)
            again = _sorted(everything, exact[None], k)
            best.rows[query], best.scores[query] = again.rows[0], again.scores[0]
    return best


def _sorted(rows: Rows, scores: Floats, k: int) -> TopK:
    order = np.lexsort((rows, -scores), axis=1)[:, :k]
    return TopK(np.take_along_axis(rows, order, 1), np.take_along_axis(scores, order, 1))
