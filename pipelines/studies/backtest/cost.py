"""What the lists of a method took: of all stages behind them, when they were computed.

Input: System, and a walk through its stages, which are on disk. Output: Cost.
"""

import json
from dataclasses import dataclass

from lookbook.pipelines.dry_run.planned import PlannedArtifacts, Walk, planned_system
from lookbook.pipelines.stages.artifacts import MANIFEST
from lookbook.pipelines.stages.system import System
from lookbook.pipelines.studies.backtest.baselines import CHOICE


@dataclass(frozen=True)
class Cost:
    """cpu_seconds: of all threads; peak_memory_mb: of the whole process while that was computed."""

    cpu_seconds: float
    peak_memory_mb: int


def cost(system: System, walk: Walk) -> Cost:
    """Of every stage that `walk` asks `system` for, each once. Choosing the parameters of a baseline does not count."""
    planned = PlannedArtifacts(system.artifacts.root, system.artifacts.reporter)
    walk(planned_system(system, planned))
    took = [json.loads((folder / MANIFEST).read_text()) for folder, step in planned.steps.items() if step.kind != CHOICE]
    cpu, memory = ([each.get(what, 0) for each in took] for what in ("cpu_seconds", "peak_memory_mb"))
    return Cost(sum(cpu), max(memory))
