"""The data sets that lookbook can read, and the one way to convert or check them.

Input: [data] settings and the raw files they point to. Output: a canonical folder (data/conversion/canonical.py), or a CheckReport.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from lookbook.data.adapters import complete_journey, csv, hm, movielens
from lookbook.data.conversion.canonical import convert
from lookbook.data.conversion.raw_tables import Adapter, PlanReader
from lookbook.data.conversion.summary import Summary
from lookbook.data.errors import DataError
from lookbook.data.plan.conversion import convert_plan
from lookbook.data.plan.plan import PlanSummary
from lookbook.data.reading.source_files import content_size, digest_files
from lookbook.data.settings import DataSettings

ADAPTERS: Mapping[str, Adapter] = {
    each.name: each for each in (complete_journey.ADAPTER, csv.ADAPTER, hm.ADAPTER, movielens.ADAPTER)
}


@dataclass(frozen=True)
class SourceFile:
    """A raw file: what it is for, where it is, its size in bytes."""

    role: str
    path: Path
    size: int


@dataclass(frozen=True)
class CheckReport:
    """What a conversion of these files gives. plan: null where data.plan does not ask for it."""

    files: tuple[SourceFile, ...]
    summary: Summary
    plan: PlanSummary | None


def source_files(settings: DataSettings) -> tuple[SourceFile, ...]:
    """The raw files that the settings point to, by role.

    Raises:
        DataError: when one is missing, empty or no regular file.
    """
    return _regular(_adapter(settings).files(settings))


def plan_files(settings: DataSettings) -> tuple[SourceFile, ...]:
    """The raw files that the plan is made of, by role.

    Raises:
        DataError: the data set has no plan, or as `source_files`.
    """
    return _regular(_plan_reader(settings).files(settings))


def source_digest(settings: DataSettings) -> str:
    """SHA-256 over the raw files' bytes and roles, for the key under which a converted data set is kept. Settings do not count."""
    return digest_files({file.role: file.path for file in source_files(settings)})


def plan_digest(settings: DataSettings) -> str:
    """The same over the files that the plan is made of."""
    return digest_files({file.role: file.path for file in plan_files(settings)})


def picture_files(settings: DataSettings) -> Mapping[str, Path]:
    """The file with the picture of each article that has one, by raw article id.

    Raises:
        DataError: the data set has no pictures.
    """
    pictures = _adapter(settings).pictures
    if pictures is None:
        having = ", ".join(name for name, adapter in ADAPTERS.items() if adapter.pictures)
        raise DataError(
            f"the data set {settings.dataset!r} has no pictures of articles",
            expected=f"a data set with pictures: {having}",
            fix="set picture_weight = 0",
        )
    return pictures(settings)


def convert_dataset(settings: DataSettings, folder: Path, *, today: date) -> Summary:
    """Convert the data set to `folder`, which appears only when complete.

    today: transactions dated later are quarantined; those after `settings.last_day` are dropped.

    Raises:
        DataError: nothing is left behind then.
    """
    adapter = _adapter(settings)
    return convert(lambda intake: adapter.read(settings, intake, today), folder, settings=settings)


def convert_plan_of(settings: DataSettings, folder: Path, *, dataset: Path) -> PlanSummary:
    """Convert the plan to `folder`, which appears only when complete. dataset: the folder of the converted data set.

    Raises:
        DataError: nothing is left behind then; also if the data set has no plan.
    """
    reader = _plan_reader(settings)
    return convert_plan(lambda intake: reader.read(settings, intake), folder, dataset=dataset, limit=settings.quarantine_limit)


def check_dataset(settings: DataSettings, scratch: Path, *, today: date) -> CheckReport:
    """Convert into `scratch`, an empty folder that the caller removes, and say what was found; with data.plan, in the plan too.

    Raises:
        DataError: what a conversion would raise.
    """
    found, files = convert_dataset(settings, scratch / "checked", today=today), source_files(settings)
    if not settings.plan:
        return CheckReport(files, found, None)
    of_plan = tuple(file for file in plan_files(settings) if file not in files)
    return CheckReport((*files, *of_plan), found, convert_plan_of(settings, scratch / "plan", dataset=scratch / "checked"))


def _adapter(settings: DataSettings) -> Adapter:
    adapter = ADAPTERS[settings.dataset]
    if adapter.needs_folder and not settings.data_dir:
        raise DataError(f"the data set {settings.dataset!r} needs a folder", expected="data.data_dir, or --data-dir")
    return adapter


def _plan_reader(settings: DataSettings) -> PlanReader:
    reader = _adapter(settings).plan
    if reader is None or not reader.files(settings):
        needed = (
            "data.csv.plan.file, a file in data.data_dir" if settings.dataset == "csv" else "a data set with a plan: " + _planned()
        )
        raise DataError(
            f"the data set {settings.dataset!r} has no plan of what is known ahead", expected=needed,
            fix="give it one, or leave out --plan (data.plan = false)",
        )  # fmt: skip
    return reader


def _planned() -> str:
    return " or ".join(name for name, adapter in ADAPTERS.items() if adapter.plan)


def _regular(files: Mapping[str, Path]) -> tuple[SourceFile, ...]:
    return tuple(SourceFile(role, path, content_size(path)) for role, path in sorted(files.items()))
