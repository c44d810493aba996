"""How far a system without some of its parts stays behind the whole one, over one or more weeks.

Input: CUSTOMER_METRICS of every variant and week. Output: means with intervals, paired differences, verdicts.

Every customer-week counts the same. Resampled are customers, each with all their weeks (a cluster bootstrap), because the weeks of
one customer are alike; the mean of a resample is a ratio of two sums. With one week this is what evaluation/summary.py does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl

from lookbook.evaluation.bootstrap import Floats, interval, resample_means

Verdict = Literal["helps", "hurts", "cannot tell"]

VISIBLE_ERRORS = 2.8
"""A true difference of so many standard errors is found in 80 % of the tests at the 5 % level: 1.96 + 0.84."""


@dataclass(frozen=True)
class Mean:
    """low, high: ends of the 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Difference(Mean):
    """Of two variants, paired by customer.

    smallest_visible: the true difference that a test of this size would have told from 0 in 80 % of the cases.
    """

    smallest_visible: float

    @property
    def verdict(self) -> Verdict:
        """What the better-equipped variant owes to its additional part, told by the interval. An interval without any width
        tells nothing: there is one customer, or the difference is the same for all of them."""
        if self.smallest_visible == 0:
            return "cannot tell"
        return "helps" if self.low > 0 else "hurts" if self.high < 0 else "cannot tell"


@dataclass(frozen=True)
class Ratio:
    """Of two means, paired by customer. value: null where the second is 0; low, high: null where its resamples reach 0."""

    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Judged:
    """Variants judged on the same customers and weeks.

    mean: (variants,); means: (resamples, variants), every variant on the same resamples, in the order of `variants`.
    """

    variants: tuple[str, ...]
    mean: Floats
    means: Floats
    n_customers: int
    n_customer_weeks: int

    def of(self, variant: str) -> Mean:
        at = self.variants.index(variant)
        low, high = interval(self.means[:, [at]])
        return Mean(float(self.mean[at]), float(low[0]), float(high[0]))

    def difference(self, a: str, b: str) -> Difference:
        """Mean of `a` - mean of `b`."""
        first, second = self.variants.index(a), self.variants.index(b)
        drawn = self.means[:, [first]] - self.means[:, [second]]
        low, high = interval(drawn)
        value = float(self.mean[first] - self.mean[second])
        error = float(drawn.std(ddof=1)) if np.ptp(drawn) else 0.0  # of equal values, rounding would leave more than 0
        return Difference(value, float(low[0]), float(high[0]), VISIBLE_ERRORS * error)

    def ratio(self, a: str, b: str) -> Ratio:
        """Mean of `a` / mean of `b`."""
        first, second = self.variants.index(a), self.variants.index(b)
        below = self.means[:, [second]]
        value = float(self.mean[first] / self.mean[second]) if self.mean[second] > 0 else None
        if not below.min() > 0:
            return Ratio(value, None, None)
        low, high = interval(self.means[:, [first]] / below)
        return Ratio(value, float(low[0]), float(high[0]))


def judge_variants(
    weeks: Sequence[Mapping[str, pl.DataFrame]], *, metric: str = "average_precision", resamples: int, seed: int
) -> Judged:
    """Judge the same variants in every week.

    Args:
        weeks: for each week, variant to one row per customer with a label: customer, `metric`; in any order. The customers of
            two weeks may differ, those of two variants in one week may not.
        metric: the column that is averaged.
        resamples: bootstrap samples of customers.
        seed: of the bootstrap.

    Raises:
        ValueError: two variants of a week have different customers, or nobody has a label.
    """
    variants = tuple(weeks[0])
    tables = [_aligned(week, variants, metric) for week in weeks]
    everybody = pl.concat([customers for customers, _ in tables]).unique().sort()
    sums, counts = np.zeros((len(everybody), len(variants))), np.zeros((len(everybody), 1))
    for customers, values in tables:  # in the order of the weeks, so that float sums have a fixed order
        rows = everybody.search_sorted(customers).to_numpy()
        sums[rows] += values
        counts[rows] += 1
    drawn = resample_means(np.hstack([sums, counts]), resamples=resamples, seed=seed)
    return Judged(
        variants,
        mean=drawn.mean[:-1] / drawn.mean[-1],
        means=drawn.means[:, :-1] / drawn.means[:, -1:],
        n_customers=len(everybody),
        n_customer_weeks=int(counts.sum()),
    )


def _aligned(week: Mapping[str, pl.DataFrame], variants: Sequence[str], metric: str) -> tuple[pl.Series, Floats]:
    """The sorted customers of a week and their values, customers x variants."""
    ordered = [week[variant].sort("customer") for variant in variants]
    customers = ordered[0]["customer"]
    for variant, frame in zip(variants, ordered, strict=True):
        if not frame["customer"].equals(customers):
            raise ValueError(f"variants {variants[0]!r} and {variant!r} were measured on different customers")
    return customers, np.stack([frame[metric].cast(pl.Float64).to_numpy() for frame in ordered], axis=1)
