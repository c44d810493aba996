"""What a backtest judges: the system and every baseline, each refitted for every test week.

Input: System, Target. Output: RECOMMENDATIONS for the buyers of a test week, and what they took to compute.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from lookbook.evaluation.baselines import BASELINES, article_popularity
from lookbook.pipelines.dry_run.planned import PlannedArtifacts, planned_system
from lookbook.pipelines.settings.config import without_new_share
from lookbook.pipelines.stages.artifacts import MANIFEST, Stage, write_tables
from lookbook.pipelines.stages.digest import code_digest
from lookbook.pipelines.stages.evaluate import SYSTEM
from lookbook.pipelines.stages.rank import Lists, fit_and_rank, listed
from lookbook.pipelines.stages.shards import Target
from lookbook.pipelines.stages.system import System


@dataclass(frozen=True)
class Recommended:
    """RECOMMENDATIONS of one method for one week. cpu_seconds, peak_memory_mb: of all stages that they are made of."""

    lists: pl.LazyFrame
    cpu_seconds: float
    peak_memory_mb: int


def methods(system: System) -> list[str]:
    """Names of all methods: the system, what it is without a choice that has a price, the baselines."""
    return [SYSTEM, *plainer(system), *BASELINES]


def plainer(system: System) -> Mapping[str, System]:
    """The same system without each choice whose worth or price must be seen by itself: what is known ahead, new_share."""
    found = {}
    if system.dataset.plan:
        found[f"{SYSTEM}, no plan"] = replace(system, dataset=replace(system.dataset, plan=None))
    if system.settings.ranking.new_share:
        found[f"{SYSTEM}, new_share 0"] = replace(system, settings=without_new_share(system.settings))
    return found


def ask(system: System, target: Target, method: str) -> Lists:
    """The stages with the lists of `method` for the buyers of the target's week, computed or planned."""
    if method in BASELINES:
        return [_baseline(system, target, method)]
    return fit_and_rank({SYSTEM: system, **plainer(system)}[method], target).recommendations


def recommend(system: System, target: Target, method: str) -> Recommended:
    """The lists of `method` for the buyers of the target's week, and the cost of all that is behind them."""
    lists = listed(ask(system, target, method))
    planned = PlannedArtifacts(system.artifacts.root, system.artifacts.reporter)
    ask(planned_system(system, planned), target, method)
    took = [json.loads((folder / MANIFEST).read_text()) for folder in planned.steps]
    cpu, memory = ([each.get(what, 0) for each in took] for what in ("cpu_seconds", "peak_memory_mb"))
    return Recommended(lists, sum(cpu), max(memory))


def _baseline(system: System, target: Target, method: str) -> Stage:
    """Table `recommendations`: RECOMMENDATIONS."""
    k, as_of = system.settings.run.k, target.window.as_of
    key = {
        "data": system.dataset.digest,
        "as_of": str(as_of),
        "customers": [shard.served_digest for shard in target.shards],
        "method": method,
        "k": k,
        "code": code_digest("lookbook.evaluation.baselines", __name__),
    }

    def build(folder: Path) -> None:
        history = system.dataset.before(as_of)
        popular = article_popularity(history).collect().lazy()
        customers = pl.concat([shard.served for shard in target.shards])
        write_tables(folder, {"recommendations": BASELINES[method](history, popular, customers, k=k)})

    return system.artifacts.stage(f"baseline/{method}", str(as_of), key=key, build=build)
