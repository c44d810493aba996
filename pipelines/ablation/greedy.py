"""Build a system up: the best single source first, then at each step the one that raises MAP most, until none does.

Input: Bench. Output: the steps.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from lookbook.pipelines.ablation.record import BuiltUp, GreedyStep
from lookbook.pipelines.ablation.rows import Trial, gain_of
from lookbook.pipelines.ablation.variants import Bench, Budget

BEFORE = "before"


@dataclass(frozen=True)
class BuildUp:
    """trials: the systems on the way, smallest first; steps: what was tried to get there, and what did not help in the end."""

    budget: Budget
    trials: tuple[Trial, ...]
    steps: tuple[GreedyStep, ...]

    @property
    def record(self) -> BuiltUp:
        return BuiltUp(self.budget, list(self.trials[-1].kept), list(self.steps))


def build_up(bench: Bench, budget: Budget) -> BuildUp:
    """The gain of a step is against the step before, that of the first against fallback lists; the first is taken anyway.

    Ties go to the source that comes first in the registry.
    """
    chosen: tuple[str, ...] = ()
    trials: list[Trial] = []
    steps: list[GreedyStep] = []
    while rest := [name for name in bench.sources if name not in chosen]:
        step, best, raises = _step(bench, budget, chosen, rest)
        steps.append(step)
        if not raises:
            break
        chosen = (*chosen, best)
        left_out = tuple(name for name in bench.sources if name not in chosen)
        trials.append(Trial("greedy", best if len(chosen) == 1 else f"+ {best}", left_out, chosen, budget))
    return BuildUp(budget, tuple(trials), tuple(steps))


def _step(bench: Bench, budget: Budget, chosen: tuple[str, ...], rest: Sequence[str]) -> tuple[GreedyStep, str, bool]:
    """What became of adding each of `rest` to `chosen`; the best of them; whether it is added."""
    variants = {name: bench.of_sources((*chosen, name) if name != BEFORE else chosen, budget) for name in (BEFORE, *rest)}
    for variant in variants.values():
        bench.announce(variant)
    judged = bench.judge({name: bench.measure(variant) for name, variant in variants.items()})
    best = max(rest, key=lambda name: judged.of(name).value)
    gains = [gain_of(judged, name, BEFORE) for name in rest]
    added = not chosen or judged.difference(best, BEFORE).value > 0
    return GreedyStep(best=best, added=added, **vars(gains[rest.index(best)]), tried=gains), best, added
