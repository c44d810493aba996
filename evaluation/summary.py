"""Means of per-customer metrics with 95 % intervals, and paired comparisons of two recommenders.

Input: CUSTOMER_METRICS per variant, SEGMENTED. Output: METRICS, DIFFERENCES.
"""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import polars as pl

from lookbook.data.schema import Schema
from lookbook.evaluation.bootstrap import Floats, Resampled, interval, resample_means
from lookbook.evaluation.segments import ALL, segment_members

METRICS: Schema = {
    "metric": pl.String,
    "k": pl.UInt16,
    "segment": pl.String,
    "variant": pl.String,
    "value": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "n_customers": pl.UInt32,
}
"""One row per metric, segment and variant. value: mean over the segment's n_customers with labels; low, high: ends of the
95 % interval, null for a metric that is not a mean over customers."""

DIFFERENCES: Schema = {**METRICS, "ratio": pl.Float64, "ratio_low": pl.Float64, "ratio_high": pl.Float64}
"""One row per metric, segment and variant: mean of the system - mean of the variant, and the same as a ratio (null where
the variant's mean is 0 or its resamples reach 0); both paired by customer."""

MEANS: Mapping[str, str] = {
    "map": "average_precision",
    "recall": "recall",
    "precision": "precision",
    "f1": "f1",
    "ndcg": "ndcg",
    "mrr": "reciprocal_rank",
    "hit_rate": "hit",
}
"""Name of a mean in METRICS: the per-customer column it is the mean of."""

Keys = dict[str, str | int]


def summarise(
    per_customer: Mapping[str, pl.DataFrame],
    segments: pl.DataFrame,
    columns: Mapping[str, str],
    *,
    system: str | None,
    k: int,
    resamples: int,
    seed: int,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """METRICS of every variant, and DIFFERENCES of `system` to every other variant (none without a system).

    Args:
        per_customer: variant to one row per customer; all variants must have the same customers, in any order.
        segments: SEGMENTED of at least these customers.
        columns: metric name to the per-customer column it is the mean of.
        system: the variant that the others are compared with.
        k: only written to the tables.
        resamples: bootstrap samples of customers.
        seed: of the bootstrap; all variants and metrics share the samples.

    Raises:
        ValueError: when two variants have different customers, or a customer has no segment.
    """
    values, groups = _aligned(per_customer, segments, list(columns.values()))
    at = {variant: slice(i * len(columns), (i + 1) * len(columns)) for i, variant in enumerate(per_customer)}
    means: list[pl.DataFrame] = []
    differences = [pl.DataFrame(schema=DIFFERENCES)]
    for segment, members in segment_members(groups.with_row_index("customer")):
        drawn = resample_means(values[members["customer"].to_numpy()], resamples=resamples, seed=seed)
        for variant, mine in at.items():
            keys: Keys = {"segment": segment, "variant": variant, "k": k, "n_customers": len(members)}
            means.append(_table(METRICS, columns, keys, _mean(drawn, mine)))
            if system is not None and variant != system:
                differences.append(_table(DIFFERENCES, columns, keys, _comparison(drawn, at[system], mine)))
    return pl.concat(means), pl.concat(differences)


def paired_difference(a: pl.DataFrame, b: pl.DataFrame, columns: Sequence[str], *, resamples: int, seed: int) -> pl.DataFrame:
    """Mean of `a` - mean of `b`, and their ratio, per column, with intervals; customers are paired by id.

    Returns:
        One row per column: metric, value, low, high, n_customers, ratio, ratio_low, ratio_high (as in DIFFERENCES).

    Raises:
        ValueError: when `a` and `b` have different customers.
    """
    everybody = a.select("customer", segment=pl.lit(ALL))
    _, differences = summarise(
        {"a": a, "b": b}, everybody, {c: c for c in columns}, system="a", k=0, resamples=resamples, seed=seed
    )
    return differences.filter(pl.col("segment") == ALL).drop("k", "segment", "variant")


def _mean(drawn: Resampled, a: slice) -> dict[str, Floats]:
    low, high = interval(drawn.means[:, a])
    return {"value": drawn.mean[a], "low": low, "high": high}


def _comparison(drawn: Resampled, a: slice, b: slice) -> dict[str, Floats]:
    low, high = interval(drawn.means[:, a] - drawn.means[:, b])
    ratio_low, ratio_high = interval(_ratio(drawn.means[:, a], drawn.means[:, b]))
    return {
        "value": drawn.mean[a] - drawn.mean[b],
        "low": low,
        "high": high,
        "ratio": _ratio(drawn.mean[a], drawn.mean[b]),
        "ratio_low": ratio_low,
        "ratio_high": ratio_high,
    }


def _ratio(a: Floats, b: Floats) -> Floats:
    """NaN where `b` is 0."""
    return np.divide(a, b, out=np.full_like(a, np.nan), where=b > 0)


def _aligned(per_customer: Mapping[str, pl.DataFrame], segments: pl.DataFrame, columns: list[str]) -> tuple[Floats, pl.DataFrame]:
    """Values (customers x (variants x columns), rows by customer id) and the `segment` of each row."""
    ordered = {variant: frame.sort("customer") for variant, frame in per_customer.items()}
    first = next(iter(ordered))
    customers = ordered[first]["customer"]
    for variant, frame in ordered.items():
        if not frame["customer"].equals(customers):
            raise ValueError(f"variants {first!r} and {variant!r} were measured on different customers")
    groups = customers.to_frame().join(segments, on="customer", how="left", validate="1:1", maintain_order="left")
    if groups["segment"].null_count():
        unknown = groups.filter(pl.col("segment").is_null())["customer"][0]
        raise ValueError(f"customer {unknown} has no segment")
    values = np.hstack([frame.select(columns).cast(pl.Float64).to_numpy() for frame in ordered.values()])
    return values, groups.select("segment")


def _table(schema: Schema, metrics: Iterable[str], keys: Keys, values: Mapping[str, Floats]) -> pl.DataFrame:
    """One row per metric, with the same `keys` in each."""
    columns = {name: pl.Series(column, nan_to_null=True) for name, column in values.items()}
    return (
        pl.DataFrame({"metric": pl.Series(list(metrics)), **columns})
        .with_columns(**{name: pl.lit(key) for name, key in keys.items()})
        .select(pl.col(name).cast(dtype) for name, dtype in schema.items())
    )
