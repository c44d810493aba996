"""Which values are tried next, and what was tried: a study of optuna in an SQLite file, which a later command goes on with.

Input: Space, MAPs of trials. Output: optuna trials, Tried. What a trial tries depends on the seed and on the trials that ended
before it, and on nothing else, so that a search that was cut off goes on as if it had not been.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import numpy as np
import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.samplers import BaseSampler, RandomSampler, TPESampler
from optuna.trial import FrozenTrial, TrialState

from lookbook.pipelines.studies.tuning.space import Choices, Domain, Point, Range, Space

Sampler = Literal["tpe", "random", "grid"]
SAMPLERS: tuple[Sampler, ...] = get_args(Sampler)
RANDOM_FIRST = 10
"""Trials before the sampler tpe learns from them."""
IMPORTANCE_FROM = 10
"""Finished trials below which nothing is said of the importance of a key."""
AS_RUN = "settings of the run"
"""Attribute of the trial that tells the sampler what the settings of the run reached; it is not counted as a trial."""


@dataclass(frozen=True)
class Tried:
    """A trial that ended. map: pooled over the weeks of map_by_week; early: it was ended before the last week."""

    number: int
    early: bool
    map: float
    map_by_week: Sequence[float]
    point: Point
    seconds: float


@dataclass(frozen=True)
class Search:
    """The study of a space with one sampler and one seed."""

    study: optuna.Study
    space: Space
    sampler: Sampler
    seed: int

    @staticmethod
    def open(file: Path, space: Space, sampler: Sampler, seed: int) -> "Search":
        """Go on with the study in `file`, or begin it there. A trial that was begun and did not end is forgotten."""
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        file.parent.mkdir(parents=True, exist_ok=True)
        study = optuna.create_study(
            storage=f"sqlite:///{file.absolute()}", study_name="lookbook", direction="maximize", load_if_exists=True
        )
        for left in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
            study.tell(left.number, state=TrialState.FAIL)
        return Search(study, space, sampler, seed)

    def ask(self) -> optuna.Trial:
        """The next trial."""
        count = len(self.tried())
        self.study.sampler = self._sampler_of(count)
        return self.study.ask({key: distribution(domain) for key, domain in self.space.domains.items()})

    def tell(
        self, trial: optuna.Trial, maps: Sequence[float], *, early: bool, map_by_week: Sequence[float], seconds: float
    ) -> None:
        """A trial has ended. maps: pooled over the first week, the first two, ..."""
        for weeks, value in enumerate(maps, start=1):
            trial.report(value, weeks)
        trial.set_user_attr("map_by_week", list(map_by_week))
        trial.set_user_attr("seconds", seconds)
        self.study.tell(trial, None if early else maps[-1], state=TrialState.PRUNED if early else TrialState.COMPLETE)

    def tell_run(self, point: Point, value: float) -> None:
        """What the settings of the run reached, if they are in the space: the sampler learns from it too."""
        if self.space.holds(point) and not any(AS_RUN in trial.user_attrs for trial in self.study.get_trials(deepcopy=False)):
            kinds = {key: distribution(domain) for key, domain in self.space.domains.items()}
            drawn = {key: _drawn(domain, point[key]) for key, domain in self.space.domains.items()}
            known = optuna.trial.create_trial(params=drawn, distributions=kinds, value=value, user_attrs={AS_RUN: True})
            self.study.add_trial(known)

    def tried(self) -> list[Tried]:
        """Every trial that ended, the first one first."""
        ended = self.study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED))
        counted = [trial for trial in ended if AS_RUN not in trial.user_attrs]
        return [self._tried(number, trial) for number, trial in enumerate(counted, start=1)]

    def importance(self) -> dict[str, float]:
        """The share of each key, most first, ties by name (PED-ANOVA, Watanabe et al., IJCAI 2023); empty while too little is
        known."""
        finished = self.study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
        if len(finished) < IMPORTANCE_FROM:
            return {}
        found = optuna.importance.get_param_importances(self.study)
        return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))

    def point_of(self, trial: optuna.Trial | FrozenTrial) -> Point:
        return {key: _value(domain, trial.params[key]) for key, domain in self.space.domains.items()}

    def _tried(self, number: int, trial: FrozenTrial) -> Tried:
        early = trial.state == TrialState.PRUNED
        last = trial.intermediate_values[max(trial.intermediate_values)]
        known = trial.user_attrs
        return Tried(number, early, last, known["map_by_week"], self.point_of(trial), known["seconds"])

    def _sampler_of(self, count: int) -> BaseSampler:
        """The sampler of the trial before which `count` trials ended."""
        if self.sampler == "grid":
            point = next(point for place, point in enumerate(self.space.points()) if place == count)
            return OnePoint({key: _drawn(domain, point[key]) for key, domain in self.space.domains.items()})
        seed = int(np.random.SeedSequence([self.seed, count]).generate_state(1)[0])
        return RandomSampler(seed) if self.sampler == "random" else TPESampler(seed=seed, n_startup_trials=RANDOM_FIRST)


class OnePoint(BaseSampler):
    """Gives the values of one point."""

    def __init__(self, drawn: Mapping[str, object]) -> None:
        self.drawn = drawn

    def infer_relative_search_space(self, study: optuna.Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        return {}

    def sample_relative(
        self, study: optuna.Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, object]:
        return {}

    def sample_independent(
        self, study: optuna.Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> object:
        return self.drawn[param_name]


def distribution(domain: Domain) -> BaseDistribution:
    """As optuna has it; choices are drawn as JSON, since it knows no lists."""
    match domain:
        case Choices():
            return CategoricalDistribution([json.dumps(value) for value in domain.values])
        case Range(whole=True):
            return IntDistribution(int(domain.low), int(domain.high), log=domain.log, step=int(domain.step or 1))
        case _:
            return FloatDistribution(float(domain.low), float(domain.high), log=domain.log, step=domain.step)


def _value(domain: Domain, drawn: object) -> object:
    if isinstance(domain, Choices):
        return json.loads(str(drawn))
    assert isinstance(drawn, int | float)
    return domain.value(drawn)


def _drawn(domain: Domain, value: object) -> object:
    return json.dumps(value) if isinstance(domain, Choices) else value
