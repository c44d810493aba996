"""`lookbook export`: the lists of a finished run for other programs, with the retailer's ids and names.

Input: a run folder. Output: a file of NAMED rows (named.py), a line each; JSON lines hold a customer each with their articles.
"""

import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import polars as pl

from lookbook.data.errors import DataError
from lookbook.data.schema import REASONED
from lookbook.pipelines.errors import ArtifactError, SettingsError
from lookbook.pipelines.machine.disk import full_disk_explained
from lookbook.pipelines.runs.kept import DATA
from lookbook.pipelines.runs.named import NAMED, with_names, write_csv
from lookbook.pipelines.runs.raw_ids import dense_ids

Format = Literal["csv", "parquet", "jsonl", "sqlite"]
SUFFIXES: dict[Format, str] = {"csv": "csv", "parquet": "parquet", "jsonl": "jsonl", "sqlite": "db"}
ROWS = 100_000
"""Rows that are handed to SQLite at a time."""


@dataclass(frozen=True)
class Exported:
    """file: what was written; rows: recommendations in it."""

    file: Path
    customers: int
    rows: int


def export(folder: Path, *, form: Format, out: Path | None, customers: Path | None, k: int | None) -> Exported:
    """Write the recommendations of the run in `folder`.

    Args:
        folder: a finished run with a final half.
        form: the format. CSV has an apostrophe before text that a spreadsheet would take for a formula.
        out: the file, which must not be there yet; None = recommendations.<suffix> in the working directory.
        customers: a text file with a customer id of the retailer in each line; None = all. The lists are in the order of the ids.
        k: the first so many articles of each list; None = all.

    Raises:
        ArtifactError: the run has no final half, or holds neither names nor the data to take them from.
        SettingsError: the file is there, or `k` is more than the run recommends.
        DataError: a customer is not known.
    """
    lists = _lists(folder)
    most = int(lists.select(pl.col("rank").max()).collect().item() or 0)
    if k is not None and not 1 <= k <= most:
        raise SettingsError(f"--k {k}: the lists of this run have {most} articles; expected 1 to {most} (run.k makes longer ones)")
    target = out or Path(f"recommendations.{SUFFIXES[form]}")
    if target.exists():
        raise SettingsError(f"--out {target}: is there already; name another file or remove it")
    chosen = lists if customers is None else lists.join(_asked(folder, customers), on="customer", how="semi", maintain_order="left")
    table = chosen if k is None else chosen.filter(pl.col("rank") <= k)
    partial = target.with_name(f"{target.name}.partial")
    with full_disk_explained(target.absolute().parent):
        try:
            _write(table, form, partial)
            partial.rename(target)
        finally:
            partial.unlink(missing_ok=True)
    counts = table.select(pl.col("customer_id").n_unique(), rows=pl.len()).collect().row(0)
    return Exported(target, *counts)


def _lists(folder: Path) -> pl.LazyFrame:
    """The lists of the run with names."""
    file = folder / "recommendations.parquet"
    if not file.is_file():
        raise ArtifactError(f"run {folder.name} has no recommendations: it was made with --no-final")
    lists = pl.scan_parquet(file, glob=False)
    if set(NAMED) <= set(lists.collect_schema()):
        return lists
    if not (folder / DATA).is_dir():
        raise ArtifactError(
            f"run {folder.name} holds no names (run.names) and not the data to take them from (run.keep_learned); "
            "its submission.csv has the ids"
        )
    return with_names(lists.select(*REASONED), folder / DATA)


def _asked(folder: Path, file: Path) -> pl.LazyFrame:
    try:
        text = file.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"--customers {file}: cannot be read as text ({error})") from None
    wanted = pl.Series("customer", [line.strip() for line in text.splitlines() if line.strip()], dtype=pl.String).unique()
    if (folder / DATA).is_dir():
        return pl.LazyFrame({"customer": dense_ids(folder / DATA, "customer", wanted)})
    lists = pl.scan_parquet(folder / "recommendations.parquet", glob=False).select("customer", "customer_id").unique()
    found = pl.LazyFrame({"customer_id": wanted}).join(lists, on="customer_id", how="left").sort("customer_id").collect()
    unknown = found.filter(pl.col("customer").is_null())["customer_id"]
    if len(unknown):
        raise DataError(f"unknown customer {unknown[0]!r}", expected="ids as recommendations.csv spells them")
    return found.lazy().select("customer")


def _write(table: pl.LazyFrame, form: Format, file: Path) -> None:
    rows = table.select(NAMED)
    match form:
        case "csv":
            write_csv(rows, file)
        case "parquet":
            rows.sink_parquet(file, compression="zstd", maintain_order=True)
        case "jsonl":
            articles = pl.struct("rank", "article_id", "name", "score", "source").alias("articles")
            rows.group_by("customer_id", maintain_order=True).agg(articles).sink_ndjson(file, maintain_order=True)
        case "sqlite":
            _write_sqlite(rows, file)


def _write_sqlite(rows: pl.LazyFrame, file: Path) -> None:
    """Table `recommendations`, one row per customer and rank, which are its key."""
    with sqlite3.connect(file) as database:
        database.execute(
            "CREATE TABLE recommendations (customer_id TEXT NOT NULL, rank INTEGER NOT NULL, article_id TEXT NOT NULL, name TEXT, "
            "score REAL, source TEXT, PRIMARY KEY (customer_id, rank)) WITHOUT ROWID"
        )
        for part in rows.collect(engine="streaming").iter_slices(ROWS):
            database.executemany("INSERT INTO recommendations VALUES (?, ?, ?, ?, ?, ?)", part.rows())
    database.close()
