"""Merging: one row per customer and article that some source retrieved, with what every source said about it.

Input: CANDIDATES by source. Output: PAIRS.
"""

from collections.abc import Iterable, Mapping

import numpy as np
import numpy.typing as npt
import polars as pl

from lookbook.data.schema import CANDIDATES, PAIRS
from lookbook.retrieval.source import pair_key

Keys = npt.NDArray[np.uint64]
"""(customer, article) in one number, which sorts and is found several times as fast as two columns."""
Places = npt.NDArray[np.int64]
ARTICLE_BITS = np.uint64(32)


def pair_columns(sources: Iterable[str]) -> list[str]:
    """Columns of PAIRS for these sources, in order."""
    return [*PAIRS, *(f"{source}_{what}" for source in sources for what in ("score", "rank"))]


def merge(candidates: Mapping[str, pl.LazyFrame], *, rrf_constant: int, max_candidates: int) -> pl.LazyFrame:
    """PAIRS of CANDIDATES by source name: the best `max_candidates` per customer by rrf, ties to the smaller article id.

    rrf = sum over the sources that retrieved the pair of 1 / (rrf_constant + rank) (Cormack et al. 2009), added in the order
    of `candidates`. The candidates, those of one shard, are collected here.
    """
    tables = {source: table.select(pair_key().alias("key"), *CANDIDATES).collect() for source, table in candidates.items()}
    keys = _distinct([table["key"] for table in tables.values()])
    places = {source: np.searchsorted(keys, table["key"].to_numpy()) for source, table in tables.items()}
    rrf, n_sources = np.zeros(len(keys)), np.zeros(len(keys), dtype=np.uint8)
    for source, at in places.items():
        rrf[at] += 1.0 / (rrf_constant + tables[source]["rank"].to_numpy().astype(np.float64))
        n_sources[at] += 1
    votes = rrf.astype(np.float32)
    kept = _best(keys, votes, max_candidates)
    pairs = {"customer": keys[kept] >> ARTICLE_BITS, "article": keys[kept] & (2**ARTICLE_BITS - 1)}
    together = pl.DataFrame({**pairs, "n_sources": n_sources[kept], "rrf": votes[kept]}, schema=PAIRS)
    row = np.full(len(keys), -1, dtype=np.int64)
    row[kept] = np.arange(len(kept))
    said = [_said(source, tables[source], row[at], len(kept)) for source, at in places.items()]
    return pl.concat([together, *said], how="horizontal").lazy()


def _distinct(keys: Iterable[pl.Series]) -> Keys:
    """Every key once, ascending."""
    every = pl.concat([pl.Series("key", dtype=pl.UInt64), *keys]).sort().to_numpy()
    return np.asarray(every[np.append(True, every[1:] != every[:-1])] if len(every) else every)


def _best(keys: Keys, votes: npt.NDArray[np.float32], top: int) -> Places:
    """Places, ascending, of the `top` largest votes of every customer; the first of equal ones, so the smaller article."""
    customer = keys >> ARTICLE_BITS
    # floats above 0 have the order of their bits
    down = np.uint64(2**32 - 1) - votes.view(np.uint32)
    order = np.argsort(customer << ARTICLE_BITS | down, kind="stable")
    first = np.flatnonzero(np.append(True, customer[1:] != customer[:-1])[: len(keys)])
    counts = np.diff(np.append(first, len(keys)))
    position = np.arange(len(keys)) - np.repeat(first, counts)
    return np.sort(order[position < top])


def _said(source: str, table: pl.DataFrame, rows: Places, height: int) -> pl.DataFrame:
    """`<source>_score` and `<source>_rank` of `height` pairs; rows: the pair of every candidate of `table`, -1 = cut."""
    kept = rows >= 0
    known = np.zeros(height, dtype=np.bool_)
    known[rows[kept]] = True
    columns = {}
    for what in ("score", "rank"):
        values = table[what].to_numpy()
        column = np.zeros(height, dtype=values.dtype)
        column[rows[kept]] = values[kept]
        columns[f"{source}_{what}"] = column
    return pl.DataFrame(columns).select(pl.when(pl.Series(known)).then(pl.all()))
