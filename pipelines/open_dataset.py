"""The data set of a run: converted once, then found by the digest of the files it came from."""

from pathlib import Path

from data.adapters.complete_journey import read
from data.canonical import convert
from data.dataset import Dataset
from pipelines.artifacts import Artifacts
from pipelines.config import Settings
from pipelines.digest import code_digest


def open_dataset(settings: Settings, artifacts: Artifacts) -> tuple[Dataset, Path]:
    """The converted data set and its folder."""
    key = {"settings": settings.data, "code": code_digest("data.canonical", "data.adapters.complete_journey")}

    def build(folder: Path) -> None:
        convert(read(), folder / "tables")

    stage = artifacts.stage("data", str(settings.data["dataset"]), key=key, build=build)
    return Dataset.open(stage.folder / "tables"), stage.folder / "tables"
