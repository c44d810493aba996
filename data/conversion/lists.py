"""The customers and articles tables of a retailer: read whole, judged, refused when an id is there twice.

Input: a raw file. Output: a frame of text columns with one row per id.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import dataframely as dy
import polars as pl

from lookbook.data.conversion.parse import trim
from lookbook.data.conversion.quarantine import Gate, Intake
from lookbook.data.errors import ValueRuleError, Where
from lookbook.data.reading.reader import read_text
from lookbook.data.reading.tally import Tally


@dataclass(frozen=True)
class ListSource:
    """One table of customers or articles. key: customer_id or article_id. columns: output name -> column of the file.

    pad_ids: give ids of fewer than ten digits their leading zeros. known: columns of the file that may stay unread.
    """

    table: str
    key: str
    file: Path
    columns: Mapping[str, str]
    rules: type[dy.Schema]
    known: frozenset[str]
    separator: str
    pad_ids: bool


def read_list(source: ListSource, intake: Intake) -> pl.DataFrame:
    """`source.columns` as String, one row per id in file order, ids trimmed; rows without an id are quarantined.

    Raises:
        ValueRuleError: an id twice (the first ones are listed), or ids against the rules.
    """
    raw = read_text(source.file, source.columns, tally=intake.tally, known=source.known, separator=source.separator)
    return judge_list(source, raw, intake)


def judge_list(source: ListSource, raw: Iterable[pl.DataFrame], intake: Intake) -> pl.DataFrame:
    """The same of a table that was read some other way. raw: batches of `source.columns` as String, and `line`."""
    gate = Gate(source.table, source.file, source.columns, source.rules, frozenset(), intake)
    batches = [_admitted(batch, source, gate, intake.tally) for batch in raw]
    gate.close()
    table = pl.concat(batches)
    _refuse_twice(table, source)
    return table.drop("line")


def pad_article_ids(batch: pl.DataFrame, table: str, tally: Tally) -> pl.DataFrame:
    """Article ids of one to nine digits get leading zeros up to ten; how many is counted."""
    short = pl.col("article_id").str.contains(r"^[0-9]{1,9}$")
    tally.repair(f"{table}: article_id padded to ten digits", int(batch.select(short.sum()).item()))
    return batch.with_columns(pl.when(short).then(pl.col("article_id").str.zfill(10)).otherwise("article_id").alias("article_id"))


def _admitted(batch: pl.DataFrame, source: ListSource, gate: Gate, tally: Tally) -> pl.DataFrame:
    trimmed = trim(batch, (source.key,), source.table, tally)
    padded = pad_article_ids(trimmed, source.table, tally) if source.pad_ids else trimmed
    other = "article_id" if source.key == "customer_id" else "customer_id"
    judged = gate.admit(padded.select("line", source.key, pl.lit(None, dtype=pl.String).alias(other)))
    return padded if judged.height == padded.height else padded.filter(pl.col("line").is_in(judged["line"].implode()))


def _refuse_twice(table: pl.DataFrame, source: ListSource) -> None:
    again = table.filter(pl.col(source.key).is_first_distinct().not_())
    if again.height:
        first = ", ".join(again[source.key].unique(maintain_order=True).head(5))
        raise ValueRuleError(
            f"{again.height} rows of {source.table} repeat an id: {first}",
            Where(source.file, int(again["line"][0]), source.columns[source.key], str(again[source.key][0])),
            expected="one row per id",
            fix="remove the repeated rows",
        )
