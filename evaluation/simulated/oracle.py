"""The best that can be expected where the true probabilities of purchases are known, and how near a recommender comes.

Input: true probabilities of (customer, article); CUSTOMER_METRICS. Output: RECOMMENDATIONS; Way.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from lookbook.data.order import best_first
from lookbook.data.schema import RECOMMENDATIONS, Schema
from lookbook.evaluation.bootstrap import interval, resample_means

PROBABILITIES: Schema = {"customer": pl.UInt32, "article": pl.UInt32, "propensity": pl.Float64}
"""One row per customer and article: the true probability that it is bought in the week."""


@dataclass(frozen=True)
class Way:
    """The part of the way from a baseline to the oracle that a recommender covers: 0 = as the baseline, 1 = as the oracle.

    low, high: ends of the 95 % interval. covered is null where the oracle is not above the baseline, its interval where a resample
    of the oracle is not.
    """

    baseline: float
    recommender: float
    oracle: float
    covered: float | None
    low: float | None
    high: float | None
    n_customers: int


def oracle_recommendations(probabilities: pl.LazyFrame, *, k: int) -> pl.LazyFrame:
    """RECOMMENDATIONS of the `k` most probable articles of each customer; ties by the smaller article id.

    This order has the highest expected precision at every rank (Robertson, "The probability ranking principle in IR", 1977).
    """
    return (
        best_first(probabilities, "propensity")
        .with_columns(rank=pl.int_range(1, pl.len() + 1, dtype=pl.UInt32).over("customer"), score="propensity")
        .filter(pl.col("rank") <= k)
        .select(pl.col(column).cast(dtype) for column, dtype in RECOMMENDATIONS.items())
    )


def way_covered(
    per_customer: Mapping[str, pl.DataFrame], *, baseline: str, recommender: str, oracle: str, resamples: int, seed: int
) -> Way:
    """How far `recommender` gets from `baseline` to `oracle` in MAP, paired by customer.

    Args:
        per_customer: CUSTOMER_METRICS of the three, of the same customers in any order.
        resamples: bootstrap samples of customers.
        seed: of the bootstrap.

    Raises:
        ValueError: when two of them have different customers.
    """
    names = (baseline, recommender, oracle)
    ordered = [per_customer[name].sort("customer") for name in names]
    for name, frame in zip(names, ordered, strict=True):
        if not frame["customer"].equals(ordered[0]["customer"]):
            raise ValueError(f"variants {baseline!r} and {name!r} were measured on different customers")
    values = np.column_stack([frame["average_precision"].cast(pl.Float64).to_numpy() for frame in ordered])
    drawn = resample_means(values, resamples=resamples, seed=seed)
    whole = drawn.means[:, 2] - drawn.means[:, 0]
    covered, low, high = None, None, None
    if drawn.mean[2] > drawn.mean[0]:
        covered = float((drawn.mean[1] - drawn.mean[0]) / (drawn.mean[2] - drawn.mean[0]))
    if covered is not None and (whole > 0).all():
        ends = interval(((drawn.means[:, 1] - drawn.means[:, 0]) / whole)[:, None])
        low, high = (float(end[0]) for end in ends)
    base, mine, best = (float(mean) for mean in drawn.mean)
    return Way(base, mine, best, covered, low, high, len(values))
