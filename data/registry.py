"""The data sets that lookbook can read, and the one way to convert or check them.

Input: [data] settings and the raw files they point to. Output: a canonical folder (data/conversion/canonical.py), or a CheckReport.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from lookbook.data.adapters import complete_journey, csv, hm
from lookbook.data.conversion.canonical import convert
from lookbook.data.conversion.raw_tables import Adapter
from lookbook.data.conversion.summary import Summary
from lookbook.data.errors import DataError
from lookbook.data.reading.source_files import check_regular, digest_files
from lookbook.data.settings import DataSettings

ADAPTERS: Mapping[str, Adapter] = {each.name: each for each in (complete_journey.ADAPTER, csv.ADAPTER, hm.ADAPTER)}


@dataclass(frozen=True)
class SourceFile:
    """A raw file: what it is for, where it is, its size in bytes."""

    role: str
    path: Path
    size: int


@dataclass(frozen=True)
class CheckReport:
    """What a conversion of these files gives."""

    files: tuple[SourceFile, ...]
    summary: Summary


def source_files(settings: DataSettings) -> tuple[SourceFile, ...]:
    """The raw files that the settings point to, by role.

    Raises:
        DataError: when one is missing, empty or no regular file.
    """
    found = _adapter(settings).files(settings)
    return tuple(SourceFile(role, path, check_regular(path).st_size) for role, path in sorted(found.items()))


def source_digest(settings: DataSettings) -> str:
    """SHA-256 over the raw files' bytes and roles, for the key under which a converted data set is kept. Settings do not count."""
    return digest_files({file.role: file.path for file in source_files(settings)})


def convert_dataset(settings: DataSettings, folder: Path, *, today: date) -> Summary:
    """Convert the data set to `folder`, which appears only when complete.

    today: transactions dated later are quarantined; those after `settings.last_day` are dropped.

    Raises:
        DataError: nothing is left behind then.
    """
    adapter = _adapter(settings)
    return convert(lambda intake: adapter.read(settings, intake, today), folder, settings=settings)


def check_dataset(settings: DataSettings, scratch: Path, *, today: date) -> CheckReport:
    """Convert into `scratch`, an empty folder that the caller removes, and say what was found.

    Raises:
        DataError: what a conversion would raise.
    """
    return CheckReport(source_files(settings), convert_dataset(settings, scratch / "checked", today=today))


def _adapter(settings: DataSettings) -> Adapter:
    adapter = ADAPTERS[settings.dataset]
    if adapter.needs_folder and not settings.data_dir:
        raise DataError(f"the data set {settings.dataset!r} needs a folder", expected="data.data_dir, or --data-dir")
    return adapter
