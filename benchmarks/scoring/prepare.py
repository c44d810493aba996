"""What every trial of benchmarks.scoring shares: a judged week with candidates enough for all, and the examples before it.

Input: System. Output: Bench.
"""

from dataclasses import replace

from benchmarks.scoring.bench import Bench
from benchmarks.scoring.trials import CANDIDATES, TREES
from benchmarks.scoring.week import judged_week
from lookbook.data.windows import last_window
from lookbook.features.registry import group_of_feature
from lookbook.pipelines.settings.config import Settings
from lookbook.pipelines.stages.examples import rows_before
from lookbook.pipelines.stages.fit import fit_target
from lookbook.pipelines.stages.shards import targets
from lookbook.pipelines.stages.system import System
from lookbook.ranking.ranker import feature_schema


def prepared(system: System, *, weeks_before: int, customers: int) -> Bench:
    """Judged are the first `customers` buyers, to the end of a shard, of the week so many weeks before the last one."""
    settings = system.settings
    window = last_window(system.dataset.last_day).earlier(weeks_before)
    system = replace(system, first=window.earlier(settings.ranking.training_weeks))
    (target,) = targets(system, [window])
    trees = fit_target(system, target).trees
    wide = replace(system, settings=_keeping(settings, max(*CANDIDATES, settings.retrieval.max_candidates)))
    whole, costs = judged_week(wide, window, customers=customers)
    places = whole.places(whole.features["rrf"])
    return Bench(
        whole=whole,
        cut=whole.keep(places < settings.retrieval.max_candidates),
        examples=[part for week in rows_before(system, target) for part in week],
        settings=settings,
        groups=group_of_feature(system.groups, feature_schema(whole.features.schema)),
        costs=costs,
        trees=trees,
        most_trees=max(*TREES, trees),
    )


def _keeping(settings: Settings, candidates: int) -> Settings:
    """Settings with another retrieval.max_candidates."""
    retrieval = settings.retrieval.model_copy(update={"max_candidates": candidates})
    return settings.model_copy(update={"retrieval": retrieval})
