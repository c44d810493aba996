"""How often each value of a column occurs: what columns are described from, in memory that does not grow with the rows.

Input: a canonical table. Output: VALUES.
"""

import polars as pl

from lookbook.data.schema import PAIR, Schema

SIGNIFICANT_DIGITS = 5
"""Digits to which numbers are told apart: prices below 1,000.00 to the cent. It bounds the values held, 90,000 per power of ten."""

VALUES: Schema = {"value": pl.Float64, "rows": pl.Int64}
"""One row per value of a column, sorted. value: null = missing, or no finite number; a date as days since 1970-01-01."""

AMOUNTS = ("quantity",)
"""Whole-number columns of data/schema.py that have a magnitude; the other ones are codes."""
UNKNOWN = {("transactions", "channel"): 0}
"""Codes of data/schema.py that mean missing."""


def role(column: str, dtype: pl.DataType) -> str:
    """What a column of a canonical table is: "id", "text", "date", "number" (has a magnitude) or "code" (has none)."""
    if column in PAIR:
        return "id"
    if dtype == pl.String:
        return "text"
    if dtype == pl.Date:
        return "date"
    return "number" if dtype.is_float() or column in AMOUNTS else "code"


def value_of(name: str, column: str, dtype: pl.DataType) -> pl.Expr:
    """`value` of VALUES for a date, number or code of the table `name` of data/schema.py."""
    known = pl.col(column)
    if (name, column) in UNKNOWN:
        known = pl.when(known != UNKNOWN[name, column]).then(known)
    number = (known.cast(pl.Int32) if dtype == pl.Date else known).cast(pl.Float64)
    number = pl.when(number.is_finite()).then(number)
    return (number.round_sig_figs(SIGNIFICANT_DIGITS) if role(column, dtype) == "number" else number).alias("value")


def value_counts(table: pl.LazyFrame, name: str, column: str) -> pl.DataFrame:
    """VALUES of one date, number or code of the table `name` of data/schema.py."""
    value = value_of(name, column, table.collect_schema()[column])
    return table.group_by(value).agg(rows=pl.len().cast(pl.Int64)).sort("value").collect(engine="streaming")
