"""The baselines of one test week, with parameters that were chosen on the weeks before all test weeks.

Input: System, Target. Output: the stages baseline/choice (table choice) and baseline/<name> (table recommendations).
"""

import json
from pathlib import Path

import polars as pl

from lookbook.data.windows import Window
from lookbook.evaluation.baselines.baseline import Baseline, Known
from lookbook.evaluation.baselines.chosen import chosen, parameters_of
from lookbook.evaluation.baselines.registry import BASELINES, baseline_recommendations
from lookbook.pipelines.stages.artifacts import Stage, write_tables
from lookbook.pipelines.stages.digest import code_digest
from lookbook.pipelines.stages.shards import Target
from lookbook.pipelines.stages.system import System

CHOICE = "baseline/choice"
"""The stage in which the parameters of a baseline are chosen; what that takes is no part of recommending."""


def baseline(system: System, target: Target, method: str, *, oldest: Window, depth: int) -> Stage:
    """Table `recommendations`: RECOMMENDATIONS of `depth` articles for the buyers of the target's week. oldest: the first test
    week; parameters are chosen on the weeks before it."""
    choice = _choice(system, oldest, method)
    key = {
        **_of_week(system, target.window),
        "depth": depth,
        "choice": choice.key,
        "customers": [shard.served_digest for shard in target.shards],
        "code": code_digest("lookbook.evaluation.baselines.registry", __name__),
    }

    def build(folder: Path) -> None:
        values = json.loads(choice.table("choice").collect()["values"][0])
        point: Baseline = BASELINES[method](**values)
        customers = pl.concat([shard.served for shard in target.shards])
        known = Known.of(system.dataset.before(target.window.as_of))
        write_tables(folder, {"recommendations": baseline_recommendations(known, customers, [point], k=depth)[method]})

    return system.artifacts.stage(f"baseline/{method}", str(target.window.as_of), key=key, build=build)


def parameters(system: System, method: str, *, oldest: Window) -> str:
    """The parameters that were chosen for a baseline, for people; "" = it has none."""
    return str(_choice(system, oldest, method).table("choice").collect()["parameters"][0])


def _choice(system: System, oldest: Window, method: str) -> Stage:
    """Table `choice`: the parameters of a baseline that gave the highest MAP@k on the weeks before, for people and as JSON, in one
    row."""
    weeks, k = system.settings.evaluation.baseline_weeks, system.settings.run.k
    key = {
        **_of_week(system, oldest),
        "k": k,
        "method": method,
        "weeks": weeks,
        "code": code_digest("lookbook.evaluation.baselines.chosen"),
    }

    def build(folder: Path) -> None:
        best = chosen(system.dataset, [method], before=oldest, weeks=weeks, k=k)[method].chosen
        told = {"parameters": parameters_of(best), "values": json.dumps(vars(best))}
        write_tables(folder, {"choice": pl.LazyFrame(told, schema=dict.fromkeys(told, pl.String))})

    return system.artifacts.stage(CHOICE, f"{oldest.as_of} {method}", key=key, build=build)


def _of_week(system: System, window: Window) -> dict[str, object]:
    return {"data": system.dataset.digest, "as_of": str(window.as_of)}
