from itertools import pairwise

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from lookbook.features.article import ARTICLE

F32, U32 = pl.Float32, pl.UInt32
CATALOGUE = pl.DataFrame({"article": [1, 2, 3, 4], "product": [10, 10, 20, None]}, schema={"article": U32, "product": U32})


def frame(**columns: list[float | None]) -> pl.DataFrame:
    return pl.DataFrame(columns, schema={name: U32 if name == "article" else F32 for name in columns})


def test_windows_end_with_their_last_day(table_of):
    before = pl.DataFrame({"customer": [1] * 5, "article": [1] * 5, "days_ago": [1, 7, 8, 28, 29]})
    after = frame(
        article=[1, 2],
        article_sales_1d=[1, 0],
        article_sales_7d=[2, 0],
        article_sales_14d=[3, 0],
        article_sales_28d=[4, 0],
        article_trend_7d=[0.5, None],
        article_days_since_first_sale=[29, None],
        article_days_since_last_sale=[1, None],
    )
    assert_frame_equal(table_of(ARTICLE, before, *after.columns[1:], articles=CATALOGUE.head(2)), after)


def test_a_rank_is_shared_by_equal_sales_and_by_all_that_did_not_sell(table_of):
    before = pl.DataFrame({"customer": [1, 2, 1, 2, 3], "article": [1, 1, 2, 2, 3], "days_ago": [1, 2, 1, 20, 25]})
    after = frame(article=[1, 2, 3, 4], article_sales_rank_7d=[1, 2, 3, 3], article_sales_rank_28d=[1, 1, 3, 4])
    assert_frame_equal(table_of(ARTICLE, before, *after.columns[1:], articles=CATALOGUE), after)


def test_pieces_in_one_basket_are_one_sale(table_of):
    before = pl.DataFrame({"customer": [1, 1, 2], "article": [1, 1, 1], "days_ago": [3, 3, 3], "quantity": [1, 1, 9]})
    after = frame(article=[1], article_sales_7d=[2], article_buyers_28d=[2])
    assert_frame_equal(table_of(ARTICLE, before, *after.columns[1:]), after)


def test_levels_count_the_sales_of_all_their_articles_and_unknown_is_no_level(table_of):
    before = pl.DataFrame({"customer": [1, 1, 1, 1], "article": [1, 2, 3, 4], "days_ago": [1, 28, 29, 1]})
    after = frame(article=[1, 2, 3, 4], article_product=[10, 10, 20, None], article_product_sales_28d=[2, 2, 0, None])
    found = table_of(ARTICLE, before, *after.columns[1:], articles=CATALOGUE)
    assert_frame_equal(found, after.with_columns(pl.col("article_product").cast(U32)))


def test_repurchases_are_counted_in_days_and_per_buyer(table_of):
    before = pl.DataFrame({"customer": [1, 1, 1, 2, 2, 3], "article": [1] * 6, "days_ago": [1, 11, 31, 50, 50, 5]})
    after = frame(article=[1], article_repurchase_ratio=[1 / 3], article_repurchase_interval=[15], article_buyers_28d=[2])
    assert_frame_equal(table_of(ARTICLE, before, *after.columns[1:]), after)


def test_the_age_is_of_distinct_buyers_of_known_age(table_of):
    customers = pl.DataFrame({"customer": [1, 2, 3], "age": [20, 50, None]}, schema={"customer": U32, "age": F32})
    before = pl.DataFrame({"customer": [1, 1, 1, 2, 3, 3], "article": [1, 1, 1, 1, 1, 2], "days_ago": [1, 2, 3, 4, 5, 6]})
    after = frame(article=[1, 2], article_buyer_age=[35, None])
    assert_frame_equal(table_of(ARTICLE, before, "article_buyer_age", customers=customers), after)


def test_the_price_is_of_the_last_day_of_sale_against_the_dearest_day(table_of):
    before = pl.DataFrame(
        {
            "customer": [1, 2, 3, 1],
            "article": [1] * 4,
            "days_ago": [2, 2, 9, 20],
            "price": [1.0, 2.0, 3.0, 2.5],
            "channel": [2, 1, 2, 0],
        }
    )
    after = frame(article=[1], article_price=[1.5], article_price_of_max=[0.5], article_online_share=[2 / 3])
    assert_frame_equal(table_of(ARTICLE, before, *after.columns[1:]), after)


ROWS = st.lists(st.tuples(st.integers(1, 4), st.integers(1, 3), st.integers(1, 40)), min_size=1, max_size=40)


@given(ROWS)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_slow_count_of_repurchases_gives_the_same(table_of, rows):
    before = pl.DataFrame(rows, schema=["customer", "article", "days_ago"], orient="row")
    for row in table_of(ARTICLE, before, "article_repurchase_ratio", "article_repurchase_interval").to_dicts():
        days = {c: sorted({d for customer, a, d in rows if (customer, a) == (c, row["article"])}) for c in range(1, 5)}
        buyers = [d for d in days.values() if d]
        gaps = [later - sooner for d in buyers for sooner, later in pairwise(d)]
        assert row["article_repurchase_ratio"] == pytest.approx(sum(len(d) > 1 for d in buyers) / len(buyers))
        assert row["article_repurchase_interval"] == (pytest.approx(sum(gaps) / len(gaps)) if gaps else None)
