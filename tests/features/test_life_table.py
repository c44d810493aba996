from collections import defaultdict

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lookbook.features.life_table import MOST_DAYS, MOST_PURCHASES, PRIOR_REPEATS, life_tables

ROWS = st.lists(st.tuples(st.integers(1, 3), st.integers(1, 3), st.integers(1, 60)), min_size=1, max_size=40)


@pytest.fixture
def tables_of(make_dataset):
    """Life tables of (customer, article, days_ago)."""

    def tables(rows, level="article", **attributes):
        bought = pl.DataFrame(rows, schema=["customer", "article", "days_ago"], orient="row")
        dated = bought.with_columns(date=pl.date(2020, 9, 16) - pl.duration(days=pl.col("days_ago"))).drop("days_ago")
        history = make_dataset(dated, **attributes).before(pl.select(pl.date(2020, 9, 16)).item())
        rates, ratios = (table.collect() for table in life_tables(history, level))
        return {(row[0], row[1]): row[2] for row in rates.rows()}, dict(ratios.rows())

    return tables


def intervals(rows):
    """(article, number, length, ended) of every purchase, one after the other."""
    days = defaultdict(set)
    for customer, article, day in rows:
        days[customer, article].add(day)
    for (_, article), bought in days.items():
        oldest_first = sorted(bought, reverse=True)
        for number, (day, following) in enumerate(zip(oldest_first, [*oldest_first[1:], 0], strict=True), 1):
            yield article, min(number, MOST_PURCHASES), day - following, following > 0


def at_risk(length, ended, day):
    """Whether it is known if the next purchase came on that day, and it had not come before."""
    return length >= day if ended else length > day


@given(ROWS)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_slow_count_of_who_bought_again_gives_the_same(tables_of, rows):
    rates, ratios = tables_of(rows)
    seen = list(intervals(rows))

    def hazard(purchases, days):
        risks = [(d, length, ended) for _, n, length, ended in seen for d in days if n == purchases and at_risk(length, ended, d)]
        return sum(ended and length == d for d, length, ended in risks) / len(risks) if risks else 0.0

    for purchases, since in ((1, 1), (1, 7), (1, 40), (2, 3), (2, 17), (3, 8)):
        near = range(max(1, since - since // 8), since + 6 + since // 8 + 1)
        assert rates[purchases, since] == pytest.approx(1 - 2.718281828459045 ** (-7 * hazard(purchases, near)))
    for article, ratio in ratios.items():
        mine = [(n, length, ended) for a, n, length, ended in seen if a == article]
        expected = sum(hazard(n, [d]) for n, length, ended in mine for d in range(1, length + 1) if at_risk(length, ended, d))
        observed = sum(ended for _, _, ended in mine)
        assert ratio == pytest.approx((observed + PRIOR_REPEATS) / (expected + PRIOR_REPEATS), abs=1e-4)


def test_every_number_of_purchases_and_day_has_a_rate(tables_of):
    rates, _ = tables_of([(1, 1, 30), (1, 1, 20)])
    assert list(rates) == [(n, day) for n in range(1, MOST_PURCHASES + 1) for day in range(1, MOST_DAYS + 1)]
    assert all(0 <= rate < 1 for rate in rates.values())


def test_an_article_that_is_bought_again_oftener_than_others_has_a_ratio_above_one(tables_of):
    often = [(customer, 1, day) for customer in range(1, 9) for day in (40, 30, 20, 10)]
    seldom = [(customer, 2, 40) for customer in range(1, 9)]
    _, ratios = tables_of([*often, *seldom])
    assert ratios[1] > 1 > ratios[2]


def test_articles_of_one_product_are_one_thing_and_those_of_none_are_left_out(tables_of):
    articles = pl.DataFrame({"article": [1, 2, 3], "product": [7, 7, None]}, schema={"article": pl.UInt32, "product": pl.UInt32})
    rates, ratios = tables_of([(1, 1, 20), (1, 2, 10), (1, 3, 5)], level="product", articles=articles)
    assert list(ratios) == [7]
    assert rates[1, 10] > 0
    assert rates[2, 5] == 0
