"""A finished run to tune, and a space so small that a trial takes a moment."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from lookbook.pipelines.runs.finished import FinishedRun
from lookbook.pipelines.stages.artifacts import Artifacts, write_manifest
from lookbook.pipelines.terminal.progress import Reporter

SPACE = """
[sources]
"retrieval.repurchase.half_life_days" = { low = 20.0, high = 200.0, log = true }
[ranker]
"ranking.lambdarank.num_leaves" = { low = 3, high = 9, step = 2 }
"ranking.lambdarank.feature_fraction" = { choices = [0.3, 0.6] }
"""

Shop = Callable[[], FinishedRun]


@pytest.fixture
def space(tmp_path: Path) -> Path:
    file = tmp_path / "space.toml"
    file.write_text(SPACE)
    return file


@pytest.fixture(scope="session")
def warmed(fates: FinishedRun, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache in which the stages of `fates` are."""
    root = tmp_path_factory.mktemp("warmed")
    shutil.copytree(fates.system.artifacts.root, root / "cache")
    return root


@pytest.fixture
def shop(fates: FinishedRun, warmed: Path, tmp_path: Path) -> Shop:
    """Gives the run `fates` as a command would open it: in a place of its own, that of the test, with nothing done yet."""
    root = tmp_path / "artifacts"

    def opened() -> FinishedRun:
        if not root.exists():
            shutil.copytree(warmed, root)
            (root / "run").mkdir()
            write_manifest(root / "run", {"run": "run"})
        artifacts = Artifacts(root / "cache", Reporter("quiet"))
        return replace(fates, folder=root / "run", system=replace(fates.system, artifacts=artifacts))

    return opened
