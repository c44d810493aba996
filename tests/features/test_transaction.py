from itertools import pairwise

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from lookbook.features.feature import Inputs, add_features
from lookbook.features.transaction import PAIR_LEVELS, PAIR_PURCHASES, PAIR_TIMING

F32, U32 = pl.Float32, pl.UInt32
PRODUCT = next(group for group in PAIR_LEVELS if group.name == "pair_product")


def typed(frame: pl.DataFrame, keys: int = 2) -> pl.DataFrame:
    return frame.with_columns(pl.col(frame.columns[:keys]).cast(U32), pl.col(frame.columns[keys:]).cast(F32))


def test_a_pair_is_counted_in_days_and_in_baskets(table_of):
    before = pl.DataFrame(
        {
            "customer": [1, 1, 1, 1, 1, 2],
            "article": [5, 5, 5, 6, 6, 5],
            "days_ago": [29, 29, 1, 10, 99, 28],  # the first two rows are one purchase
        }
    )
    after = pl.DataFrame(
        {
            "customer": [1, 1, 2],
            "article": [5, 6, 5],
            "pair_purchases": [2, 2, 1],
            "pair_purchases_28d": [1, 1, 1],
            "pair_purchases_91d": [2, 1, 1],
            "pair_decayed_purchases": [1.5, 0.5 ** (9 / 28) + 0.5**3.5, 0.5 ** (27 / 28)],
            "pair_days_since_last": [1, 10, 28],
            "pair_days_since_first": [29, 99, 28],
            "pair_baskets_since_last": [0, 1, 0],
            "pair_basket_share": [2 / 3, 2 / 4, 1],
            "pair_share": [1 / 2, 1 / 2, 1],
            "pair_interval": [28, 89, None],
        }
    ).pipe(typed)
    assert_frame_equal(table_of(PAIR_PURCHASES, before, *after.columns[2:]), after)


def test_a_level_gathers_its_articles_and_an_unknown_level_gathers_none(table_of):
    articles = pl.DataFrame({"article": [1, 2, 3, 4], "product": [7, 7, 8, None]}, schema={"article": U32, "product": U32})
    before = pl.DataFrame({"customer": [1, 1, 1, 1, 1], "article": [1, 1, 2, 3, 4], "days_ago": [9, 9, 30, 2, 1]})
    after = pl.DataFrame(
        {
            "customer": [1, 1],
            "article_product": [7, 8],
            "pair_product_purchases": [2, 1],
            "pair_product_days_since_last": [9, 2],
            "pair_product_share": [1 / 2, 1 / 4],
        }
    ).pipe(typed)
    assert_frame_equal(table_of(PRODUCT, before, *after.columns[2:], articles=articles), after)


def test_an_article_of_unknown_level_matches_nothing(make_dataset):
    history = make_dataset(
        pl.DataFrame({"customer": [1], "article": [4], "date": ["2020-01-01"]}).with_columns(pl.col("date").str.to_date())
    )
    pairs = pl.LazyFrame({"customer": [1], "article_product": [None]}, schema={"customer": U32, "article_product": U32})
    found = add_features(pairs, Inputs(history.before(history.last_day), {}), [PRODUCT]).collect()
    assert found.row(0) == (1, None, 0.0, None, None)


def test_the_next_purchase_is_expected_after_the_own_interval_else_the_articles():
    before = pl.DataFrame(
        {
            "pair_interval": [10, None, None, 30],
            "article_repurchase_interval": [40, 40, None, 40],
            "pair_days_since_last": [4, 10, 10, None],
        }
    ).pipe(typed, 0)
    after = before.with_columns(
        pair_days_to_next_purchase=pl.Series([6, 30, None, None], dtype=F32), pair_due=pl.Series([0.4, 0.25, None, None], dtype=F32)
    )
    history = pl.LazyFrame()
    assert_frame_equal(add_features(before.lazy(), Inputs(history, {}), [PAIR_TIMING]).collect(), after)


ROWS = st.lists(st.tuples(st.integers(1, 2), st.integers(1, 3), st.integers(1, 120)), min_size=1, max_size=40)


@given(ROWS)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_slow_count_gives_the_same(table_of, rows):
    before = pl.DataFrame(rows, schema=["customer", "article", "days_ago"], orient="row")
    for row in table_of(PAIR_PURCHASES, before, *(f.name for f in PAIR_PURCHASES.features)).to_dicts():
        mine = sorted({(d, a) for customer, a, d in rows if customer == row["customer"]})
        baskets, days = sorted({d for d, _ in mine}), [d for d, a in mine if a == row["article"]]
        gaps = [later - sooner for sooner, later in pairwise(days)]
        assert row["pair_purchases"] == len(days)
        assert row["pair_purchases_91d"] == sum(d <= 91 for d in days)
        assert row["pair_decayed_purchases"] == pytest.approx(sum(0.5 ** ((d - 1) / 28) for d in days), rel=1e-4)
        assert row["pair_baskets_since_last"] == sum(d < days[0] for d in baskets)
        assert row["pair_basket_share"] == pytest.approx(len(days) / sum(d <= days[-1] for d in baskets))
        assert row["pair_share"] == pytest.approx(len(days) / len(mine))
        assert row["pair_interval"] == (pytest.approx(sum(gaps) / len(gaps)) if gaps else None)
