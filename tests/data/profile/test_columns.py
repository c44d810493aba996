"""What columns hold: missing values, distinct values, and the commonest of them, for every kind of column."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import numpy as np
import polars as pl
from polars.testing import assert_frame_equal

from lookbook.data.dataset import Dataset
from lookbook.data.profile.columns import CATEGORIES, COMMONEST, profile_columns
from lookbook.data.profile.values import role, value_counts
from lookbook.data.schema import ARTICLES, LEVELS, TRANSACTIONS

MakeDataset = Callable[..., Dataset]
DAY = date(2020, 9, 22)


def sales(articles: list[int], **columns: object) -> pl.DataFrame:
    return pl.DataFrame({"customer": [0] * len(articles), "article": articles, "date": [DAY] * len(articles), **columns})


def row(tables: dict[str, pl.DataFrame], table: str, column: str) -> dict[str, object]:
    at = (pl.col("table") == table) & (pl.col("column") == column)
    return tables["columns"].filter(at).row(0, named=True)


def categories(tables: dict[str, pl.DataFrame], table: str, column: str) -> list[tuple[object, ...]]:
    at = (pl.col("table") == table) & (pl.col("column") == column)
    return tables["categories"].filter(at).drop("table", "column").rows()


def test_every_column_is_described_by_what_it_is() -> None:
    kinds = {"transactions": TRANSACTIONS, "articles": ARTICLES}
    found = {name: [role(column, dtype if isinstance(dtype, pl.DataType) else dtype()) for column, dtype in schema.items()]
             for name, schema in kinds.items()}  # fmt: skip
    assert found["transactions"] == ["id", "id", "date", "number", "number", "code"]
    assert found["articles"] == ["id", "text", "text", *["code"] * len(LEVELS)]


def test_numbers_have_the_statistics_of_their_known_values(market: Dataset) -> None:
    tables = profile_columns(market)
    ages = market.customers.select("age").collect()["age"]
    known = ages.drop_nulls().to_numpy().astype(float)
    found = row(tables, "customers", "age")
    assert (found["rows"], found["missing"], found["distinct"]) == (60, 12, 48)
    assert found["missing_share"] == 0.2
    for name, expected in {"min": known.min(), "median": np.median(known), "mean": known.mean(), "sd": known.std()}.items():
        assert abs(float(str(found[name])) - expected) < 1e-3
    shown = tables["histograms"].filter(pl.col("column") == "age")["rows"].sum()
    assert shown == 48


def test_ids_texts_and_codes_are_counted_but_have_no_magnitude(market: Dataset) -> None:
    tables = profile_columns(market)
    for table, column, distinct in (("transactions", "customer", 57), ("articles", "name", 80), ("articles", "brand", 6)):
        found = row(tables, table, column)
        assert found["distinct"] == distinct
        assert (found["min"], found["mean"], found["iqr_outliers"]) == (None, None, None)
    assert row(tables, "transactions", "date")["max"] == (market.last_day - date(1970, 1, 1)).days


def test_an_unknown_channel_is_missing(make_dataset: MakeDataset) -> None:
    tables = profile_columns(make_dataset(sales([1, 1, 1, 1], channel=[0, 2, 2, 1])))
    found = row(tables, "transactions", "channel")
    assert (found["missing"], found["distinct"]) == (1, 2)
    assert categories(tables, "transactions", "channel") == [
        ("value", 2.0, None, 2, 0.5, 0.5),
        ("value", 1.0, None, 1, 0.25, 0.25),
        ("missing", None, None, 1, 0.25, 0.25),
    ]


def test_groups_of_articles_are_called_after_their_best_seller_and_ties_take_the_smaller_code(make_dataset: MakeDataset) -> None:
    articles = pl.DataFrame({"article": [1, 2, 3, 4], "name": ["a", "b", "c", None], "brand": [7, 7, 5, None]})
    tables = profile_columns(make_dataset(sales([1, 2, 2, 3]), articles=articles))
    assert categories(tables, "articles", "brand") == [
        ("value", 7.0, "b", 2, 0.5, 0.75),
        ("value", 5.0, "c", 1, 0.25, 0.25),
        ("missing", None, None, 1, 0.25, 0.0),
    ]


def test_values_beyond_the_commonest_are_one_line(make_dataset: MakeDataset) -> None:
    brands = [1, 1, *range(2, COMMONEST + 4)]
    articles = pl.DataFrame({"article": range(len(brands)), "brand": brands})
    found = categories(profile_columns(make_dataset(sales([0]), articles=articles)), "articles", "brand")
    assert [line[1] for line in found] == [float(code) for code in range(1, COMMONEST + 1)] + [None]
    assert found[0][:4] == ("value", 1.0, None, 2)
    assert found[-1] == ("rest", None, None, 3, 3 / len(brands), 0.0)


def test_a_column_without_a_value_has_only_missing_ones(make_dataset: MakeDataset) -> None:
    tables = profile_columns(make_dataset(sales([1])))
    assert row(tables, "customers", "age")["missing_share"] == 1.0
    assert row(tables, "customers", "age")["median"] is None
    assert categories(tables, "customers", "age_band") == [("missing", None, None, 1, 1.0, 1.0)]


def test_what_is_no_finite_number_is_missing(make_dataset: MakeDataset) -> None:
    odd = pl.Series([1.0, float("nan"), float("inf"), None], dtype=pl.Float32)
    tables = profile_columns(make_dataset(sales([1]), customers=pl.DataFrame({"customer": [0, 1, 2, 3], "income": odd})))
    found = row(tables, "customers", "income")
    assert (found["missing"], found["distinct"], found["max"]) == (3, 1, 1.0)


def test_numbers_are_told_apart_to_five_digits(make_dataset: MakeDataset) -> None:
    prices = [1.99, 1.99001, 1.9902, 123456.0, 123457.0, 0.0123456]
    dataset = make_dataset(sales([1] * 6, price=prices))
    found = value_counts(dataset.transactions, "transactions", "price")
    assert found.rows() == [(0.012346, 1), (1.99, 2), (1.9902, 1), (123460.0, 2)]


def test_a_number_with_many_values_has_no_categories_and_one_with_few_has(make_dataset: MakeDataset) -> None:
    few = [float(v) for v in range(1, COMMONEST + 1)]
    for prices, lines in ((few, COMMONEST), ([*few, 99.0], 0)):
        tables = profile_columns(make_dataset(sales([1] * len(prices), price=prices)))
        assert len(categories(tables, "transactions", "price")) == lines
        assert dict(tables["categories"].schema) == dict(CATEGORIES)


def test_the_order_of_rows_changes_nothing(market: Dataset) -> None:
    other = replace(
        market,
        **{
            name: getattr(market, name).collect().sample(fraction=1.0, shuffle=True, seed=3).lazy()
            for name in ("transactions", "customers", "articles")
        },
    )
    usual = profile_columns(market)
    for name, table in profile_columns(other).items():
        assert_frame_equal(table, usual[name])
