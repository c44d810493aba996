"""What a backtest judges: the system and every baseline, each refitted for every test week.

Input: System, Target. Output: RECOMMENDATIONS for the buyers of a test week, and what they took to compute.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from lookbook.data.windows import Window
from lookbook.evaluation.baselines.baseline import Baseline, Known
from lookbook.evaluation.baselines.chosen import chosen, parameters_of
from lookbook.evaluation.baselines.registry import BASELINES, baseline_recommendations
from lookbook.pipelines.dry_run.planned import PlannedArtifacts, planned_system
from lookbook.pipelines.settings.config import without_new_share
from lookbook.pipelines.stages.artifacts import MANIFEST, Stage, write_tables
from lookbook.pipelines.stages.digest import code_digest
from lookbook.pipelines.stages.evaluate import SYSTEM
from lookbook.pipelines.stages.rank import Lists, fit_and_rank, listed
from lookbook.pipelines.stages.shards import Target
from lookbook.pipelines.stages.system import System

CHOICE = "baseline/choice"
"""The stage in which the parameters of a baseline are chosen; what that takes is no part of recommending."""


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
        return [_baseline(system, target, method, _choice(system, oldest, method))]
    return fit_and_rank({SYSTEM: system, **plainer(system)}[method], target).recommendations


def recommend(system: System, target: Target, method: str, *, oldest: Window) -> Recommended:
    """The lists of `method` for the buyers of the target's week, and the cost of all that is behind them. oldest: as in `ask`."""
    lists = listed(ask(system, target, method, oldest=oldest))
    planned = PlannedArtifacts(system.artifacts.root, system.artifacts.reporter)
    ask(planned_system(system, planned), target, method, oldest=oldest)
    took = [json.loads((folder / MANIFEST).read_text()) for folder, step in planned.steps.items() if step.kind != CHOICE]
    cpu, memory = ([each.get(what, 0) for each in took] for what in ("cpu_seconds", "peak_memory_mb"))
    parameters = _choice(system, oldest, method).table("choice").collect()["parameters"][0] if method in BASELINES else ""
    return Recommended(lists, parameters, sum(cpu), max(memory))


def _choice(system: System, oldest: Window, method: str) -> Stage:
    """Table `choice`: the parameters of a baseline that were best on the weeks before, for people and as JSON, in one row."""
    weeks, k = system.settings.evaluation.baseline_weeks, system.settings.run.k
    key = {
        **_of_week(system, oldest),
        "method": method,
        "weeks": weeks,
        "code": code_digest("lookbook.evaluation.baselines.chosen"),
    }

    def build(folder: Path) -> None:
        best = chosen(system.dataset, [method], before=oldest, weeks=weeks, k=k)[method].chosen
        told = {"parameters": parameters_of(best), "values": json.dumps(vars(best))}
        write_tables(folder, {"choice": pl.LazyFrame(told, schema=dict.fromkeys(told, pl.String))})

    return system.artifacts.stage(CHOICE, f"{oldest.as_of} {method}", key=key, build=build)


def _baseline(system: System, target: Target, method: str, choice: Stage) -> Stage:
    """Table `recommendations`: RECOMMENDATIONS."""
    key = {
        **_of_week(system, target.window),
        "choice": choice.key,
        "customers": [shard.served_digest for shard in target.shards],
        "code": code_digest("lookbook.evaluation.baselines.registry", __name__),
    }

    def build(folder: Path) -> None:
        values = json.loads(choice.table("choice").collect()["values"][0])
        point: Baseline = BASELINES[method](**values)
        customers = pl.concat([shard.served for shard in target.shards])
        known = Known.of(system.dataset.before(target.window.as_of))
        lists = baseline_recommendations(known, customers, [point], k=system.settings.run.k)
        write_tables(folder, {"recommendations": lists[method]})

    return system.artifacts.stage(f"baseline/{method}", str(target.window.as_of), key=key, build=build)


def _of_week(system: System, window: Window) -> dict[str, object]:
    return {"data": system.dataset.digest, "as_of": str(window.as_of), "k": system.settings.run.k}
