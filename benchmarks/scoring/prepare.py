"""What every trial of benchmarks.scoring shares: a judged week with candidates enough for all, and the examples before it.

Input: Stages. Output: Bench.
"""

from dataclasses import replace

import polars as pl

from benchmarks.scoring.bench import Bench
from benchmarks.scoring.trials import CANDIDATES, TREES
from benchmarks.scoring.week import judged_week
from lookbook.data.windows import Window, last_window
from lookbook.features.registry import group_of_feature
from lookbook.features.registry import groups as feature_groups
from lookbook.pipelines.settings.config import Settings
from lookbook.pipelines.stages.rank import choose_tree_count, examples_before
from lookbook.pipelines.stages.system import Stages
from lookbook.ranking.examples import sample_customers
from lookbook.ranking.ranker import Parts, feature_schema


def prepared(stages: Stages, *, weeks_before: int, customers: int) -> Bench:
    """Judged are the first `customers` buyers, to the end of a shard, of the week so many weeks before the last one."""
    settings = stages.settings
    window = last_window(stages.dataset.last_day).earlier(weeks_before)
    stages = replace(stages, first=window.earlier(settings.ranking.training_weeks))
    trees = choose_tree_count(stages, window)
    wide = replace(stages, settings=_keeping(settings, max(*CANDIDATES, settings.retrieval.max_candidates)))
    whole, costs = judged_week(wide, window, customers=customers)
    places = whole.places(whole.features["rrf"])
    declared = feature_groups(stages.dataset.customers.collect_schema())
    return Bench(
        whole=whole,
        cut=whole.keep(places < settings.retrieval.max_candidates),
        examples=_examples(stages, window),
        settings=settings,
        groups=group_of_feature(declared, feature_schema(whole.features.schema)),
        costs=costs,
        trees=trees,
        most_trees=max(*TREES, trees),
    )


def _keeping(settings: Settings, candidates: int) -> Settings:
    """Settings with another retrieval.max_candidates."""
    retrieval = settings.retrieval.model_copy(update={"max_candidates": candidates})
    return settings.model_copy(update={"retrieval": retrieval})


def _examples(stages: Stages, window: Window) -> Parts:
    """EXAMPLES of the weeks before `window`, thinned to ranking.max_examples as for any ranker."""
    parts = [stage.table("features") for week in examples_before(stages, window) for stage in week]
    rows = sum(part.select(pl.len()).collect().item() for part in parts)
    share, seed = stages.settings.ranking.max_examples / max(rows, 1), stages.settings.run.seed
    return [stages.seen(sample_customers(part, share=share, seed=seed)) for part in parts]
