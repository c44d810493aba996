"""The data set of a run and, if asked for, its plan: converted once, then found again by the digest of the files they came from; of
them, what may be known.

Input: Settings. Output: Dataset.
"""

from dataclasses import asdict, replace
from datetime import date, datetime, timedelta
from pathlib import Path

import polars as pl

from lookbook.data.conversion.excluded import ExcludedArticles
from lookbook.data.dataset import Dataset
from lookbook.data.plan.plan import Plan
from lookbook.data.registry import convert_dataset, convert_plan_of, plan_digest, source_digest
from lookbook.data.sample import sample_dataset
from lookbook.data.windows import Window, last_window
from lookbook.pipelines.errors import SettingsError
from lookbook.pipelines.settings.config import Settings
from lookbook.pipelines.stages.artifacts import Artifacts, Stage
from lookbook.pipelines.stages.digest import code_digest

PLAN = "plan"
"""Folder of the plan in its stage."""


def open_dataset(settings: Settings, artifacts: Artifacts) -> tuple[Dataset, Path]:
    """The converted data set, as it was known at the end of the test week, and its folder."""
    folder = dataset_stage(settings, artifacts).folder / "tables"
    planned = plan_stage(settings, artifacts) if settings.data.plan else None
    return known(with_plan(Dataset.open(folder), planned.folder / PLAN if planned else None), settings), folder


def with_plan(dataset: Dataset, folder: Path | None) -> Dataset:
    """`dataset` with the plan in `folder`; null = without."""
    return replace(dataset, plan=Plan.open(folder)) if folder else dataset


def known(dataset: Dataset, settings: Settings) -> Dataset:
    """`dataset` with the days after run.test_week hidden.

    Raises:
        SettingsError: the week does not end within the data, or nothing is known before it.
    """
    if not settings.run.test_week:
        return dataset
    week = Window(date.fromisoformat(settings.run.test_week))
    latest = last_window(dataset.last_day).as_of
    if not dataset.first_day < week.as_of <= latest:
        raise SettingsError(
            f"setting run.test_week = {week.as_of}: the data go from {dataset.first_day} to {dataset.last_day}; expected the first "
            f"day of a week after the first day and up to {latest}"
        )
    return dataset.until(week.end - timedelta(days=1))


def hidden(dataset: Dataset, settings: Settings, folder: Path) -> str | None:
    """For people: what `known` hides; null where it hides nothing. folder: the converted data set."""
    later = Dataset.open(folder).transactions.filter(pl.col("date") > dataset.last_day)
    rows = later.select(pl.len()).collect(engine="streaming").item() if settings.run.test_week else 0
    return f"hidden: {rows:,} purchases after the week of {settings.run.test_week} (run.test_week)" if rows else None


def dataset_stage(settings: Settings, artifacts: Artifacts) -> Stage:
    """The stage that holds the converted data set, or the sample of it that data.sample asks for.

    Files that were moved but not changed are not converted again; all samples are taken from one conversion. Of the file of
    excluded articles its entries count, not its name.
    """
    elsewhere = ("data_dir", "sample", "exclude_articles_file", "plan", "plan_known_days")
    choices = {key: value for key, value in asdict(settings.data).items() if key not in elsewhere}
    choices["csv"] = {key: value for key, value in choices["csv"].items() if key != "plan"}
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


def plan_stage(settings: Settings, artifacts: Artifacts) -> Stage:
    """The stage that holds the converted plan. The data set is never converted anew because of it.

    Raises:
        DataError: the data set has no plan.
    """
    data = settings.data
    key = {
        "files": plan_digest(data),
        "articles of": dataset_stage(settings, artifacts).key,
        "settings": [data.plan_known_days, data.time_zone, data.timestamp_zone, data.quarantine_limit, asdict(data.csv.plan)],
        "code": code_digest("lookbook.data.registry", __name__),
    }

    def build(folder: Path) -> None:
        convert_plan_of(data, folder / PLAN, dataset=dataset_stage(settings, artifacts).folder / "tables")

    return artifacts.stage("data/plan", data.dataset, key=key, build=build)
