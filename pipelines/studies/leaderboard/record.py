"""What leaderboard.json holds. Figures are of the test weeks pooled, every customer-week, place or label alike; low and high end
95 % intervals over customers, each resampled with all their weeks."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """value: null where there is nothing to take a mean of; low, high: null where that can happen in a resample."""

    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class MethodRow:
    """One method alone.

    kind: "source" or "baseline"; the two may share a name. note: "" = all well, "found nothing: ..." (its figures are 0 or null) or
    "refused: ..." (the method cannot work on these data, so that its figures are null). parameters: of a baseline, chosen on the
    weeks before all test weeks; "" = it has none.

    recall: of the labels among the first `depth` places, mean over customers; map, ndcg: at k. The rest is of the first k places
    of all lists: coverage, the share of the articles sold in the 28 days before the week that somebody is recommended, mean of the
    weeks, without an interval; novelty, the mean -log2 of the share of the buyers so far who bought the article, in bits; new, the
    share of places with an article that the customer had not bought before.

    only: the share of all labels that it finds among the first `depth` places, but no other source of `beside`; n_only: how many
    these are.

    cpu_seconds: mean of the test weeks, of what a week takes when nothing is on disk yet but the data; all threads, without
    starting Python or choosing the parameters of a baseline. peak_memory_mb: of the whole process while that was computed.
    """

    method: str
    kind: str
    note: str
    parameters: str
    recall: Figure | None
    map: Figure | None
    ndcg: Figure | None
    coverage: float | None
    novelty: Figure | None
    new: Figure | None
    only: Figure | None
    n_only: int | None
    cpu_seconds: float | None
    peak_memory_mb: int | None


@dataclass(frozen=True)
class Leaderboard:
    """weeks: test weeks, newest first. k: of MAP@k and NDCG@k; depth: of recall. n_labels: labels of all weeks. beside: the
    default sources. methods: best MAP first, of equals the higher recall, then by name; then those that refused.
    """

    weeks: Sequence[str]
    k: int
    depth: int
    n_customers: int
    n_customer_weeks: int
    n_labels: int
    beside: Sequence[str]
    methods: Sequence[MethodRow]
