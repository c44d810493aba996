"""How good the candidates are before any ranking: what each source finds, what only it finds, and the ceiling of the union.

Input: PAIRS, LABELS. Output: SOURCE_QUALITY, UNION_RECALL. Only customers with labels count; those without candidates
count as found nothing.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

from lookbook.data.order import best_first
from lookbook.data.schema import PAIR, Schema
from lookbook.evaluation.bootstrap import Floats, interval, resample_means

UNION = "union"
"""The name that all sources together have in SOURCE_QUALITY."""

_RECALL: Schema = {
    "found": pl.UInt64,
    "recall": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "customer_recall": pl.Float64,
    "candidates_per_customer": pl.Float64,
    "positive_rate": pl.Float64,
    "n_labels": pl.UInt64,
    "n_customers": pl.UInt32,
}

SOURCE_QUALITY: Schema = {"source": pl.String, **_RECALL, "found_only": pl.UInt64}
"""One row per source, then UNION. found: label pairs among the candidates; recall: found / all label pairs (pooled), with the
95 % interval; customer_recall: mean over customers of their own recall; positive_rate: found / candidates (null without
candidates); found_only: label pairs that no other source found (UNION: by exactly one source)."""

UNION_RECALL: Schema = {"depth": pl.UInt32, **_RECALL}
"""One row per depth: the same for the first `depth` candidates of each customer by reciprocal-rank fusion."""


def pairs_of(candidates: Mapping[str, pl.LazyFrame]) -> pl.LazyFrame:
    """The rank columns of PAIRS, from CANDIDATES by source name."""
    tagged = [frame.select("customer", "article", "rank", source=pl.lit(name)) for name, frame in candidates.items()]
    return (
        pl.concat(tagged)
        .group_by(PAIR)
        .agg(pl.col("rank").filter(pl.col("source") == name).min().alias(f"{name}_rank") for name in candidates)
        .sort(PAIR)
    )


def sources_in(pairs: pl.LazyFrame) -> tuple[str, ...]:
    """The names of the sources that have a `<source>_rank` column in `pairs`, in its order."""
    return tuple(column.removesuffix("_rank") for column in pairs.collect_schema() if column.endswith("_rank"))


def candidate_counts(pairs: pl.LazyFrame, labels: pl.LazyFrame) -> pl.LazyFrame:
    """One row per customer with a label, sorted: n_labels and, per source and for UNION, `<source>_candidates`,
    `<source>_found` and `<source>_only`. Whole numbers per customer, so that shards may simply be concatenated."""
    sources = sources_in(pairs)
    retrieved = {source: pl.col(f"{source}_rank").is_not_null() for source in sources}
    n_sources = pl.sum_horizontal(retrieved.values())
    alone = (n_sources == 1) & pl.col("label")
    counts = [
        count.sum().cast(pl.UInt32).alias(f"{source}_{name}")
        for source, present in {**retrieved, UNION: n_sources > 0}.items()
        for name, count in {
            "candidates": present,
            "found": present & pl.col("label"),
            "only": present & alone,
        }.items()
    ]
    return per_customer(_labelled(pairs, labels).group_by("customer").agg(counts), labels)


def source_quality(counts: pl.DataFrame, *, resamples: int, seed: int) -> pl.DataFrame:
    """SOURCE_QUALITY from the rows of `candidate_counts`."""
    names = [column.removesuffix("_found") for column in counts.columns if column.endswith("_found")]
    only = pl.Series("found_only", [int(counts[f"{name}_only"].sum()) for name in names], dtype=pl.UInt64)
    table = _recall(counts, names, resamples=resamples, seed=seed)
    return table.select(pl.Series("source", names), *_RECALL, only)


def union_counts(pairs: pl.LazyFrame, labels: pl.LazyFrame, *, depths: Sequence[int]) -> pl.LazyFrame:
    """One row per customer with a label, sorted: n_labels and, per depth, `<depth>_candidates` and `<depth>_found` among the
    first `depth` PAIRS of the customer by `rrf`, ties by the smaller article id. Shards may simply be concatenated."""
    place = pl.int_range(1, pl.len() + 1, dtype=pl.UInt32).over("customer")
    counts = (
        best_first(_labelled(pairs, labels), "rrf")
        .with_columns(place=place)
        .group_by("customer")
        .agg(
            expr.sum().cast(pl.UInt32).alias(f"{depth}_{name}")
            for depth in depths
            for name, expr in {
                "candidates": pl.col("place") <= depth,
                "found": (pl.col("place") <= depth) & pl.col("label"),
            }.items()
        )
    )
    return per_customer(counts, labels)


def union_recall(counts: pl.DataFrame, *, depths: Sequence[int], resamples: int, seed: int) -> pl.DataFrame:
    """UNION_RECALL at `depths` from the rows of `union_counts`."""
    table = _recall(counts, [str(depth) for depth in depths], resamples=resamples, seed=seed)
    return table.select(pl.Series("depth", depths, dtype=pl.UInt32), *_RECALL)


def _labelled(pairs: pl.LazyFrame, labels: pl.LazyFrame) -> pl.LazyFrame:
    """Pairs of the customers with labels, and whether each is a `label`."""
    answers = labels.select("customer", "article", label=True)
    return (
        pairs.join(labels, on="customer", how="semi")
        .join(answers, on=PAIR, how="left", validate="m:1")
        .with_columns(pl.col("label").fill_null(False))
    )


def per_customer(counts: pl.LazyFrame, labels: pl.LazyFrame) -> pl.LazyFrame:
    """n_labels and the whole numbers of `counts` (0 where it lacks the customer): one row per customer with a label, sorted."""
    return (
        labels.group_by("customer")
        .agg(n_labels=pl.len().cast(pl.UInt32))
        .join(counts, on="customer", how="left", validate="1:1")
        .fill_null(0)
        .sort("customer")
    )


def _recall(counts: pl.DataFrame, names: Sequence[str], *, resamples: int, seed: int) -> pl.DataFrame:
    """The columns of _RECALL, one row per name, from `<name>_found`, `<name>_candidates` and n_labels of each customer."""
    ordered = counts.sort("customer")
    n_labels = _column(ordered, "n_labels")
    found = np.stack([_column(ordered, f"{name}_found") for name in names], axis=1)
    candidates = np.array([float(ordered[f"{name}_candidates"].sum()) for name in names])
    own = found / n_labels[:, None]
    drawn = resample_means(np.hstack([found, own, n_labels[:, None]]), resamples=resamples, seed=seed)
    low, high = interval(drawn.means[:, : len(names)] / drawn.means[:, -1:])
    hits = found.sum(axis=0)
    rate = np.divide(hits, candidates, out=np.full_like(hits, np.nan), where=candidates > 0)
    columns = {
        "found": hits,
        "recall": hits / n_labels.sum(),
        "low": low,
        "high": high,
        "customer_recall": drawn.mean[len(names) : -1],
        "candidates_per_customer": candidates / len(ordered),
        "positive_rate": rate,
    }
    return pl.DataFrame({name: pl.Series(values, nan_to_null=True) for name, values in columns.items()}).select(
        *(pl.col(name).cast(_RECALL[name]) for name in columns),
        n_labels=pl.lit(int(n_labels.sum()), dtype=pl.UInt64),
        n_customers=pl.lit(len(ordered), dtype=pl.UInt32),
    )


def _column(frame: pl.DataFrame, name: str) -> Floats:
    return frame[name].cast(pl.Float64).to_numpy()
