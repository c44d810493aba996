import math
import statistics
from itertools import pairwise

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from lookbook.features.customer import CUSTOMER, attributes
from lookbook.features.feature import Inputs, feature_table
from lookbook.features.registry import groups

F32, U32 = pl.Float32, pl.UInt32


def test_recency_frequency_and_baskets_count_days_with_a_purchase(table_of):
    before = pl.DataFrame(
        {
            "customer": [1, 1, 1, 1, 1, 2],
            "article": [5, 5, 6, 5, 7, 5],  # the first two rows are one purchase of two pieces
            "days_ago": [7, 7, 7, 28, 92, 8],
        }
    )
    after = pl.DataFrame(
        {
            "customer": [1, 2, 3],
            "customer_days_since_last_purchase": [7, 8, None],
            "customer_days_since_first_purchase": [92, 8, None],
            "customer_baskets_7d": [1, 0, None],
            "customer_baskets_28d": [2, 1, None],
            "customer_baskets_91d": [2, 1, None],
            "customer_purchases": [4, 1, None],
            "customer_basket_size": [4 / 3, 1, None],
            "customer_repurchase_share": [1 / 4, 0, None],
            "customer_purchase_interval": [42.5, None, None],
            "customer_days_to_next_basket": [35.5, None, None],
        },
        schema_overrides={"customer": U32},
    ).with_columns(pl.exclude("customer").cast(F32))
    customers = pl.DataFrame({"customer": [1, 2, 3]}, schema={"customer": U32})
    assert_frame_equal(table_of(CUSTOMER, before, *after.columns[1:], customers=customers), after)


@pytest.mark.parametrize("baskets", [49, 50])  # in floats 49 * (1 / 49) is not 1
def test_nothing_bought_again_and_a_basket_due_today_are_exactly_zero(table_of, baskets):
    before = pl.DataFrame({"customer": 1, "article": range(baskets), "days_ago": range(1, baskets + 1)})
    found = table_of(CUSTOMER, before, "customer_repurchase_share", "customer_days_to_next_basket")
    assert found.row(0) == (1, 0.0, 0.0)


def test_prices_are_averaged_on_the_log_scale_and_a_price_of_zero_is_unknown(table_of):
    before = pl.DataFrame(
        {
            "customer": [1, 1, 1, 2, 2, 3],
            "article": [1, 2, 3, 1, 2, 1],
            "days_ago": [1, 2, 3, 1, 2, 1],
            "price": [1.0, 4.0, 0.0, 0.02, 0.02, 0.0],
        }
    )
    after = pl.DataFrame(
        {
            "customer": [1, 2, 3],
            "customer_mean_price": [2.0, 0.02, None],
            "customer_price_spread": [math.log(2), 0.0, None],
        },
        schema={"customer": U32, "customer_mean_price": F32, "customer_price_spread": F32},
    )
    found = table_of(CUSTOMER, before, "customer_mean_price", "customer_price_spread")
    assert_frame_equal(found, after, rel_tol=1e-4)
    assert found["customer_price_spread"][1] == 0


def test_the_online_share_leaves_unknown_channels_out(table_of):
    before = pl.DataFrame(
        {"customer": [1, 1, 1, 1, 2], "article": [1, 1, 2, 3, 1], "days_ago": [1, 1, 1, 1, 1], "channel": [2, 2, 1, 0, 0]}
    )
    after = pl.DataFrame(
        {"customer": [1, 2], "customer_online_share": [2 / 3, None]}, schema={"customer": U32, "customer_online_share": F32}
    )
    assert_frame_equal(table_of(CUSTOMER, before, "customer_online_share"), after)


ROWS = st.lists(
    st.tuples(st.integers(1, 3), st.integers(1, 4), st.integers(1, 60), st.integers(1, 50_000)), min_size=1, max_size=40
)


@given(ROWS)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_slow_count_gives_the_same(table_of, rows):
    before = pl.DataFrame(rows, schema=["customer", "article", "days_ago", "cents"], orient="row").with_columns(
        price=pl.col("cents") / 100
    )
    found = table_of(CUSTOMER, before, *(f.name for f in CUSTOMER.features)).to_dicts()
    for row in found:
        mine = [(a, d, c / 100) for customer, a, d, c in rows if customer == row["customer"]]
        days, bought, logs = sorted({d for _, d, _ in mine}), {(a, d) for a, d, _ in mine}, [math.log(p) for *_, p in mine]
        gaps = [later - sooner for sooner, later in pairwise(days)]
        assert row["customer_baskets_28d"] == sum(d <= 28 for d in days)
        assert row["customer_basket_size"] == pytest.approx(len(bought) / len(days))
        assert row["customer_repurchase_share"] == pytest.approx(1 - len({a for a, _ in bought}) / len(bought))
        assert row["customer_purchase_interval"] == (pytest.approx(statistics.mean(gaps)) if gaps else None)
        assert row["customer_mean_price"] == pytest.approx(math.exp(statistics.mean(logs)), rel=1e-3)
        spread = pytest.approx(statistics.pstdev(logs), abs=1e-3) if len(mine) > 1 else None
        assert row["customer_price_spread"] == spread


def test_every_further_column_of_customers_is_a_feature(market):
    group = attributes(market.customers.collect_schema())
    found = feature_table(group, Inputs(market.before(market.last_day), {})).collect()
    assert_frame_equal(found, market.customers.select("customer", customer_member="member").collect())


def test_without_further_columns_there_is_no_attribute_group():
    assert [g.name for g in groups(["customer", "age", "age_band"])][-1] == "embedding"


def test_an_attribute_that_takes_the_name_of_a_feature_is_refused():
    with pytest.raises(ValueError, match="customer_basket_size"):
        groups(["customer", "basket_size"])
