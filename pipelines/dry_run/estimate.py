"""`lookbook run --dry-run`: which stages are on disk, which a run would compute, and what that is likely to take.

Input: Settings and the cache of earlier runs. Output: Estimate. Nothing is computed or written, no folder is made or held.
"""

import json
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from pathlib import Path

import polars as pl
import psutil

from lookbook.data.dataset import Dataset
from lookbook.data.plan.plan import Plan
from lookbook.data.schema import PLAN as PLAN_SCHEMA
from lookbook.pipelines.dry_run.costs import NOTHING, Cost, Finished, Reference, Size, calibration
from lookbook.pipelines.dry_run.finished_steps import FinishedSteps
from lookbook.pipelines.dry_run.planned import PlannedArtifacts, Step
from lookbook.pipelines.dry_run.unconverted import rows_of_files, unconverted
from lookbook.pipelines.machine.device import choose_device
from lookbook.pipelines.machine.memory_limit import bytes_of
from lookbook.pipelines.settings.config import Settings
from lookbook.pipelines.stages.data import PLAN, dataset_stage, known, plan_stage, with_plan
from lookbook.pipelines.stages.evaluate import evaluate
from lookbook.pipelines.stages.fit import fit
from lookbook.pipelines.stages.phases import Phase, work
from lookbook.pipelines.stages.pictures.stage import planned_pictures
from lookbook.pipelines.stages.rank import rank
from lookbook.pipelines.stages.shards import run_targets
from lookbook.pipelines.stages.system import System, first_window
from lookbook.pipelines.terminal.progress import Reporter

RESULTS = "results"
"""The run folder, which every whole run writes."""


@dataclass(frozen=True)
class StageEstimate:
    """The stages of one kind, sources taken together. cost: of those that are to be computed, the memory that of the largest.

    earlier: how many finished stages of that kind it is estimated from; 0 = from the reference figures alone.
    """

    kind: str
    cached: int
    to_compute: int
    cost: Cost
    earlier: int


@dataclass(frozen=True)
class Estimate:
    """stages: in the order of a run. converted: whether customers and purchases are counted, not guessed from the raw files.

    disk_free, memory_free, memory_limit: bytes; the limit is run.memory_limit.
    """

    customers: int
    purchases: int
    converted: bool
    stages: Sequence[StageEstimate]
    disk_free: int
    memory_free: int
    memory_limit: int

    @property
    def total(self) -> Cost:
        """Seconds and disk in all, the memory of the largest."""
        return reduce(Cost.followed_by, (stage.cost for stage in self.stages), NOTHING)


def estimate(settings: Settings, *, root: Path, final: bool = True, fresh: bool = False, until: Phase | None = None) -> Estimate:
    """What `run` with the same arguments would do. until: the phase (stages/phases.py) after which it stops; None = none."""
    reference = Reference.read()
    planned = PlannedArtifacts(root / "cache", Reporter("quiet"), fresh)
    stage = dataset_stage(settings, planned)
    about = stage.folder / "tables" / "dataset.json"
    if about.is_file():
        counted = json.loads(about.read_text())
        customers, purchases = counted["customers"], counted["transactions"]
        dataset = known(Dataset.open(about.parent), settings)
    else:
        customers, purchases, dataset = _guessed(settings, reference)
    if settings.data.plan:
        dataset = _with_plan(dataset, plan_stage(settings, planned).folder / PLAN)
    device, _ = choose_device(settings.run.device)
    if settings.reads_pictures:
        dataset = replace(dataset, pictures=planned_pictures(settings, planned, device))
    first = first_window(dataset, settings)
    _walk(System(dataset, about.parent, settings, planned, device, first), final=final, until=until)
    steps = [*planned.steps.values(), *([] if until else [Step(RESULTS, root / "runs", False, customers)])]
    return Estimate(
        customers,
        purchases,
        about.is_file(),
        list(_estimated(steps, purchases, reference, FinishedSteps(root / "cache"), sample=settings.data.sample)),
        _disk_free(root),
        psutil.virtual_memory().available,
        bytes_of(settings.run.memory_limit),
    )


def _walk(system: System, *, final: bool, until: Phase | None) -> None:
    """Ask for every stage of a run, as run.py does."""
    chosen = run_targets(system, final=final)
    work(system, chosen, until=until or "rank")
    if until is None:
        test, *_ = rank(system, chosen, fit(system, chosen))
        evaluate(system, test.recommendations, test.target.shards)


def _with_plan(dataset: Dataset, folder: Path) -> Dataset:
    """`dataset` with the plan in `folder`, or with an empty stand-in where it is not converted yet."""
    if (folder / "plan.json").is_file():
        return with_plan(dataset, folder)
    return replace(dataset, plan=Plan((), "unconverted", pl.LazyFrame(schema=dict(PLAN_SCHEMA))))


def _guessed(settings: Settings, reference: Reference) -> tuple[int, int, Dataset]:
    """Customers, purchases and a stand-in for a data set that is not converted yet."""
    figures = reference.files[settings.data.dataset]
    customers, purchases = (round(rows * settings.data.sample) for rows in rows_of_files(settings.data, figures))
    weeks = max(settings.ranking.training_weeks + 2, settings.run.active_weeks)
    return customers, purchases, unconverted(customers, weekly_buyers=figures["weekly_buyers"], weeks=weeks)


def _estimated(
    steps: Sequence[Step], purchases: int, reference: Reference, cache: FinishedSteps, *, sample: float
) -> Iterator[StageEstimate]:
    """One row per family of kinds. Steps of one kind share a factor: what its finished stages took, against the reference."""
    known: dict[str, list[Finished]] = {}
    factors: dict[tuple[str, tuple[str, ...]], Cost] = {}
    for family in dict.fromkeys(step.family for step in steps):
        members = [step for step in steps if step.family == family]
        missing = [step for step in members if not step.cached]
        cost = NOTHING
        for step in missing:
            if step.kind not in known:
                known[step.kind] = cache.of(step.kind)
            if (step.kind, step.within) not in factors:
                factors[step.kind, step.within] = calibration(reference, known[step.kind], step.within)
            size = Size(step.customers, round(purchases / sample) if family == "data" else purchases)  # a sample is taken of all
            cost = cost.followed_by(reference.cost(step.kind, size, step.within).times(factors[step.kind, step.within]))
        earlier = sum(len(known[kind]) for kind in {step.kind for step in missing})
        yield StageEstimate(family, len(members) - len(missing), len(missing), cost, earlier)


def _disk_free(root: Path) -> int:
    """Bytes free on the disk that `root` is on, or would be."""
    return shutil.disk_usage(next(path for path in (root.absolute(), *root.absolute().parents) if path.exists())).free
