"""Whether the sources find articles of whose sales next to nothing is known.

Input: CANDIDATES by source, LABELS, articles by their first sale. Output: COLD_RECALL.
"""

from collections.abc import Mapping

import polars as pl

from lookbook.data.schema import PAIR, Schema
from lookbook.evaluation.segments import COLD_ARTICLES
from lookbook.evaluation.sources.candidates import SOURCE_QUALITY, candidate_counts, pairs_of, source_quality

COUNTED = ("found", "recall", "low", "high", "n_labels", "n_customers", "found_only")

COLD_RECALL: Schema = {"segment": pl.String, "source": pl.String, **{name: SOURCE_QUALITY[name] for name in COUNTED}}
"""One row per segment of COLD_ARTICLES of which somebody bought an article, and source, then UNION: SOURCE_QUALITY of the labels of
these articles alone; n_customers: those who have such a label."""


def cold_counts(candidates: Mapping[str, pl.LazyFrame], labels: pl.LazyFrame, first_sales: pl.LazyFrame) -> pl.DataFrame:
    """candidate_counts of the labels of each segment of COLD_ARTICLES, and the `segment`. Shards may simply be concatenated.

    first_sales: segments.first_sale_segments of the catalogue. Candidates that are no such label are not counted.
    """
    cold = labels.join(first_sales.filter(pl.col("segment").is_in(COLD_ARTICLES)), on="article").collect()
    found = {source: frame.join(cold.lazy(), on=PAIR, how="semi") for source, frame in candidates.items()}
    pairs = pairs_of(found).collect()
    parts = []
    for segment in COLD_ARTICLES:
        theirs = cold.lazy().filter(pl.col("segment") == segment).select(PAIR)
        counts = candidate_counts(pairs.lazy().join(theirs, on=PAIR, how="semi"), theirs)
        parts.append(counts.with_columns(segment=pl.lit(segment)))
    return pl.concat(parts).collect()


def cold_recall(counts: pl.DataFrame, *, resamples: int, seed: int) -> pl.DataFrame:
    """COLD_RECALL from the rows of `cold_counts`."""
    parts = [pl.DataFrame(schema=COLD_RECALL)]
    for segment in COLD_ARTICLES:
        theirs = counts.filter(pl.col("segment") == segment).drop("segment")
        if not theirs.is_empty():
            quality = source_quality(theirs, resamples=resamples, seed=seed)
            parts.append(quality.select(pl.lit(segment).alias("segment"), "source", *COUNTED))
    return pl.concat(parts)
