"""Rankers compared on a judged week: what each customer's list is worth, what scoring costs, how far that is from the reference.

Input: JudgedWeek, EXAMPLES of the weeks before it, Settings. Output: Trials, and Lines that compare them with the reference.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl

from benchmarks.scoring.week import GroupCost, JudgedWeek, cpu_seconds
from lookbook.evaluation.bootstrap import Floats, interval, resample_means
from lookbook.pipelines.settings.config import Settings
from lookbook.ranking.ranker import Parts, Ranker, RankerSettings, fit


@dataclass(frozen=True)
class Trial:
    """precision: the average precision of each judged customer. figures: costs and counts, by name."""

    name: str
    precision: Floats
    figures: Mapping[str, float]


@dataclass(frozen=True)
class Line:
    """A trial against the reference. difference: of MAP; low, high: ends of its 95 % interval, paired by customer."""

    section: str
    name: str
    map: float
    difference: float
    low: float
    high: float
    figures: Mapping[str, float]


@dataclass(frozen=True)
class Bench:
    """whole: the week with more candidates than the settings keep; cut: with as many as they keep. groups: the feature group of
    each feature. trees: how many the reference has, which ranks `cut`; most_trees: how many may be asked of `first`."""

    whole: JudgedWeek
    cut: JudgedWeek
    examples: Parts
    settings: Settings
    groups: Mapping[str, str]
    costs: Mapping[str, GroupCost]
    trees: int
    most_trees: int

    @cached_property
    def reference(self) -> Trial:
        return self.trial("reference", self.first(self.trees))

    @cached_property
    def scores(self) -> pl.Series:
        """Those of the reference's ranker, for all candidates of `whole`."""
        return scored(self.first(self.trees), self.whole.features)[0]

    def first(self, trees: int) -> Ranker:
        """The ranker of the settings with so many trees."""
        return first_trees(self._large, trees)

    def fit(self, trees: int, *, shape: RankerSettings | None = None, without: Collection[str] = ()) -> Ranker:
        """shape: null = that of the settings; without: features that it does not see."""
        shape, run = shape or self.settings.ranking.lambdarank, self.settings.run
        return fit([part.drop(without) for part in self.examples], shape, trees=trees, seed=run.seed, threads=run.threads)

    def trial(self, name: str, ranker: Ranker, *, without: Collection[str] = ()) -> Trial:
        """`ranker` on the candidates that the settings keep."""
        scores, speed = scored(ranker, self.cut.features.drop(without))
        return Trial(name, self.cut.average_precision(scores), {"rows per CPU s": speed})

    @cached_property
    def _large(self) -> Ranker:
        return self.fit(self.most_trees)


def first_trees(ranker: Ranker, trees: int) -> Ranker:
    """The ranker that a fit of fewer trees would have given: each tree knows only those before it."""
    import lightgbm

    booster = lightgbm.Booster(model_str=ranker.model)
    return Ranker(ranker.features, trees, booster.model_to_string(num_iteration=trees))


def scored(ranker: Ranker, features: pl.DataFrame) -> tuple[pl.Series, float]:
    """The score of each row, and rows per processor second on one thread, with their matrix being made."""
    table, cpu = cpu_seconds(lambda: ranker.score(features, threads=1))
    return table["score"], len(features) / max(cpu, 1e-9)


def compare(section: str, trials: Sequence[Trial], reference: Trial, *, resamples: int, seed: int) -> list[Line]:
    """Every trial against `reference`, on the same resampled customers."""
    gains = np.column_stack([trial.precision - reference.precision for trial in trials])
    resampled = resample_means(gains, resamples=resamples, seed=seed)
    low, high = interval(resampled.means)
    return [
        Line(section, trial.name, float(trial.precision.mean()), float(gain), float(least), float(most), trial.figures)
        for trial, gain, least, most in zip(trials, resampled.mean, low, high, strict=True)
    ]
