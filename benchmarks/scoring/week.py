"""A past week to try rankers on: every candidate of its customers with all features, and what they bought.

Input: System. Output: JudgedWeek, and the processor time of each feature group.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from time import process_time
from typing import TypeVar

import polars as pl

from lookbook.data.order import best_first
from lookbook.data.windows import Window
from lookbook.evaluation.bootstrap import Floats
from lookbook.evaluation.metrics import customer_metrics
from lookbook.features.feature import FeatureGroup, Inputs, add_features, shared_tables
from lookbook.pipelines.stages.features import seen
from lookbook.pipelines.stages.learn import available_groups, fallback, learned_tables, statistics
from lookbook.pipelines.stages.retrieve import pairs
from lookbook.pipelines.stages.shards import Shard, buyers
from lookbook.pipelines.stages.system import System
from lookbook.ranking.examples import label_pairs
from lookbook.ranking.select import select_top_k

T = TypeVar("T")


@dataclass(frozen=True)
class JudgedWeek:
    """features: FEATURES with label, sorted by customer and article. customers: customer, age_band of all who are judged.
    labels: LABELS of these. fallback: what fills the lists that have fewer than k candidates."""

    features: pl.DataFrame
    customers: pl.DataFrame
    labels: pl.DataFrame
    fallback: pl.DataFrame
    k: int

    def keep(self, kept: pl.Series) -> "JudgedWeek":
        """The same week with the candidates where `kept` is true."""
        return replace(self, features=self.features.filter(kept))

    def average_precision(self, scores: pl.Series, kept: pl.Series | None = None) -> Floats:
        """Of every judged customer, by id, if they are recommended the `k` best scores, among those where `kept` is true."""
        scored = self.features.select("customer", "article", "rrf").with_columns(score=scores)
        lists = select_top_k(
            (scored if kept is None else scored.filter(kept)).lazy(), self.customers.lazy(), self.fallback.lazy(), k=self.k
        )
        found = customer_metrics(lists, self.labels.lazy(), k=self.k).select("average_precision").collect()
        return found["average_precision"].to_numpy()

    def places(self, scores: pl.Series) -> pl.Series:
        """The place of each row among those of its customer: 0 = the highest score; of equal ones, the higher rrf."""
        return (
            self.features.select("customer", "article", "rrf")
            .with_columns(score=scores)
            .with_row_index("row")
            .pipe(lambda table: best_first(table, "score", "rrf"))
            .with_columns(place=pl.int_range(pl.len()).over("customer"))
            .sort("row")["place"]
        )


@dataclass(frozen=True)
class GroupCost:
    """Processor seconds of a feature group: for each million pairs, and for the table that all shards share, once an as_of."""

    million_pairs_cpu_s: float
    once_cpu_s: float


def judged_week(system: System, window: Window, *, customers: int) -> tuple[JudgedWeek, Mapping[str, GroupCost]]:
    """The week of `window` for its buyers, those of the first shards until there are `customers` of them; costs by group."""
    costs: dict[str, float] = {}
    shards = first_shards(buyers(system, window), customers)
    served = pl.LazyFrame({"customer": pl.concat([shard.served for shard in shards])})
    features = pl.concat([_features(system, shard, costs) for shard in shards])
    labels = system.dataset.labels(window)
    week = JudgedWeek(
        label_pairs(features.lazy(), labels).collect(),
        served.join(system.dataset.customers.select("customer", "age_band"), on="customer", how="left").collect(),
        labels.join(served, on="customer", how="semi").collect(),
        fallback(system, window).table("fallback").collect(),
        system.settings.run.k,
    )
    once = _once(system, window)
    return week, {name: GroupCost(1e6 * cpu / max(len(features), 1), once.get(name, 0.0)) for name, cpu in costs.items()}


def first_shards(shards: Sequence[Shard], customers: int) -> list[Shard]:
    """At least one, and no more than it takes for so many customers."""
    before = [sum(len(shard.served) for shard in shards[:n]) for n in range(len(shards))]
    return list(shards[: max(1, len(list(takewhile(lambda count: count < customers, before))))])


def cpu_seconds(work: Callable[[], T]) -> tuple[T, float]:
    """What `work` gives, and the processor seconds of all threads that it took."""
    begin = process_time()
    return work(), process_time() - begin


def _features(system: System, shard: Shard, costs: dict[str, float]) -> pl.DataFrame:
    """Group by group, so that each can be timed; the history of the shard is read before, for all of them."""
    window = shard.window
    tables = learned_tables(system, window)
    history = system.dataset.before(window.as_of).of(shard.customers).held()
    inputs = Inputs(history, {**statistics(system, window).tables, **tables})
    features = pairs(system, shard).table("pairs").collect()
    for group in available_groups(system, window):
        features, cpu = _added(features, inputs, group)
        costs[group.name] = costs.get(group.name, 0.0) + cpu
    return seen(system, features.lazy()).collect()


def _added(features: pl.DataFrame, inputs: Inputs, group: FeatureGroup) -> tuple[pl.DataFrame, float]:
    return cpu_seconds(lambda: add_features(features.lazy(), inputs, [group]).collect())


def _once(system: System, window: Window) -> dict[str, float]:
    inputs = Inputs(system.dataset.before(window.as_of), {})
    shared = [group for group in system.groups if group.scope == "all" or group.learn]
    return {group.name: _shared_seconds(group, inputs) for group in shared}


def _shared_seconds(group: FeatureGroup, inputs: Inputs) -> float:
    return cpu_seconds(lambda: pl.collect_all(shared_tables([group], inputs).values()))[1]
