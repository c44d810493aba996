"""The one pass over the transactions: against loops over the rows, and the same whatever is held at a time."""

from collections import Counter
from collections.abc import Callable
from dataclasses import fields
from datetime import date, timedelta
from itertools import pairwise

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from lookbook.data.dataset import Dataset
from lookbook.data.profile.counting import Counts, count

MakeDataset = Callable[..., Dataset]
LAST_DAY = date(2020, 9, 22)
ROWS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 4), st.integers(0, 40)), min_size=1, max_size=40)
PURE_FIXTURE = settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])


def market_of(rows: list[tuple[int, int, int]], make_dataset: MakeDataset) -> Dataset:
    days = [(customer, article, LAST_DAY - timedelta(days=ago)) for customer, article, ago in rows]
    return make_dataset(pl.DataFrame(days, schema=["customer", "article", "date"], orient="row"))


def week(day: date, last_day: date) -> date:
    return last_day - timedelta(days=6 + 7 * ((last_day - day).days // 7))


def measure(counts: Counts, name: str) -> dict[float, int]:
    return dict(counts.measures.filter(pl.col("measure") == name).select("value", "rows").iter_rows())


@PURE_FIXTURE
@given(rows=ROWS)
def test_measures_are_those_of_a_loop_over_the_purchases(make_dataset: MakeDataset, rows: list[tuple[int, int, int]]) -> None:
    dataset = market_of(rows, make_dataset)
    counts = count(dataset)
    events = sorted({(c, a, LAST_DAY - timedelta(days=d)) for c, a, d in rows})
    days = {c: sorted({day for other, _, day in events if other == c}) for c in {c for c, _, _ in events}}
    pairs = {(c, a): sorted(day for x, y, day in events if (x, y) == (c, a)) for c, a, _ in events}
    baskets = {(c, day): sum((c, day) == (x, z) for x, _, z in events) for c, _, day in events}
    gaps = {c: [(b - a).days for a, b in pairwise(of)] for c, of in days.items()}
    assert measure(counts, "transactions_per_customer") == Counter(Counter(c for c, _, _ in rows).values())
    assert measure(counts, "days_since_last_purchase") == Counter((dataset.last_day - of[-1]).days + 1 for of in days.values())
    assert measure(counts, "gap_days") == Counter(gap for of in gaps.values() for gap in of)
    assert measure(counts, "last_gap_days") == Counter(of[-1] for of in gaps.values() if of)
    assert measure(counts, "basket_articles") == Counter(baskets.values())
    assert measure(counts, "first_basket_articles") == Counter(baskets[c, of[0]] for c, of in days.items())
    assert measure(counts, "pair_days") == Counter(len(of) for of in pairs.values())
    again = Counter((b - a).days for of in pairs.values() for a, b in pairwise(of))
    assert measure(counts, "repurchase_days") == again


@PURE_FIXTURE
@given(rows=ROWS)
def test_weeks_are_those_of_a_loop_over_the_labels(make_dataset: MakeDataset, rows: list[tuple[int, int, int]]) -> None:
    dataset = market_of(rows, make_dataset)
    counts = count(dataset)
    events = [(c, a, LAST_DAY - timedelta(days=d)) for c, a, d in rows]
    expected = set()
    for article, start in {(a, week(day, dataset.last_day)) for _, a, day in events}:
        inside = [(c, day) for c, a, day in events if a == article and start <= day < start + timedelta(days=7)]
        before = {c for c, a, day in events if a == article and day < start}
        labels = {c for c, _ in inside}
        expected.add((article, start, len(inside), len(labels), len(labels & before), max(day for _, day in inside)))
    assert set(counts.article_weeks.iter_rows()) == expected
    weeks = set()
    for start in {week(day, dataset.last_day) for _, _, day in events}:
        buyers = {c for c, _, day in events if start <= day < start + timedelta(days=7)}
        weeks.add((start, len(buyers), len(buyers - {c for c, _, day in events if day < start})))
    assert set(counts.customer_weeks.iter_rows()) == weeks
    months = Counter(month for _, month in {(c, day.replace(day=1)) for c, _, day in events})
    assert dict(counts.customer_months.iter_rows()) == months


@pytest.mark.parametrize("rows_at_a_time", [1, 100, 1000])
def test_what_is_held_at_a_time_changes_nothing(market: Dataset, rows_at_a_time: int) -> None:
    whole, parted = count(market), count(market, rows_at_a_time=rows_at_a_time)
    for field in fields(Counts):
        assert_frame_equal(getattr(whole, field.name), getattr(parted, field.name))


def test_days_sum_revenue_and_prices_in_millionths(make_dataset: MakeDataset) -> None:
    rows = pl.DataFrame({"customer": [1, 2], "article": [1, 1], "date": [LAST_DAY] * 2, "price": [0.5, 1.25], "quantity": [3, 1]})
    assert count(make_dataset(rows)).days.rows() == [(LAST_DAY, 2, 2_750_000, 1_750_000)]


def test_an_amount_too_large_to_add_up_is_left_out(make_dataset: MakeDataset) -> None:
    rows = pl.DataFrame({"customer": [1, 2], "article": [1, 1], "date": [LAST_DAY] * 2, "price": [2.0, 3e38]})
    assert count(make_dataset(rows)).days.rows() == [(LAST_DAY, 2, 2_000_000, 2_000_000)]
