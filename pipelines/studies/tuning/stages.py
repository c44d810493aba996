"""The stages of trials: from the cache of all commands where they are there, else in a cache of the study, from which those of
losing trials are removed.

Input: the calls that Artifacts gets. Output: Stages.
"""

import shutil
import time
from collections import Counter
from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from math import inf
from pathlib import Path

from lookbook.pipelines.dry_run.planned import PlannedArtifacts, planned_system
from lookbook.pipelines.stages.artifacts import MANIFEST, Artifacts, Build, Stage
from lookbook.pipelines.stages.digest import digest
from lookbook.pipelines.stages.rank import fit_and_rank
from lookbook.pipelines.stages.shards import Target
from lookbook.pipelines.stages.system import System
from lookbook.pipelines.terminal.progress import Reporter

TRIALS = "tune"
"""The step of the reporter that is a whole trial."""


class TimeIsUp(Exception):  # noqa: N818  # no error: what was asked for
    """The time limit of a search is reached."""


@dataclass(frozen=True)
class TrialArtifacts(Artifacts):
    """root: the cache of all commands, to which nothing is added. own: that of the study. used: folders of `own` that this trial
    needs, as paths in it. deadline: on the clock of time.monotonic; no stage is begun after it."""

    own: Artifacts = field(kw_only=True)
    used: set[str] = field(default_factory=set)
    deadline: float = inf

    def stage(self, name: str, detail: str, *, key: Mapping[str, object], build: Build, customers: int | None = None) -> Stage:
        place = Path(name) / digest(key)
        if (self.root / place).exists():
            return super().stage(name, detail, key=key, build=build, customers=customers)
        if time.monotonic() >= self.deadline and not (self.own.root / place).exists():
            raise TimeIsUp
        self.used.add(str(place))
        return self.own.stage(name, detail, key=key, build=build, customers=customers)

    def is_done(self, folder: Path) -> bool:
        """Whether the stage in `folder` of the cache of all commands was asked for in this command, wherever it is."""
        return folder in self.done or self.own.root / folder.relative_to(self.root) in self.own.done


def announce(system: System, artifacts: TrialArtifacts, target: Target) -> None:
    """Tell the reporter of the steps of one week of a trial."""
    planned = PlannedArtifacts(artifacts.root, artifacts.reporter)
    fit_and_rank(planned_system(system, planned), target)
    to_come = [step for folder, step in planned.steps.items() if not artifacts.is_done(folder)]
    artifacts.reporter.plan(dict(Counter(step.family for step in to_come)))


def settle(reporter: Reporter) -> None:
    """Withdraw the steps that were announced and will not be done, but for the trials to come."""
    done = {family: reporter.computed.get(family, 0) + reporter.reused.get(family, 0) for family in reporter.planned}
    reporter.plan({family: done[family] - steps for family, steps in reporter.planned.items() if family != TRIALS})


def remove_others(own: Artifacts, kept: Set[str]) -> None:
    """Remove every stage of the cache of the study but the `kept` ones. Killed meanwhile, it leaves what the next call removes."""
    for manifest in list(own.root.rglob(MANIFEST)):
        folder = manifest.parent
        if str(folder.relative_to(own.root)) not in kept:
            left = folder.with_suffix(".partial")
            folder.rename(left)
            shutil.rmtree(left)
            own.done.pop(folder, None)
