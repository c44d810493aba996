"""The days of a plan, read as those of purchases are, but they may lie in the future.

Input: the three texts of a row of RAW_PLAN. Output: the same texts and their days.
"""

from dataclasses import replace
from datetime import date

import polars as pl

from lookbook.data.conversion.parse import Dating, days_of

COLUMNS = ("first_day", "last_day", "known_from")


def with_days(rows: pl.DataFrame, dating: Dating) -> pl.DataFrame:
    """`rows` in their order with `<column>_text` and the day `<column>` for each of COLUMNS; null = none that can be read."""
    any_day = replace(dating, today=date.max, last_day=date.max)
    for column in COLUMNS:
        texts = pl.col("date_text").alias(f"{column}_text")
        days = days_of(rows[column], any_day).select(texts, pl.col("date").alias(column))
        rows = rows.rename({column: f"{column}_text"}).join(
            days, on=f"{column}_text", how="left", nulls_equal=True, validate="m:1", maintain_order="left"
        )
    return rows
