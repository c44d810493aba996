"""How much the candidates of two sources are the same ones.

Input: PAIRS. Output: OVERLAP.
"""

from collections.abc import Iterable

import polars as pl

from lookbook.data.schema import Schema
from lookbook.evaluation.sources.candidates import sources_in

OVERLAP: Schema = {"source": pl.String, "other": pl.String, "jaccard": pl.Float64}
"""One row per source and other source, both ways, and each with itself. jaccard: pairs that both retrieved / pairs that at least
one of them did (Jaccard, 1901), 0 to 1; null where neither retrieved any."""


def shared_pairs(pairs: pl.LazyFrame) -> pl.LazyFrame:
    """source, other, both: the number of pairs that both retrieved. Of several shards and weeks, simply concatenated."""
    sources = sources_in(pairs)
    present = {source: pl.col(f"{source}_rank").is_not_null() for source in sources}
    both = [(a, b, (present[a] & present[b]).sum().cast(pl.UInt64).alias(f"{a}&{b}")) for a in sources for b in sources]
    counted = pairs.select(count for *_, count in both)
    return pl.concat(
        counted.select(source=pl.lit(a, dtype=pl.String), other=pl.lit(b, dtype=pl.String), both=f"{a}&{b}") for a, b, _ in both
    )


def overlap(shared: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """OVERLAP from the rows of `shared_pairs`, in their order."""
    counted = pl.concat(shared).group_by("source", "other", maintain_order=True).agg(pl.col("both").sum())
    alone = counted.filter(pl.col("source") == pl.col("other"))
    either = pl.col("mine") + pl.col("theirs") - pl.col("both")
    return (
        counted.join(alone.select("source", mine="both"), on="source", how="left", maintain_order="left")
        .join(alone.select(other="source", theirs="both"), on="other", how="left", maintain_order="left")
        .with_columns(jaccard=pl.when(either > 0).then(pl.col("both") / either))
        .select(pl.col(name).cast(dtype) for name, dtype in OVERLAP.items())
    )
