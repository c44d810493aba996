"""The data set of a run: converted once, then found by the digest of the files it came from."""

from datetime import UTC, datetime
from pathlib import Path

from pydantic import TypeAdapter

from data.dataset import Dataset
from data.registry import convert_dataset, source_digest
from data.settings import DataSettings
from pipelines.artifacts import Artifacts
from pipelines.config import Settings
from pipelines.digest import code_digest


def open_dataset(settings: Settings, artifacts: Artifacts) -> tuple[Dataset, Path]:
    """The converted data set and its folder."""
    source = TypeAdapter(DataSettings).validate_python(settings.data)
    key = {"settings": settings.data, "source": source_digest(source), "code": code_digest("data.registry")}

    def build(folder: Path) -> None:
        convert_dataset(source, folder / "tables", today=datetime.now(UTC).date())

    stage = artifacts.stage("data", str(settings.data["dataset"]), key=key, build=build)
    return Dataset.open(stage.folder / "tables"), stage.folder / "tables"
