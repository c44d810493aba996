"""The stages of a data set, opened for one command at a time.

Input: Settings. Output: Stages, while the folder of artifacts is held.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lookbook.data.windows import last_window
from lookbook.pipelines.machine.device import choose_device
from lookbook.pipelines.runs.folder import locked
from lookbook.pipelines.settings.config import Settings
from lookbook.pipelines.stages.artifacts import Artifacts
from lookbook.pipelines.stages.data import open_dataset
from lookbook.pipelines.stages.system import Stages
from lookbook.pipelines.terminal.progress import Reporter


@contextmanager
def opened(settings: Settings, reporter: Reporter, *, root: Path, fresh: bool = False) -> Iterator[Stages]:
    """Choose the device, hold `root`, convert the data if that was not done, tell its warnings."""
    device, reason = choose_device(settings.run.device)
    reporter.say(f"device: {device} ({reason})")
    with locked(root):
        artifacts = Artifacts(root / "cache", reporter, fresh)
        dataset, folder = open_dataset(settings, artifacts)
        for warning in json.loads((folder / "dataset.json").read_text())["warnings"]:
            reporter.say(f"warning: {warning}")
        first = last_window(dataset.last_day).earlier(settings.ranking.training_weeks)
        yield Stages(dataset, folder, settings, artifacts, device, first)
