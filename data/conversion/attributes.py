"""Attributes of customers as numbers, and texts of articles.

Input: text columns. Output: expressions for age, age_band, Float32 codes and joined texts; null = unknown.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

import polars as pl

from lookbook.data.conversion.quarantine import Intake
from lookbook.data.errors import ValueRuleError, Where
from lookbook.data.reading.tally import Tally

OLDEST = 120.0
BAND_STARTS = (20.0, 25.0, 30.0, 40.0, 50.0, 60.0)
"""Age bands, each closed below: under 20 = 1, 20-24, 25-29, 30-39, 40-49, 50-59, 60 and over = 7. Buyers of fashion cluster
at 21-25 and near 50, so the bands are narrow where the customers are."""


def age_columns(table: pl.DataFrame, file: Path, intake: Intake) -> pl.DataFrame:
    """`table` with the text column `age` as years, and `age_band`; no number from 0 to 120 = unknown, and counted.

    Raises:
        ValueRuleError: if that share is over the limit of the intake.
    """
    years = pl.col("age").cast(pl.Float32, strict=False)
    plausible = pl.when(years.is_between(0, OLDEST)).then(years)
    aged = table.with_columns(age_text="age", age=plausible)
    lost = aged.filter(pl.col("age_text").is_not_null() & pl.col("age").is_null()).height
    if lost > intake.limit * table.height:
        raise ValueRuleError(
            f"{lost} of {table.height} ages are unreadable, over the limit of {intake.limit:.2%}", Where(file, column="age"),
            expected="years from 0 to 120, or empty", fix="correct the column, or raise data.quarantine_limit",
        )  # fmt: skip
    intake.tally.repair("customers: age that is no number from 0 to 120, set to unknown", lost)
    band = pl.sum_horizontal(pl.col("age") >= start for start in BAND_STARTS).cast(pl.UInt8) + 1
    return aged.drop("age_text").with_columns(age_band=pl.when(pl.col("age").is_not_null()).then(band))


def coded(column: str, codes: Mapping[str, int]) -> pl.Expr:
    """Code of a text in lower case; a text without a code is unknown."""
    return pl.col(column).str.strip_chars().str.to_lowercase().replace_strict(codes, default=None, return_dtype=pl.Float32)


def ranked(column: str) -> pl.Expr:
    """Code 1, 2, ... of a text, in sorted order."""
    text = pl.col(column).str.strip_chars()
    return pl.when(text.is_not_null()).then(text.rank("dense")).cast(pl.Float32).alias(column)


def joined(columns: Iterable[str]) -> pl.Expr:
    """The texts of an article in several columns as one, `text` of ARTICLES; null where all are empty."""
    text = pl.concat_str(
        (pl.col(column).str.strip_chars().replace("", None) for column in columns), separator=" ", ignore_nulls=True
    )
    return pl.when(text != "").then(text).alias("text")


def warn_unknown_codes(table: pl.DataFrame, column: str, codes: Mapping[str, int], tally: Tally) -> None:
    """Count texts without a code."""
    text = pl.col(column).str.strip_chars().str.to_lowercase()
    lost = table.filter(text.is_not_null() & ~text.is_in(list(codes))).height
    tally.repair(f"customers: {column} of no known kind, set to unknown", lost)
