"""The data set of a run: converted once, then found again by the digest of the files it came from."""

from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from lookbook.data.conversion.excluded import ExcludedArticles
from lookbook.data.dataset import Dataset
from lookbook.data.registry import convert_dataset, source_digest
from lookbook.data.sample import sample_dataset
from lookbook.pipelines.settings.config import Settings
from lookbook.pipelines.stages.artifacts import Artifacts, Stage
from lookbook.pipelines.stages.digest import code_digest


def open_dataset(settings: Settings, artifacts: Artifacts) -> tuple[Dataset, Path]:
    """The converted data set and its folder."""
    stage = dataset_stage(settings, artifacts)
    return Dataset.open(stage.folder / "tables"), stage.folder / "tables"


def dataset_stage(settings: Settings, artifacts: Artifacts) -> Stage:
    """The stage that holds the converted data set, or the sample of it that data.sample asks for.

    Files that were moved but not changed are not converted again; all samples are taken from one conversion. Of the file of
    excluded articles its entries count, not its name.
    """
    elsewhere = ("data_dir", "sample", "exclude_articles_file")
    choices = {key: value for key, value in asdict(settings.data).items() if key not in elsewhere}
    choices["exclude_articles"] = ExcludedArticles.of(settings.data).entries
    key = {"files": source_digest(settings.data), "settings": choices, "code": code_digest("lookbook.data.registry", __name__)}

    def build(folder: Path) -> None:
        convert_dataset(settings.data, folder / "tables", today=datetime.now().astimezone().date())

    whole = artifacts.stage("data", settings.data.dataset, key=key, build=build)
    share = settings.data.sample
    if share == 1:
        return whole

    def take(folder: Path) -> None:
        sample_dataset(whole.folder / "tables", folder / "tables", share)

    sampled = {"whole": whole.key, "sample": share, "code": code_digest("lookbook.data.sample")}
    return artifacts.stage("data", f"{settings.data.dataset} sample {share:g}", key=sampled, build=take)
