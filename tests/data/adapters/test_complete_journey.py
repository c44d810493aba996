from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from lookbook.data.dataset import Dataset
from lookbook.data.registry import convert_dataset
from lookbook.data.schema import TRANSACTIONS
from lookbook.data.settings import DataSettings


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three files in the form of the package: household 1 has demographics, article 30 is not in the catalogue."""
    lines = [
        (1, 10, 2, 3.0, at("2017-03-02 04:30")),
        (1, 10, 1, 0.0, at("2017-03-02 18:00")),
        (2, 20, 0, 1.0, at("2017-03-03 18:00")),
        (2, 30, 1, 2.0, at("2017-07-03 03:59")),
        (2, 20, 1, 0.7, at("2017-07-03 04:00")),
    ]
    transactions = pl.DataFrame(
        lines, schema=["household_id", "product_id", "quantity", "sales_value", "transaction_timestamp"], orient="row"
    )
    others = {name: pl.lit(0) for name in ("store_id", "basket_id", "retail_disc", "coupon_disc", "coupon_match_disc", "week")}
    demographics = {
        "household_id": [1], "age": ["35-44"], "income": ["15-24K"], "home_ownership": ["Homeowner"], "marital_status": [None],
        "household_size": ["5+"], "household_comp": ["1 Adult Kids"], "kids_count": ["3+"],
    }  # fmt: skip
    products = {
        "product_id": [10, 20, 40], "manufacturer_id": [9, 10, 9], "department": ["DELI", "GROCERY", "DELI"],
        "brand": ["National", "Private", "National"], "product_category": ["HAM", None, "HAM"],
        "product_type": ["SLICED", "SOAP", "SLICED"], "package_size": ["5 OZ", None, "9 OZ"],
    }  # fmt: skip
    (tmp_path / "in").mkdir()
    naive = pl.col("transaction_timestamp").dt.replace_time_zone(None)
    transactions.with_columns(naive, **others).write_parquet(tmp_path / "in" / "transactions.parquet")
    pl.DataFrame(demographics, schema_overrides={"marital_status": pl.String}).write_parquet(
        tmp_path / "in" / "demographics.parquet"
    )
    pl.DataFrame(products).write_parquet(tmp_path / "in" / "products.parquet")
    return tmp_path / "in"


@pytest.fixture
def converted(folder: Path, make_settings: Callable[..., DataSettings], tmp_path: Path, today: date) -> Dataset:
    summary = convert_dataset(make_settings(data_dir=str(folder)), tmp_path / "out", today=today)
    assert summary.dropped == {"transactions: price_positive": 1, "transactions: quantity_positive": 1}
    assert (summary.unknown_customers, summary.unknown_articles, summary.quarantined) == (1, 1, {})
    return Dataset.open(tmp_path / "out")


def test_purchases_are_dated_in_us_eastern_time_and_priced_per_item(converted: Dataset) -> None:
    expected = pl.DataFrame(
        {
            "customer": [0, 1, 1],
            "article": [0, 2, 1],
            "date": [date(2017, 3, 1), date(2017, 7, 2), date(2017, 7, 3)],
            "quantity": [2, 1, 1],
            "price": [1.5, 2.0, 0.7],
            "channel": [0, 0, 0],
        },
        schema=TRANSACTIONS,
    )
    assert_frame_equal(converted.transactions.collect(), expected)


def test_demographics_become_ordered_numbers_and_unknown_households_have_none(converted: Dataset) -> None:
    customers = converted.customers.collect()
    assert customers.columns == ["customer", "age", "age_band", "income", "home_ownership", "married", "household_size", "kids"]
    assert customers.rows() == [(0, 39.5, 3, 1.0, 3.0, None, 5.0, 3.0), (1, *[None] * 7)]


def test_the_product_hierarchy_is_coded_and_a_missing_article_is_kept(converted: Dataset) -> None:
    articles = converted.articles.select("article", "name", "product", "category", "department", "colour", "brand").collect()
    assert articles.rows() == [
        (0, "SLICED, 5 OZ", 1, 1, 1, None, 2),
        (1, "SOAP", 2, None, 2, None, 1),
        (2, None, None, None, None, None, None),
        (3, "SLICED, 9 OZ", 1, 1, 1, None, 2),
    ]
