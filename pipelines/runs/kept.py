"""What a run keeps so that it can answer later without the cache: the data, what was learned before the week after it, the ranker.

Files of a run folder: data/ (the converted data set), plan/ (if one is used), learned/<source>/, learned/statistics/,
learned/fallback/ (the stages of stages/learn.py), models/final/ (the ranker). They are hard links to the cache where the disk
allows it, and take no room of their own until the cache is removed.
"""

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lookbook.data.dataset import Dataset
from lookbook.data.windows import Window
from lookbook.pipelines.errors import ArtifactError
from lookbook.pipelines.settings.config import load_settings
from lookbook.pipelines.stages.artifacts import MANIFEST, Artifacts, Build, Make, Passing, Stage
from lookbook.pipelines.stages.data import PLAN, known, plan_stage, with_plan
from lookbook.pipelines.stages.digest import digest
from lookbook.pipelines.stages.learn import fallback, learned, statistics
from lookbook.pipelines.stages.system import System, final_window
from lookbook.pipelines.terminal.progress import Reporter

DATA, LEARNED, RANKER = "data", "learned", Path("models") / "final"


def keep(system: System, window: Window, folder: Path) -> None:
    """Keep in a run folder what recommending for `window` takes, but the ranker."""
    stages = {source.name: learned(system, source, window) for source in system.sources}
    stages |= {"statistics": statistics(system, window), "fallback": fallback(system, window)}
    for name, stage in stages.items():
        _link(stage.folder, folder / LEARNED / name)
    _link(system.folder, folder / DATA)
    if system.dataset.plan:
        _link(plan_stage(system.settings, system.artifacts).folder / PLAN, folder / PLAN)


def kept_system(folder: Path) -> System:
    """The system of the final half of the run in `folder`. Its learned stages are those that the run kept; everything else is
    computed in memory when it is asked for, each time anew, so that threads do not meet.

    Raises:
        ArtifactError: the run kept nothing.
    """
    if not (folder / DATA).is_dir():
        raise ArtifactError(
            f"run {folder.name} cannot answer: it has no final half (lookbook run without --no-final), or was made with "
            "run.keep_learned = false"
        )
    settings = load_settings(folder / "config.resolved.toml")
    plan = folder / PLAN if settings.data.plan else None
    dataset = known(with_plan(Dataset.open(folder / DATA), plan), settings)
    artifacts = KeptStages(folder, Reporter("quiet"))
    return System(dataset, folder / DATA, settings, artifacts, "cpu", first=final_window(dataset))


@dataclass(frozen=True)
class KeptStages(Artifacts):
    """root: the folder of the run."""

    def stage(self, name: str, detail: str, *, key: Mapping[str, object], build: Build, customers: int | None = None) -> Stage:
        kind, _, what = name.partition("/")
        folder = self.root / RANKER if name == "fit/ranker" else self.root / LEARNED / what
        if kind not in ("learn", "fit") or not folder.is_dir():
            raise ArtifactError(f"run {self.root.name} does not hold {name}; make a new one with `lookbook run`")
        return Stage(digest(key), folder, reused=True, seconds=0.0, peak_memory_mb=0)

    def tables(
        self, name: str, detail: str, *, key: Mapping[str, object], make: Make, keep: bool = True, customers: int | None = None
    ) -> Passing:
        return Passing(digest(key), make)


def _link(source: Path, target: Path) -> None:
    """All files of a folder but its manifest and what was set aside of raw files."""
    shutil.copytree(source, target, ignore=shutil.ignore_patterns(MANIFEST, "quarantine"), copy_function=_link_or_copy)


def _link_or_copy(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
