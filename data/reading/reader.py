"""One raw table, whatever its format, as text.

Input: a Parquet or text file. Output: frames of String columns and `line`, a bounded number of rows at a time.
"""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import polars as pl

from lookbook.data.errors import ColumnError, SourceFileError, Where
from lookbook.data.reading.columns import check_columns
from lookbook.data.reading.delimited import read_delimited
from lookbook.data.reading.source_files import is_parquet, unchanged
from lookbook.data.reading.tally import Tally

BATCH_ROWS = 500_000
IDS = ("customer_id", "article_id")
"""Output names of columns with ids."""


def read_text(
    path: Path, wanted: Mapping[str, str], *, tally: Tally, known: frozenset[str] = frozenset(), separator: str = ","
) -> Iterator[pl.DataFrame]:
    """Batches of the columns `wanted` (output name -> column in the file) as String, and `line`; null = empty.

    Numbers of a Parquet file become text in their shortest exact form, timestamps ISO 8601 (with offset, if they have a zone).

    Raises:
        DataError: see data/reading/delimited.py; for Parquet, when it is damaged, a column cannot become text, or ids are
            stored in single precision.
    """
    if is_parquet(path):
        return _ahead(_read_parquet(path, wanted, known=known, tally=tally))
    return _ahead(read_delimited(path, wanted, known=known, separator=separator, tally=tally))


def whole_number_columns(path: Path) -> frozenset[str]:
    """Columns that a Parquet file stores as integers; none for text."""
    if not is_parquet(path):
        return frozenset()
    return frozenset(column for column, dtype in _schema(path).items() if dtype.is_integer())


def _ahead(batches: Iterator[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """The same batches and errors in the same order; the next one is read on another core while one is worked on."""
    with ThreadPoolExecutor(1) as reader:
        following = reader.submit(next, batches, None)
        while (batch := following.result()) is not None:
            following = reader.submit(next, batches, None)
            yield batch


def _read_parquet(path: Path, wanted: Mapping[str, str], *, known: frozenset[str], tally: Tally) -> Iterator[pl.DataFrame]:
    schema = _schema(path)
    check_columns(list(schema), wanted, known=known, path=path, tally=tally)
    _refuse_rounded_ids(schema, wanted, path)
    texts = {name: _as_text(column, schema[column], path) for name, column in wanted.items()}
    rows = 0
    with unchanged(path):
        batches = pl.scan_parquet(path, glob=False).select(sorted(set(wanted.values()))).collect_batches(chunk_size=BATCH_ROWS)
        try:
            for batch in batches:
                numbers = pl.int_range(rows + 1, rows + 1 + batch.height, dtype=pl.UInt32, eager=True)
                rows += batch.height
                yield batch.select(numbers.alias("line"), **texts)
        except (pl.exceptions.PolarsError, OSError) as error:
            raise _damaged(path, error) from error
    if not rows:
        raise SourceFileError("the table has no rows", Where(path), fix="get the file again")


def _refuse_rounded_ids(schema: pl.Schema, wanted: Mapping[str, str], path: Path) -> None:
    """Ids beyond 2**24 share the nearest number that single precision has, so customers or articles have become one already."""
    for column in (wanted[name] for name in IDS if name in wanted):
        if schema[column].is_float() and schema[column] != pl.Float64:
            raise ColumnError(
                f"the ids in column {column!r} are {schema[column]}, in which ids of 8 digits and more are rounded",
                Where(path, column=column), expected="text or whole numbers", fix="export the ids as text",
            )  # fmt: skip


def _schema(path: Path) -> pl.Schema:
    try:
        return pl.scan_parquet(path, glob=False).collect_schema()
    except (pl.exceptions.PolarsError, OSError) as error:
        raise _damaged(path, error) from error


def _damaged(path: Path, error: Exception) -> SourceFileError:
    reason = str(error).splitlines()[0]
    return SourceFileError(f"the Parquet file is damaged or cut: {reason}", Where(path), fix="get the file again")


def _as_text(column: str, dtype: pl.DataType, path: Path) -> pl.Expr:
    value = pl.col(column)
    if isinstance(dtype, pl.Datetime):
        with_zone = value.dt.convert_time_zone("UTC").dt.to_string("%Y-%m-%dT%H:%M:%S%.6fZ") if dtype.time_zone else None
        return value.dt.to_string("%Y-%m-%dT%H:%M:%S%.6f") if with_zone is None else with_zone
    plain = dtype.is_numeric() or isinstance(dtype, pl.String | pl.Categorical | pl.Enum | pl.Date | pl.Boolean | pl.Null)
    if not plain:
        raise ColumnError(f"column {column!r} is {dtype}", Where(path, column=column), expected="text, numbers or dates")
    text = value.cast(pl.String)
    return pl.when(text != "").then(text)
