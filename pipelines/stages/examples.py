"""Step `examples`: what a ranker learns from, the bought candidates of past weeks and some of those that were not bought.

Input: System, Shard. Output: the stage examples (table features: EXAMPLES). Features are computed for these rows only.
"""

from collections.abc import Iterable

import polars as pl

from lookbook.data.errors import DataError
from lookbook.pipelines.errors import SettingsError
from lookbook.pipelines.stages.artifacts import Passing, Stage
from lookbook.pipelines.stages.digest import code_digest
from lookbook.pipelines.stages.features import seen, with_features
from lookbook.pipelines.stages.learn import statistics
from lookbook.pipelines.stages.retrieve import pairs
from lookbook.pipelines.stages.shards import Shard, Target, training_of
from lookbook.pipelines.stages.system import System
from lookbook.ranking.examples import label_pairs, sample_customers, sample_negatives
from lookbook.ranking.ranker import feature_schema
from lookbook.retrieval.source import Tables


class NoExamplesError(DataError):
    """Nothing to learn from: no candidate was bought in the training weeks."""


def examples(system: System, targets: Iterable[Target]) -> None:
    """The examples of each training week of the targets."""
    for week in training_of(targets):
        for shard in week:
            examples_of(system, shard)


def examples_of(system: System, shard: Shard) -> Stage | Passing:
    """EXAMPLES of one shard: its positives and sampled negatives, with features."""
    found = pairs(system, shard)
    sampling = {"negatives_per_positive": system.settings.ranking.negatives_per_positive, "seed": system.settings.run.seed}
    code = code_digest("lookbook.ranking.examples", "lookbook.pipelines.stages.features", __name__)
    key = {"pairs": found.key, "statistics": statistics(system, shard.window).key, "code": code, **sampling}

    def make() -> Tables:
        labels = system.dataset.labels(shard.window, shard.customers)
        chosen = sample_negatives(label_pairs(found.table("pairs"), labels), **sampling)
        return {"features": with_features(system, shard, chosen)}

    return system.artifacts.tables("examples", shard.label, key=key, make=make, customers=len(shard.customers))


def examples_before(system: System, target: Target) -> list[list[Stage | Passing]]:
    """EXAMPLES of each training week of the target, oldest first, a stage for each shard."""
    return [[examples_of(system, shard) for shard in week] for week in target.training]


def rows_before(system: System, target: Target) -> list[list[pl.LazyFrame]]:
    """The same as the ranker sees them, a part for each shard, sorted by as_of, customer, article; thinned to
    ranking.max_examples.

    Raises:
        NoExamplesError: there is none.
        SettingsError: every column they have is left out.
    """
    parts = [[stage.table("features") for stage in week] for week in examples_before(system, target)]
    rows = sum(part.select(pl.len()).collect().item() for week in parts for part in week)
    if not rows:
        raise _nothing_to_learn_from(system, target)
    share, seed = system.settings.ranking.max_examples / rows, system.settings.run.seed
    thinned = [[seen(system, sample_customers(part, share=share, seed=seed)) for part in week] for week in parts]
    if not feature_schema(thinned[0][0].collect_schema()):
        raise SettingsError(f"setting features.leave_out = {list(system.settings.features.leave_out)}: no feature is left")
    return thinned


def _nothing_to_learn_from(system: System, target: Target) -> NoExamplesError:
    """What is wrong where there are no examples: the sources found nothing, or not what was bought."""
    found = any(pairs(system, shard).table("pairs").head(1).collect().height for week in target.training for shard in week)
    weeks = f"{system.settings.ranking.training_weeks} weeks with purchases before the last week, and earlier purchases"
    needs = "".join(f"; for {source.name} {source.needs}" for source in system.settings.sources())
    why = "nobody bought an article that was a candidate for them" if found else "no source found a candidate"
    return NoExamplesError(
        f"no training examples: in the training weeks {why}",
        expected=f"{weeks}; the data set goes from {system.dataset.first_day} to {system.dataset.last_day}{'' if found else needs}",
        fix="lower ranking.training_weeks in a --config file, or give more weeks of data"
        + ("" if found else ", or take other sources (--sources)"),
    )
