"""One week's verdict: every recommender by every metric and segment, and the system against each of the others.

Input: RECOMMENDATIONS by variant, LABELS, SEGMENTED, POPULARITY. Output: METRICS, a few of them of cold customers, DIFFERENCES;
JSON-ready dicts.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from lookbook.data.schema import LABELS, conform
from lookbook.evaluation.metrics import catalogue_coverage, customer_metrics, novelty
from lookbook.evaluation.recommendations import checked
from lookbook.evaluation.segments import ALL, COLD_CUSTOMERS, segment_members
from lookbook.evaluation.summary import MEANS, METRICS, summarise

COVERAGE = "catalogue_coverage"
NOVELTY = "mean_popularity_rank"

COLD_METRICS = ("map", "recall")

Cell = dict[str, float | int | None]
Nested = dict[str, dict[str, dict[str, Cell]]]
"""Cells by variant, segment and metric."""


@dataclass(frozen=True)
class Evaluation:
    """metrics: METRICS of every variant; differences: DIFFERENCES of the system to every other variant; cold: COLD_METRICS
    for those segments of COLD_CUSTOMERS in which somebody has a label, as rows of METRICS."""

    metrics: pl.DataFrame
    differences: pl.DataFrame
    cold: pl.DataFrame

    def value(self, variant: str, metric: str = "map", segment: str = ALL) -> float:
        """The value of one METRICS row.

        Raises:
            KeyError: when there is no such row, naming what was asked for.
        """
        at = (pl.col("variant") == variant) & (pl.col("metric") == metric) & (pl.col("segment") == segment)
        found = self.metrics.filter(at)["value"]
        if len(found) != 1:
            raise KeyError(f"no metric {metric!r} of variant {variant!r} in segment {segment!r}")
        return float(found[0])


def evaluate(
    recommendations: Mapping[str, pl.LazyFrame],
    labels: pl.LazyFrame,
    segments: pl.LazyFrame,
    purchases: pl.LazyFrame,
    popularity: pl.LazyFrame,
    *,
    system: str | None,
    k: int,
    resamples: int,
    seed: int,
) -> Evaluation:
    """Judge every variant of `recommendations` on the customers with labels.

    Args:
        recommendations: variant to RECOMMENDATIONS; lists shorter than `k` or missing score lower, broken ones are refused.
        labels: LABELS of the week.
        segments: SEGMENTED of at least the customers with labels.
        purchases: the same by PURCHASE_SEGMENTS.
        popularity: POPULARITY before the week; an article with buyers counts as sellable.
        system: the variant that the differences are of; None for no differences.
        k: ranks judged. resamples, seed: of the bootstrap over customers.

    Raises:
        RecommendationError: for a broken list.
        ValueError: when `system` is not a variant, or nobody has a label.
    """
    if system is not None and system not in recommendations:
        raise ValueError(f"unknown system {system!r}; variants: {', '.join(recommendations)}")
    answers = conform(labels, LABELS, "labels").unique().collect()
    # a week has far fewer customers with labels than customers with lists: hold only theirs
    judged = {
        variant: checked(lists.filter(pl.col("rank") <= k), k=k).join(answers, on="customer", how="semi")
        for variant, lists in recommendations.items()
    }
    per_customer = {variant: customer_metrics(lists.lazy(), answers.lazy(), k=k).collect() for variant, lists in judged.items()}
    groups = segments.join(answers.lazy(), on="customer", how="semi").sort("customer").collect()
    means, differences = summarise(per_customer, groups, MEANS, system=system, k=k, resamples=resamples, seed=seed)
    cold = _of_cold(per_customer, purchases, k=k, resamples=resamples, seed=seed)
    return Evaluation(pl.concat([means, _of_catalogue(judged, groups, popularity.collect(), k=k)]), differences, cold)


def nested(table: pl.DataFrame) -> Nested:
    """METRICS or DIFFERENCES as dicts: cells by variant, segment and metric, in the order of the table; ready for JSON."""
    result: Nested = {}
    for row in table.drop("k").iter_rows(named=True):
        cell = {name: value for name, value in row.items() if name not in ("metric", "segment", "variant")}
        result.setdefault(row["variant"], {}).setdefault(row["segment"], {})[row["metric"]] = cell
    return result


def _of_cold(
    per_customer: Mapping[str, pl.DataFrame], purchases: pl.LazyFrame, *, k: int, resamples: int, seed: int
) -> pl.DataFrame:
    """Evaluation.cold."""
    with_labels = next(iter(per_customer.values())).select("customer")
    cold = purchases.collect().join(with_labels, on="customer", how="semi").filter(pl.col("segment").is_in(COLD_CUSTOMERS))
    if cold.is_empty():
        return pl.DataFrame(schema=METRICS)
    theirs = {variant: frame.join(cold, on="customer", how="semi") for variant, frame in per_customer.items()}
    columns = {metric: MEANS[metric] for metric in COLD_METRICS}
    means, _ = summarise(theirs, cold, columns, system=None, k=k, resamples=resamples, seed=seed)
    return means.filter(pl.col("segment") != ALL)


def _of_catalogue(lists: Mapping[str, pl.DataFrame], groups: pl.DataFrame, popularity: pl.DataFrame, *, k: int) -> pl.DataFrame:
    """METRICS of what is recommended, whether bought or not: COVERAGE and NOVELTY, without intervals."""
    sellable = popularity.lazy().filter(pl.col("buyers") > 0)
    rows = []
    for segment, members in segment_members(groups):
        for variant, frame in lists.items():
            shown = frame.lazy().join(members.lazy(), on="customer", how="semi")
            keys = {"segment": segment, "variant": variant, "k": k, "n_customers": len(members)}
            covered = catalogue_coverage(shown, sellable).select(value="coverage", metric=pl.lit(COVERAGE))
            place = novelty(shown, popularity.lazy()).select(value="popularity_rank", metric=pl.lit(NOVELTY))
            rows.append(pl.concat([covered, place]).with_columns(**{name: pl.lit(key) for name, key in keys.items()}))
    without = pl.lit(None, dtype=pl.Float64)
    return (
        pl.concat(rows)
        .with_columns(low=without, high=without, value=pl.col("value").fill_nan(None))
        .select(pl.col(name).cast(dtype) for name, dtype in METRICS.items())
        .collect()
    )
