"""What backtest.json holds. MAPs are of the test weeks pooled, every customer-week alike; low and high end 95 % intervals over
customers, each resampled with all their weeks; what is compared is paired by customer."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Paired:
    """The system's MAP against that of another method: the difference and the ratio. ratio: null where the other's MAP is 0; its
    ends are null where a resample of it is. verdict: of the system, "helps" (ahead), "hurts" (behind) or "cannot tell"."""

    difference: float
    difference_low: float
    difference_high: float
    ratio: float | None
    ratio_low: float | None
    ratio_high: float | None
    verdict: str


@dataclass(frozen=True)
class MethodRow:
    """A method's MAP, in the order of `weeks` by week. parameters: chosen on the weeks before all test weeks; "" = it has none.
    lookbook: null in the system's own row.

    cpu_seconds: mean of the test weeks, of what a week takes when nothing is on disk yet but the data; all threads, without
    starting Python or choosing the parameters of a baseline. peak_memory_mb: of the whole process while that was computed.
    """

    method: str
    map: float
    low: float
    high: float
    map_by_week: Sequence[float]
    parameters: str
    lookbook: Paired | None
    cpu_seconds: float
    peak_memory_mb: int


@dataclass(frozen=True)
class SegmentRow:
    """The system and the best baseline (of all customers) on some of the customer-weeks, or by some of the labels.

    by: "days since last purchase" or "purchase days in 90" (evaluation/segments.py), or "labels": then only those labels count,
    and customers who have one.
    """

    by: str
    segment: str
    n_customer_weeks: int
    map: float
    baseline_map: float
    lookbook: Paired


@dataclass(frozen=True)
class Backtest:
    """weeks: test weeks, newest first. k: of MAP@k. best_baseline: the one with the highest MAP, ties by name.

    methods: the system, then the others, best first. newest: the same rows for the newest test week alone.
    """

    weeks: Sequence[str]
    k: int
    n_customers: int
    n_customer_weeks: int
    best_baseline: str
    methods: Sequence[MethodRow]
    newest: Sequence[MethodRow]
    segments: Sequence[SegmentRow]
