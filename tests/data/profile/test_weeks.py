"""What a week is in the profile: its labels, what is new in it and what was sold shortly before."""

from collections.abc import Callable
from datetime import date, timedelta

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from lookbook.data.dataset import Dataset
from lookbook.data.profile.counting import count
from lookbook.data.profile.weeks import months, weekdays, weeks
from lookbook.data.windows import Window, last_window

MakeDataset = Callable[..., Dataset]
LAST_DAY = date(2020, 9, 22)


def market_of(rows: list[tuple[int, int, int]], make_dataset: MakeDataset) -> Dataset:
    days = [(customer, article, LAST_DAY - timedelta(days=ago)) for customer, article, ago in rows]
    return make_dataset(pl.DataFrame(days, schema=["customer", "article", "date"], orient="row"))


def weeks_of(dataset: Dataset) -> pl.DataFrame:
    return weeks(count(dataset), first_day=dataset.first_day, last_day=dataset.last_day)


def test_weeks_count_back_from_the_last_day_and_the_first_may_be_cut(make_dataset: MakeDataset) -> None:
    found = weeks_of(market_of([(1, 1, 0), (1, 1, 6), (1, 1, 7), (2, 2, 22)], make_dataset))
    assert found.select("week", "days", "rows").rows() == [
        (date(2020, 8, 26), 2, 1),
        (date(2020, 9, 2), 7, 0),
        (date(2020, 9, 9), 7, 1),
        (date(2020, 9, 16), 7, 2),
    ]


def test_a_week_without_a_purchase_has_zeros_and_no_shares(make_dataset: MakeDataset) -> None:
    empty = weeks_of(market_of([(1, 1, 0), (1, 1, 14)], make_dataset)).row(1, named=True)
    assert [empty[name] for name in ("rows", "customers", "articles", "revenue", "labels", "new_articles")] == [0] * 6
    shares = ("repurchase_share", "cold_customer_share", "cold_article_share", "labels_sold_7d", "article_age_weeks")
    assert [empty[name] for name in shares] == [None] * 5


@pytest.mark.parametrize(
    ("before", "sold_7d", "sold_30d"), [(1, 1.0, 1.0), (7, 1.0, 1.0), (8, 0.0, 1.0), (30, 0.0, 1.0), (31, 0.0, 0.0)]
)
def test_sold_shortly_before_counts_days_from_the_first_day_of_the_week(
    make_dataset: MakeDataset, before: int, sold_7d: float, sold_30d: float
) -> None:
    found = weeks_of(market_of([(1, 5, 0), (2, 5, 6 + before)], make_dataset)).row(-1, named=True)
    assert (found["labels_sold_7d"], found["labels_sold_30d"]) == (sold_7d, sold_30d)
    assert (found["articles_sold_7d"], found["articles_sold_30d"]) == (sold_7d, sold_30d)


def test_shares_of_labels_and_of_articles_differ_where_articles_sell_unequally(make_dataset: MakeDataset) -> None:
    rows = [(1, 1, 9), (1, 1, 2), (1, 1, 1), (2, 1, 0), (3, 1, 0), (3, 2, 0)]
    last = weeks_of(market_of(rows, make_dataset)).row(-1, named=True)
    assert (last["labels"], last["customers"], last["labels_per_customer"]) == (4, 3, 4 / 3)
    assert (last["repurchase_share"], last["cold_customer_share"]) == (1 / 4, 2 / 3)
    assert (last["cold_article_share"], last["cold_label_share"]) == (1 / 2, 1 / 4)
    assert (last["labels_sold_7d"], last["articles_sold_7d"]) == (3 / 4, 1 / 2)
    assert last["article_age_weeks"] == 4 / 5


def test_labels_are_those_that_a_run_is_judged_on(market: Dataset) -> None:
    found = weeks_of(market)
    for back in range(4):
        window = last_window(market.last_day).earlier(back)
        labels = market.labels(window).collect()
        known = market.before(window.as_of).transactions.select("customer", "article").unique().collect()
        repurchased = labels.join(known, on=["customer", "article"], how="semi").height
        cold = labels.join(known, on="customer", how="anti")["customer"].n_unique()
        row = found.filter(pl.col("week") == window.as_of).row(0, named=True)
        assert row["labels"] == labels.height
        assert row["repurchase_share"] == repurchased / labels.height
        assert row["new_customers"] == cold
        assert row["labels_sold_7d"] == sold_before(market, window, labels, 7)
        assert row["labels_sold_30d"] == sold_before(market, window, labels, 30)


def sold_before(market: Dataset, window: Window, labels: pl.DataFrame, days: int) -> float:
    recent = market.before(window.as_of).transactions.filter(pl.col("days_ago") <= days).select("article").unique().collect()
    return labels.join(recent, on="article", how="semi").height / labels.height


def test_seasons_count_days_with_a_purchase(make_dataset: MakeDataset) -> None:
    rows = {"customer": [1, 1, 2, 1], "article": [1, 2, 1, 1], "price": [2.0, 4.0, 1.0, 3.0], "quantity": [1, 2, 1, 1]}
    days = [date(2020, 8, 31), date(2020, 8, 31), date(2020, 9, 7), date(2020, 9, 9)]
    counts = count(make_dataset(pl.DataFrame({**rows, "date": days})))
    assert months(counts).rows() == [(date(2020, 8, 1), 1, 2, 1, 10.0, 3.0), (date(2020, 9, 1), 2, 2, 2, 4.0, 2.0)]
    assert weekdays(counts).rows() == [(1, 2, 3, 1.5, 0.75, 11.0), (3, 1, 1, 1.0, 0.25, 3.0)]


def test_the_order_of_rows_changes_nothing(market: Dataset) -> None:
    shuffled = market.transactions.collect().sample(fraction=1.0, shuffle=True, seed=5).lazy()
    other = Dataset(**{**vars(market), "transactions": shuffled})
    assert_frame_equal(weeks_of(market), weeks_of(other))
