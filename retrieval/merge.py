"""Merging: one row per customer and article that some source retrieved, with what every source said about it.

Input: CANDIDATES by source. Output: PAIRS.
"""

from collections.abc import Iterable, Mapping

import polars as pl

from data.schema import CANDIDATES, PAIRS


def pair_columns(sources: Iterable[str]) -> list[str]:
    """Columns of PAIRS for these sources, in order."""
    return [*PAIRS, *(f"{source}_{what}" for source in sources for what in ("score", "rank"))]


def merge(candidates: Mapping[str, pl.LazyFrame], *, rrf_constant: int, max_candidates: int) -> pl.LazyFrame:
    """PAIRS of CANDIDATES by source name: the best `max_candidates` per customer by rrf, ties to the smaller article id.

    rrf = sum over the sources that retrieved the pair of 1 / (rrf_constant + rank) (Cormack et al. 2009).
    """
    ranks = [f"{source}_rank" for source in candidates]
    said = [column for column in pair_columns(candidates) if column not in PAIRS]
    votes = (1.0 / (rrf_constant + pl.col(rank).cast(pl.Float64)) for rank in ranks)
    return (
        pl.concat([_prefixed(table, source) for source, table in candidates.items()], how="diagonal")
        .group_by("customer", "article")
        .agg(pl.col(said).max())  # at most one row of the group has a value
        .with_columns(
            n_sources=pl.sum_horizontal(pl.col(ranks).is_not_null()).cast(pl.UInt8),
            rrf=pl.sum_horizontal(votes).cast(pl.Float32),
        )
        .sort("customer", "rrf", "article", descending=[False, True, False])
        .filter(pl.int_range(pl.len(), dtype=pl.UInt32).over("customer") < max_candidates)
        .select(pair_columns(candidates))
        .sort("customer", "article")
    )


def _prefixed(table: pl.LazyFrame, source: str) -> pl.LazyFrame:
    return table.select(*CANDIDATES).rename({"score": f"{source}_score", "rank": f"{source}_rank"})
