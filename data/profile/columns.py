"""Every column of the three canonical tables: what is missing, its distribution, its histogram, its commonest values.

Input: Dataset. Output: COLUMNS, HISTOGRAMS, CATEGORIES.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass

import polars as pl

from lookbook.data.dataset import Dataset
from lookbook.data.profile.distribution import DISTRIBUTION, Distribution, distribution, histogram, table_of
from lookbook.data.profile.values import role, value_counts, value_of
from lookbook.data.schema import Schema

COMMONEST = 20

COLUMNS: Schema = {
    "table": pl.String,
    "column": pl.String,
    "type": pl.String,
    "role": pl.String,
    "missing": pl.Int64,
    "missing_share": pl.Float64,
    **DISTRIBUTION,
}
"""One row per column, in the order of the tables. role: see values.role; rows: all rows of the table; distinct: different values
that are not missing, numbers told apart to SIGNIFICANT_DIGITS. The statistics of a Distribution are given for numbers, and for
dates as days since 1970-01-01; they are null for ids, texts and codes, which have no magnitude."""

HISTOGRAMS: Schema = {
    "table": pl.String,
    "column": pl.String,
    "scale": pl.String,
    "low": pl.Float64,
    "high": pl.Float64,
    "rows": pl.Int64,
}
"""The bins (distribution.Bin) of each number, lowest first; `table` is "measures" for those of counting.MEASURES."""

CATEGORIES: Schema = {
    "table": pl.String,
    "column": pl.String,
    "kind": pl.String,
    "value": pl.Float64,
    "name": pl.String,
    "rows": pl.Int64,
    "share": pl.Float64,
    "transactions_share": pl.Float64,
}
"""The COMMONEST values of each code, and of each number with no more values than that; commonest first, ties by the value.

kind: "value"; "rest" = all other values together; "missing". rows: rows of the table; share: of all its rows; transactions_share:
share of the transactions, which are by these customers or of these articles. name: what the best-selling article of the group is
called (null elsewhere), because the levels of articles are codes without a name."""


@dataclass(frozen=True)
class _Column:
    """groups: value, rows, sold (transactions of the ids with the value), name; null for ids and texts."""

    table: str
    column: str
    dtype: pl.DataType
    rows: pl.LazyFrame
    groups: pl.DataFrame | None

    @property
    def role(self) -> str:
        return role(self.column, self.dtype)


def profile_columns(dataset: Dataset) -> dict[str, pl.DataFrame]:
    """columns, histograms (of columns) and categories."""
    columns = list(_read(dataset))
    histograms = [
        histogram_table(column.table, column.column, column.groups)
        for column in columns
        if column.groups is not None and column.role == "number"
    ]
    categories = [_categories(column, column.groups) for column in columns if column.groups is not None]
    return {
        "columns": table_of([_described(column) for column in columns], COLUMNS),
        "histograms": pl.concat(histograms),
        "categories": pl.concat(categories),
    }


def histogram_table(table: str, column: str, counts: pl.DataFrame) -> pl.DataFrame:
    """HISTOGRAMS of one column, or measure, from how often each value occurs."""
    return table_of([{"table": table, "column": column, **asdict(part)} for part in histogram(counts)], HISTOGRAMS)


def _read(dataset: Dataset) -> Iterator[_Column]:
    nameless = pl.lit(None, dtype=pl.String)
    for column, dtype in dataset.transactions.collect_schema().items():
        counted = role(column, dtype) not in ("id", "text")
        groups = value_counts(dataset.transactions, "transactions", column) if counted else None
        rows = None if groups is None else groups.with_columns(sold="rows", name=nameless)
        yield _Column("transactions", column, dtype, dataset.transactions, rows)
    tables = {"customers": (dataset.customers, "customer", nameless), "articles": (dataset.articles, "article", pl.col("name"))}
    for table, (rows_of, key, name) in tables.items():
        sold = dataset.transactions.group_by(key).agg(sold=pl.len().cast(pl.Int64)).collect(engine="streaming").lazy()
        weighted = rows_of.join(sold, on=key, how="left", validate="1:1").with_columns(pl.col("sold").fill_null(0), name=name)
        for column, dtype in rows_of.collect_schema().items():
            groups = _groups(weighted, key, value_of(table, column, dtype)) if role(column, dtype) not in ("id", "text") else None
            yield _Column(table, column, dtype, rows_of, groups)


def _groups(weighted: pl.LazyFrame, key: str, value: pl.Expr) -> pl.DataFrame:
    best_selling = pl.col("name").sort_by("sold", key, descending=[True, False]).first()
    counts = {"rows": pl.len().cast(pl.Int64), "sold": pl.col("sold").sum(), "name": best_selling}
    return weighted.group_by(value).agg(**counts).sort("value").collect()


def _described(column: _Column) -> dict[str, object]:
    """A row of COLUMNS."""
    if column.groups is None:
        found = column.rows.group_by(column.column).agg(rows=pl.len()).sort(column.column).collect(engine="streaming")
        counts = found.rename({column.column: "value"})
    else:
        counts = column.groups
    known = counts.drop_nulls("value")
    total, present = int(counts["rows"].sum()), int(known["rows"].sum())
    statistics = distribution(known) if column.role in ("number", "date") else Distribution(total, known.height)
    return {
        **statistics.as_dict(),
        "table": column.table,
        "column": column.column,
        "type": str(column.dtype),
        "role": column.role,
        "rows": total,
        "missing": total - present,
        "missing_share": (total - present) / total if total else None,
    }


def _categories(column: _Column, groups: pl.DataFrame) -> pl.DataFrame:
    """CATEGORIES of one column; none for a number with many values."""
    known = groups.drop_nulls("value").height
    if column.role != "code" and (column.role != "number" or known > COMMONEST):
        return pl.DataFrame(schema=CATEGORIES)
    place = pl.col("value").is_not_null().cum_sum()
    kind = pl.when(pl.col("value").is_null()).then(pl.lit("missing")).when(place <= COMMONEST).then(pl.lit("value"))
    return (
        groups.sort("rows", "value", descending=[True, False])
        .with_columns(kind=kind.otherwise(pl.lit("rest")), place=pl.min_horizontal(place, COMMONEST + 1).cast(pl.Int64))
        .with_columns(
            pl.when(pl.col("kind") == "value").then(pl.col("value", "name")),
            place=pl.when(pl.col("kind") == "missing").then(COMMONEST + 2).otherwise("place"),
        )
        .group_by("place", "kind")
        .agg(pl.col("value", "name").first(), pl.col("rows", "sold").sum())
        .sort("place")
        .with_columns(
            table=pl.lit(column.table),
            column=pl.lit(column.column),
            share=pl.col("rows") / pl.col("rows").sum(),
            transactions_share=pl.col("sold") / pl.col("sold").sum(),
        )
        .select(pl.col(name).cast(dtype) for name, dtype in CATEGORIES.items())
    )
