"""Writing the files of a simulated market, a week of purchases at a time.

Input: frames. Output: <name>.csv or <name>.parquet, in the form of the Kaggle competition.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, Protocol, cast

import polars as pl

Format = Literal["csv", "parquet"]


class Writer(Protocol):
    def write(self, rows: pl.DataFrame) -> None: ...


class _CsvWriter:
    def __init__(self, file: Path) -> None:
        self._stream = file.open("wb")
        self._header = True

    def write(self, rows: pl.DataFrame) -> None:
        rows.write_csv(self._stream, include_header=self._header)
        self._header = False

    def close(self) -> None:
        self._stream.close()


class _ParquetWriter:
    """One row group for each frame."""

    def __init__(self, file: Path) -> None:
        self._file, self._open = file, None

    def write(self, rows: pl.DataFrame) -> None:
        from pyarrow.parquet import ParquetWriter  # type: ignore[import-untyped,unused-ignore]

        table = rows.to_arrow()
        if self._open is None:
            self._open = ParquetWriter(self._file, table.schema, compression="zstd")
        cast(ParquetWriter, self._open).write_table(table)

    def close(self) -> None:
        if self._open is not None:
            self._open.close()


@contextmanager
def writer(folder: Path, name: str, form: Format) -> Iterator[Writer]:
    """A file that grows frame by frame; all frames have the same columns."""
    opened = _CsvWriter(folder / f"{name}.csv") if form == "csv" else _ParquetWriter(folder / f"{name}.parquet")
    try:
        yield opened
    finally:
        opened.close()


def write_table(table: pl.DataFrame, folder: Path, name: str, form: Format) -> None:
    with writer(folder, name, form) as file:
        file.write(table)
