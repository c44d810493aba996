"""Sums over who bought what, a range of customers at a time."""

from collections import defaultdict

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from lookbook.data.bought_pairs import sums_by_article

SUMS = (
    pl.len().cast(pl.Int64).alias("buyers"),
    pl.col("days").sum(),
    (pl.col("first") - pl.col("last")).sum().alias("span"),
    pl.col("age").sum(),
)
AGE = pl.col("age").cast(pl.Int64)


def summed_slowly(history) -> pl.DataFrame:
    days = defaultdict(set)
    for customer, article, day in history.transactions.select("customer", "article", "days_ago").collect().rows():
        days[customer, article].add(day)
    ages = dict(history.customers.select("customer", "age").collect().rows())
    sums = defaultdict(lambda: [0, 0, 0, 0])
    for (customer, article), bought in days.items():
        of_pair = (1, len(bought), max(bought) - min(bought), int(ages[customer] or 0))
        sums[article] = [old + new for old, new in zip(sums[article], of_pair, strict=True)]
    rows = [(article, *values) for article, values in sorted(sums.items())]
    schema = {"article": pl.UInt32, **dict.fromkeys(("buyers", "days", "span", "age"), pl.Int64)}
    return pl.DataFrame(rows, schema=schema, orient="row")


@pytest.mark.parametrize("ids", [1, 3, 1 << 16])
def test_sums_by_article_equal_a_slow_reference_for_any_range(market, monkeypatch, ids):
    monkeypatch.setattr("lookbook.data.bought_pairs.RANGE_CUSTOMERS", ids)
    history = market.before(market.last_day)
    assert_frame_equal(sums_by_article(history, SUMS, attributes=[AGE]).collect(), summed_slowly(history))


def test_ids_too_large_for_a_smaller_number_are_told_apart(make_dataset):
    rows = [(70_000, 4_000_000_000, day) for day in (1, 2, 600)] + [(70_000 + (1 << 16), 4_000_000_000, 1), (4464, 1, 1)]
    bought = pl.DataFrame(rows, schema=["customer", "article", "days_ago"], orient="row")
    dataset = make_dataset(bought.select("customer", "article", date=pl.date(2020, 9, 16) - pl.duration(days=pl.col("days_ago"))))
    history = dataset.before(pl.select(pl.date(2020, 9, 16)).item())
    found = sums_by_article(history, [pl.len().cast(pl.Int64).alias("buyers"), pl.col("days").sum()])
    assert found.collect().rows() == [(1, 1, 1), (4_000_000_000, 2, 4)]


def test_a_history_without_purchases_has_no_articles(market):
    assert sums_by_article(market.before(market.first_day), SUMS[:2]).collect().rows() == []
