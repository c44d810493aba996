"""The stages of a run, kind by kind: a run can stop after one kind, and each can be run and measured as a process of its own.

Input: Stages, the shards of each target week, oldest week first. Output: stages on disk. `run` finds all of them there.
"""

from collections.abc import Callable, Mapping, Sequence

from lookbook.data.windows import Window, training_windows
from lookbook.pipelines.stages.rank import Fitted, examples_before, fallback_lists_of, fit_week, recommend
from lookbook.pipelines.stages.shards import Shard
from lookbook.pipelines.stages.system import Stages

Targets = Sequence[Sequence[Shard]]


def learn(stages: Stages, targets: Targets) -> None:
    """What sources and feature groups learn from all customers, once for each as_of."""
    for window in _windows(stages, targets):
        for source in stages.sources:
            stages.learned(source, window)
        stages.statistics(window)
    for shards in targets:
        fallback_lists_of(stages, shards[0].window)


def retrieve(stages: Stages, targets: Targets) -> None:
    """Candidates and merged pairs of the customers of each training week and of those of the targets that are kept."""
    training = [shard for window in _training(stages, targets) for shard in stages.buyers(window)]
    for shard in [*training, *(shard for shards in targets for shard in shards if shard.kept)]:
        stages.pairs(shard)


def examples(stages: Stages, targets: Targets) -> None:
    """Training examples of each week before each target."""
    for shards in targets:
        examples_before(stages, shards[0].window)


def fit(stages: Stages, targets: Targets) -> None:
    """The number of trees, found for the oldest target, and a ranker for each target."""
    fit_all(stages, targets)


def rank(stages: Stages, targets: Targets) -> None:
    """Recommendations for each target."""
    for shards, fitted in zip(targets, fit_all(stages, targets), strict=True):
        recommend(stages, fitted.ranker, shards)


PHASES: Mapping[str, Callable[[Stages, Targets], None]] = {
    "data": lambda stages, targets: None,  # Stages are of converted data
    "learn": learn,
    "retrieve": retrieve,
    "examples": examples,
    "fit": fit,
    "rank": rank,
}
"""By the name that --stop-after takes, in the order in which they run."""


def fit_all(stages: Stages, targets: Targets, *, trees: int | None = None) -> list[Fitted]:
    """A ranker for each target, all with as many trees: `trees`, or as many as are best for the oldest."""
    fitted: list[Fitted] = []
    for shards in targets:
        fitted.append(fit_week(stages, shards[0].window, trees=trees))
        trees = fitted[-1].trees
    return fitted


def _training(stages: Stages, targets: Targets) -> list[Window]:
    """Each once, oldest first."""
    count = stages.settings.ranking.training_weeks
    windows = {window for shards in targets for window in training_windows(shards[0].window, count)}
    return sorted(windows, key=lambda window: window.as_of)


def _windows(stages: Stages, targets: Targets) -> list[Window]:
    """Training weeks and targets, each once, oldest first."""
    windows = {*_training(stages, targets), *(shards[0].window for shards in targets)}
    return sorted(windows, key=lambda window: window.as_of)
