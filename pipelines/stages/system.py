"""The two-stage system on one data set: what every step of it is told. Each step is a file of this folder, with free functions on
a System; what it computes is found on disk or computed, under a key that says what it was computed from.

Input: Settings. Output: System, while the folder of artifacts is held.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from lookbook.data.dataset import Dataset
from lookbook.data.windows import Window, last_window
from lookbook.features.feature import FeatureGroup
from lookbook.features.registry import groups as feature_groups
from lookbook.pipelines.machine.device import choose_device
from lookbook.pipelines.machine.lock import locked
from lookbook.pipelines.settings.config import Settings
from lookbook.pipelines.stages.artifacts import Artifacts
from lookbook.pipelines.stages.data import hidden, open_dataset
from lookbook.pipelines.stages.pictures.stage import PICTURE_STAGES, article_pictures
from lookbook.pipelines.terminal.progress import Reporter
from lookbook.retrieval.source import CandidateSource, Device


@dataclass(frozen=True)
class System:
    """folder: the converted data set on disk. first: the window at which warm-started sources start cold, as they do before it.

    whole: of a system with fewer sources (an ablation's), the one with all of them, whose feature tables it reads instead of
    computing its own; with `kept_only`, its pairs are those among the pairs that `whole` kept, else it cuts its own candidates.
    """

    dataset: Dataset
    folder: Path
    settings: Settings
    artifacts: Artifacts
    device: Device
    first: Window
    whole: "System | None" = None
    kept_only: bool = False

    @cached_property
    def sources(self) -> tuple[CandidateSource, ...]:
        return self.settings.sources()

    @cached_property
    def groups(self) -> tuple[FeatureGroup, ...]:
        """Every feature group that is declared for this data set, whether its inputs are there or not."""
        plan = self.dataset.plan
        return feature_groups(self.dataset.customers.collect_schema(), plan.kinds if plan else None)


@contextmanager
def open_system(settings: Settings, reporter: Reporter, *, root: Path, fresh: bool = False) -> Iterator[System]:
    """Choose the device, hold `root`, convert the data if that was not done, tell its warnings."""
    device, reason = choose_device(settings.run.device)
    reporter.say(f"device: {device} ({reason})")
    reporter.plan({"data": 1 + (settings.data.sample < 1) + settings.data.plan + PICTURE_STAGES * settings.reads_pictures})
    with locked(root):
        artifacts = Artifacts(root / "cache", reporter, fresh)
        dataset, folder = open_dataset(settings, artifacts)
        if settings.reads_pictures:
            dataset = replace(dataset, pictures=article_pictures(settings, artifacts, device))
        plan = dataset.plan.summary if dataset.plan else None
        for warning in (*json.loads((folder / "dataset.json").read_text())["warnings"], *(plan.warnings if plan else ())):
            reporter.say(f"warning: {warning}")
        if plan:
            reporter.say(
                f"plan: {plan.rows:,} rows, {plan.first_day} to {plan.last_day}; of each week what was known before it is used"
            )
        if unseen := hidden(dataset, settings, folder):
            reporter.say(unseen)
        yield System(dataset, folder, settings, artifacts, device, first_window(dataset, settings))


def final_window(dataset: Dataset) -> Window:
    """The week after the data, or after the test week that was chosen."""
    return last_window(dataset.last_day).earlier(-1)


def first_window(dataset: Dataset, settings: Settings) -> Window:
    """The oldest training week of the last week of data."""
    return last_window(dataset.last_day).earlier(settings.ranking.training_weeks)
