"""What a backtest judges: the system and every baseline, each refitted for every test week.

Input: System, Target. Output: RECOMMENDATIONS for the buyers of a test week, and what they took to compute.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import polars as pl

from lookbook.data.windows import Window
from lookbook.evaluation.baselines.registry import BASELINES
from lookbook.pipelines.settings.config import without_new_share
from lookbook.pipelines.stages.evaluate import SYSTEM
from lookbook.pipelines.stages.rank import Lists, fit_and_rank, listed
from lookbook.pipelines.stages.shards import Target
from lookbook.pipelines.stages.system import System
from lookbook.pipelines.studies.backtest.baselines import baseline, parameters
from lookbook.pipelines.studies.backtest.cost import cost


@dataclass(frozen=True)
class Recommended:
    """RECOMMENDATIONS of one method for one week. parameters: that were chosen for it; "" = it has none. cpu_seconds,
    peak_memory_mb: of all stages that they are made of."""

    lists: pl.LazyFrame
    parameters: str
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


def ask(system: System, target: Target, method: str, *, oldest: Window) -> Lists:
    """The stages with the lists of `method` for the buyers of the target's week, computed or planned. oldest: the first test week;
    parameters of baselines are chosen on the weeks before it."""
    if method in BASELINES:
        return [baseline(system, target, method, oldest=oldest, depth=system.settings.run.k)]
    return fit_and_rank({SYSTEM: system, **plainer(system)}[method], target).recommendations


def recommend(system: System, target: Target, method: str, *, oldest: Window) -> Recommended:
    """The lists of `method` for the buyers of the target's week, and the cost of all that is behind them. oldest: as in `ask`."""
    lists = listed(ask(system, target, method, oldest=oldest))
    took = cost(system, lambda planned: ask(planned, target, method, oldest=oldest))
    chosen = parameters(system, method, oldest=oldest) if method in BASELINES else ""
    return Recommended(lists, chosen, took.cpu_seconds, took.peak_memory_mb)
