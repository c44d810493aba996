"""Stages that are only named: which are on disk and which a run would compute. Nothing is computed, read or written.

Input: the same calls as Artifacts gets. Output: Steps. A key is made of the keys of earlier stages, never of their content, so
the pipeline itself walks through its stages as it does in a run. Progress bars and --dry-run count these.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from lookbook.pipelines.stages.artifacts import Artifacts, Build, Make, Passing, Stage
from lookbook.pipelines.stages.digest import digest
from lookbook.pipelines.stages.system import System


@dataclass(frozen=True)
class Step:
    """One stage of a run. kind: "learn/repurchase". cached: found on disk, so that a run would not compute it.

    customers: how many it is about; null = the whole data set. within: kinds of stages that are not kept and are therefore
    computed within this one, each time anew.
    """

    kind: str
    folder: Path
    cached: bool
    customers: int | None
    within: tuple[str, ...] = ()

    @property
    def family(self) -> str:
        """What people are shown: "learn"."""
        return self.kind.partition("/")[0]


@dataclass(frozen=True)
class PlannedArtifacts(Artifacts):
    """`steps` grows by each stage that is asked for, once. The folders of stages that are not on disk do not exist."""

    steps: dict[Path, Step] = field(default_factory=dict)
    passing: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def stage(self, name: str, detail: str, *, key: Mapping[str, object], build: Build, customers: int | None = None) -> Stage:
        mark = digest(key)
        folder = self.root / name / mark
        cached = folder.exists() and not self.fresh
        within = tuple(self.passing.pop(detail, ()))
        if folder not in self.steps:
            self.steps[folder] = Step(name, folder, cached, customers, within)
        return Stage(mark, folder, cached, seconds=0.0, peak_memory_mb=0)

    def tables(
        self, name: str, detail: str, *, key: Mapping[str, object], make: Make, keep: bool = True, customers: int | None = None
    ) -> Stage | Passing:
        if not keep:
            self.passing[detail].append(name)
        return super().tables(name, detail, key=key, make=make, keep=keep, customers=customers)


Walk = Callable[[System], object]
"""Asks a system for stages, and for nothing that stands in one."""


@dataclass(frozen=True)
class Plan:
    """The steps that were announced to the reporter of `artifacts`, each once."""

    artifacts: Artifacts
    planned: PlannedArtifacts

    @staticmethod
    def of(artifacts: Artifacts) -> "Plan":
        return Plan(artifacts, PlannedArtifacts(artifacts.root, artifacts.reporter, artifacts.fresh))

    def announce(self, system: System, walk: Walk) -> None:
        """Tell of every stage that `walk` asks `system` for, but those that are done or were announced before."""
        before = set(self.planned.steps)
        walk(planned_system(system, self.planned))
        self.artifacts.reporter.plan(self._open(step for folder, step in self.planned.steps.items() if folder not in before))

    def withdraw(self, system: System, walk: Walk) -> None:
        """What was announced and will not be done after all."""
        alone = PlannedArtifacts(self.artifacts.root, self.artifacts.reporter, self.artifacts.fresh)
        walk(planned_system(system, alone))
        self.artifacts.reporter.plan({family: -count for family, count in self._open(alone.steps.values()).items()})

    def _open(self, steps: Iterable[Step]) -> dict[str, int]:
        return dict(Counter(step.family for step in steps if step.folder not in self.artifacts.done))


def planned_system(system: System, artifacts: PlannedArtifacts) -> System:
    """The same system, whose stages are only named."""
    whole = planned_system(system.whole, artifacts) if system.whole else None
    return replace(system, artifacts=artifacts, whole=whole)
