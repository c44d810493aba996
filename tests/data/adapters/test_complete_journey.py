from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from lookbook.data.dataset import Dataset
from lookbook.data.errors import ColumnError
from lookbook.data.plan.plan import Plan
from lookbook.data.registry import convert_dataset, convert_plan_of
from lookbook.data.schema import PLAN, TRANSACTIONS
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
    articles = converted.articles.select(pl.exclude("section", "text")).collect()
    assert articles.rows() == [
        (0, "SLICED, 5 OZ", 1, 1, 1, None, 2),
        (1, "SOAP", 2, None, 2, None, 1),
        (2, None, None, None, None, None, None),
        (3, "SLICED, 9 OZ", 1, 1, 1, None, 2),
    ]


def test_the_words_of_an_article_are_those_of_the_hierarchy_that_its_name_lacks(converted: Dataset) -> None:
    texts = converted.articles.select("text").collect()["text"].to_list()
    assert texts == ["HAM DELI National", "GROCERY Private", None, "HAM DELI National"]


PROMOTED = [
    # product, store, display, mailer, week; store 7 has nothing of product 10, article 30 is in no list
    (10, 5, "0", "A", 9),
    (10, 5, "3", "A", 9),
    (10, 6, "3", "0", 9),
    (20, 7, "A", "0", 9),
    (20, 8, "0", "D", 9),
    (99, 5, "0", "A", 9),
    (20, 5, "0", "J", 10),
]


@pytest.fixture
def promotions(folder: Path) -> Path:
    """The three files, the weeks of the purchases, and promotions in three weeks."""
    file = folder / "transactions.parquet"
    days = pl.col("transaction_timestamp").dt.replace_time_zone("UTC").dt.convert_time_zone("America/New_York").dt.date()
    weeks = (days - date(2016, 12, 26)).dt.total_days() // 7 + 1
    pl.read_parquet(file).with_columns(week=weeks).write_parquet(file)
    names = ["product_id", "store_id", "display_location", "mailer_location", "week"]
    pl.DataFrame(PROMOTED, schema=names, orient="row").write_parquet(folder / "promotions.parquet")
    return folder


def plan_of(folder: Path, settings: DataSettings, out: Path, today: date) -> Plan:
    convert_dataset(settings, out / "out", today=today)
    convert_plan_of(settings, out / "plan", dataset=out / "out")
    return Plan.open(out / "plan")


def test_a_plan_has_the_share_of_the_stores_of_the_week_from_monday_to_sunday(
    promotions: Path, make_settings: Callable[..., DataSettings], tmp_path: Path, today: date
) -> None:
    settings = make_settings(data_dir=str(promotions), plan=True)
    plan = plan_of(promotions, settings, tmp_path, today)
    assert plan.kinds == ("display", "mailer")
    monday, sunday, week_before = date(2017, 2, 20), date(2017, 2, 26), date(2017, 2, 13)
    after = pl.DataFrame(
        [
            (0, 1, monday, sunday, 0.5, week_before),
            (0, 2, monday, sunday, 0.25, week_before),
            (1, 1, monday, sunday, 0.25, week_before),
            (1, 2, monday, sunday, 0.25, week_before),
            (1, 2, date(2017, 2, 27), date(2017, 3, 5), 1.0, monday),
        ],
        schema=PLAN,
        orient="row",
    )
    assert_frame_equal(plan.rows.collect(), after)
    assert plan.summary is not None
    assert plan.summary.dropped == {"plan: article_in_the_data": 1}


def test_how_long_before_a_week_its_plan_is_known_is_a_setting(
    promotions: Path, make_settings: Callable[..., DataSettings], tmp_path: Path, today: date
) -> None:
    plan = plan_of(promotions, make_settings(data_dir=str(promotions), plan=True, plan_known_days=1), tmp_path, today)
    assert plan.rows.collect()["known_from"].unique().sort().to_list() == [date(2017, 2, 19), date(2017, 2, 26)]


def test_weeks_that_are_numbered_otherwise_are_refused(
    promotions: Path, make_settings: Callable[..., DataSettings], tmp_path: Path, today: date
) -> None:
    file = promotions / "transactions.parquet"
    pl.read_parquet(file).with_columns(week=pl.int_range(pl.len())).write_parquet(file)
    with pytest.raises(ColumnError, match="weeks of the transactions are not from Monday to Sunday"):
        plan_of(promotions, make_settings(data_dir=str(promotions), plan=True), tmp_path, today)
