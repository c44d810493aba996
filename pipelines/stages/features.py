"""Step `features`: columns about customer, article and both, joined onto pairs. It is part of the steps `examples` and `rank`.

Input: System, Shard. Output: the stage features (table features: FEATURES), on disk with run.cache_features only.
"""

import polars as pl

from lookbook.data.schema import PAIR
from lookbook.features.feature import Inputs, add_features
from lookbook.features.registry import group_of_feature
from lookbook.pipelines.stages.artifacts import Passing, Stage
from lookbook.pipelines.stages.digest import code_digest
from lookbook.pipelines.stages.learn import available_groups, learned_tables, statistics
from lookbook.pipelines.stages.retrieve import candidates, pairs
from lookbook.pipelines.stages.shards import NearHistory, Shard
from lookbook.pipelines.stages.system import System
from lookbook.ranking.ranker import feature_schema
from lookbook.retrieval.source import Tables


def features(system: System, shard: Shard) -> Stage | Passing:
    """FEATURES of every pair of one shard."""
    ranked = pairs(system, shard)
    key = {"pairs": ranked.key, "statistics": statistics(system, shard.window).key, "code": code_digest(__name__)}

    def make() -> Tables:
        return {"features": with_features(system, shard, ranked.table("pairs"))}

    keep, n = system.settings.run.cache_features, len(shard.customers)
    return system.artifacts.tables("features", shard.label, key=key, make=make, keep=keep, customers=n)


def candidate_features(system: System, shard: Shard) -> Stage | Passing:
    """The features of every candidate of every source, before the cut, without the columns of PAIRS; sorted by the keys.

    No feature depends on which source retrieved the pair, so one table serves every choice of sources.
    """
    near = NearHistory(system.dataset, shard)
    found = [candidates(system, source, shard, near) for source in system.sources]
    known = statistics(system, shard.window)
    key = {"every candidate": [stage.key for stage in found], "statistics": known.key, "code": code_digest(__name__)}

    def make() -> Tables:
        every = pl.concat([stage.table("candidates").select(PAIR) for stage in found]).unique().sort(PAIR)
        return {"features": add_features(every, _inputs(system, near), available_groups(system, shard.window))}

    return system.artifacts.tables("features", f"{shard.label} all candidates", key=key, make=make)


def with_features(system: System, shard: Shard, pairs: pl.LazyFrame) -> pl.LazyFrame:
    """FEATURES of these PAIRS, whose customers are of the shard; same rows, same order, as_of first."""
    dated = pairs.with_columns(as_of=pl.lit(shard.window.as_of))
    groups = available_groups(system, shard.window)
    if system.whole and system.settings.run.cache_features:
        known = candidate_features(system.whole, shard).table("features")
        wanted = known.select(*PAIR, *(feature.name for group in groups for feature in group.features))
        table = dated.join(wanted, on=PAIR, how="left", validate="1:1", maintain_order="left")
    else:
        table = add_features(dated, _inputs(system, NearHistory(system.dataset, shard)), groups)
    return table.select("as_of", pl.exclude("as_of"))


def seen(system: System, features: pl.LazyFrame) -> pl.LazyFrame:
    """FEATURES or EXAMPLES as the ranker sees them: without the columns of the groups in features.leave_out."""
    left_out = set(system.settings.features.leave_out)
    group_of = group_of_feature(system.groups, feature_schema(features.collect_schema()))
    return features.drop(name for name, group in group_of.items() if group in left_out)


def _inputs(system: System, near: NearHistory) -> Inputs:
    window = near.shard.window
    return Inputs(near.history, {**statistics(system, window).tables, **learned_tables(system, window)})
