"""What is told of finished runs: the list, what was removed, and two of them side by side. Differences are B - A."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class RunRow:
    """A finished run.

    map: of the system on the test week, with the ends of its 95 % interval; null for a run without one. baseline: the best of the
    baselines, and times_baseline, the ratio of the two MAPs, with its interval. seconds: what its stages took in that run; bytes:
    of the folder, without the stage tables that runs share. edited: those of run.json, config.resolved.toml and metrics.json that
    are not as they were written, so that the row is not what the run found.
    """

    name: str
    finished: str
    dataset: str
    test_week: str | None
    final_week: str | None
    sources: Sequence[str]
    seconds: float
    bytes: int
    map: float | None
    low: float | None
    high: float | None
    baseline: str | None
    times_baseline: float | None
    times_low: float | None
    times_high: float | None
    latest: bool
    edited: Sequence[str]


@dataclass(frozen=True)
class Removed:
    """bytes: of the folder."""

    name: str
    bytes: int


@dataclass(frozen=True)
class Changed:
    """A setting, or a fact about data, device or versions, by its full key; null = not there."""

    name: str
    a: object
    b: object


@dataclass(frozen=True)
class MetricChange:
    """Both values; where customers could be paired the difference with its 95 % interval and how many they were, else null. What is
    no mean over customers has no interval."""

    metric: str
    segment: str
    a: float | None
    b: float | None
    difference: float | None
    low: float | None
    high: float | None
    n_customers: int | None


@dataclass(frozen=True)
class SegmentChange:
    """How many customers of a segment gained average precision, lost it, or neither."""

    segment: str
    customers: int
    gained: int
    lost: int
    same: int


@dataclass(frozen=True)
class CustomerChange:
    """customer: the retailer's id. labels: articles bought; hits: those recommended; a, b: average precision."""

    change: float
    segment: str
    customer: str
    labels: int
    a: float
    b: float
    hits_a: int
    hits_b: int


@dataclass(frozen=True)
class CustomerChanges:
    """As SegmentChange over everybody, then by segment; and who gained and lost most, the most first."""

    customers: int
    gained: int
    lost: int
    same: int
    by_segment: Sequence[SegmentChange]
    most_gained: Sequence[CustomerChange]
    most_lost: Sequence[CustomerChange]


@dataclass(frozen=True)
class Compared:
    """a, b: names of the runs. customers: null where they could not be paired."""

    a: str
    b: str
    settings: Sequence[Changed]
    facts: Sequence[Changed]
    metrics: Sequence[MetricChange]
    customers: CustomerChanges | None
