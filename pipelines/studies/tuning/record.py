"""What tuning.json holds. MAPs are of the validation weeks pooled, every customer-week alike; low and high end 95 % intervals over
customers, each resampled with all their weeks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Reached:
    """A MAP, in the order of `weeks` also by week, and the values of the settings that were searched."""

    map: float
    low: float
    high: float
    map_by_week: Sequence[float]
    parameters: Mapping[str, object]


@dataclass(frozen=True)
class Gain:
    """The best trial - the settings of the run, paired by customer over the validation weeks. verdict: of the trial's values,
    "helps", "hurts" or "cannot tell": a tie."""

    difference: float
    low: float
    high: float
    smallest_visible: float
    verdict: str


@dataclass(frozen=True)
class TrialRow:
    """number: from 1 in the order of the trials. state: "finished", or "ended early": then map and map_by_week are of the first of
    the weeks only. gain: map - that of the run's settings on the same weeks; best_gain: the highest so far of the trials that were
    finished, 0 where none was above. seconds: of computing what no earlier trial had left on disk."""

    number: int
    state: str
    map: float
    map_by_week: Sequence[float]
    gain: float
    best_gain: float
    parameters: Mapping[str, object]
    seconds: float


@dataclass(frozen=True)
class Importance:
    """share: of how much the key decides whether a trial is among the best, of all keys together 1."""

    key: str
    share: float


@dataclass(frozen=True)
class Tuning:
    """weeks: validation weeks, newest first; all end before the week `tested`, the test week of the run. k: of MAP@k.

    keys: what was searched. best: the trial with the highest MAP, the first of equals; null, as is `gain`, where no trial was
    finished. importance: most first; none while fewer trials than IMPORTANCE_FROM are finished. wanted: trials that were
    asked for.
    """

    weeks: Sequence[str]
    tested: str
    k: int
    n_customers: int
    n_customer_weeks: int
    sampler: str
    seed: int
    wanted: int
    keys: Sequence[str]
    run: Reached
    best: Reached | None
    best_trial: int | None
    gain: Gain | None
    importance: Sequence[Importance]
    trials: Sequence[TrialRow]

    @property
    def better(self) -> bool:
        """Whether a trial reached more than the settings of the run, if only by chance."""
        return self.gain is not None and self.gain.difference > 0
