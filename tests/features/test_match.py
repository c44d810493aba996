import math

import polars as pl
import pytest

from lookbook.data.schema import LEVELS
from lookbook.features.feature import Inputs, add_features
from lookbook.features.match import MATCH

KNOWN: dict[str, float | None] = {
    "article_price": 6.0,
    "customer_mean_price": 3.0,
    "customer_price_spread": 0.5,
    "customer_age": 30.0,
    "article_buyer_age": 42.5,
    "pair_purchases": 1.0,
    "pair_product_purchases": 4.0,
    **{f"article_{level}": None for level in LEVELS},
    **{f"pair_{level}_share": None for level in LEVELS},
}


def match(**changes: float | None) -> dict[str, float | None]:
    row = {**KNOWN, **changes}
    pair = pl.LazyFrame([row], schema=dict.fromkeys(row, pl.Float32))
    return add_features(pair, Inputs(pl.LazyFrame(), {}), [MATCH]).select("^match_.*$").collect().to_dicts()[0]


def test_price_and_age_are_compared_with_what_the_customer_and_the_buyers_have():
    assert match() == pytest.approx(
        {
            "match_price_ratio": 2.0,
            "match_price_z": math.log(2) / 0.5,
            "match_age_gap": 12.5,
            "match_profile": None,
            "match_share_of_product": 0.25,
        }
    )


@pytest.mark.parametrize(
    ("feature", "changes"),
    [
        ("match_price_ratio", {"customer_mean_price": None}),
        ("match_price_z", {"customer_price_spread": 0.0}),
        ("match_price_z", {"article_price": 0.0}),
        ("match_age_gap", {"customer_age": None}),
        ("match_share_of_product", {"pair_purchases": 0.0, "pair_product_purchases": 0.0}),
    ],
)
def test_what_cannot_be_compared_is_null(feature, changes):
    assert match(**changes)[feature] is None


def test_the_profile_averages_over_the_known_levels_and_counts_a_level_never_bought_as_zero():
    found = match(article_product=1, pair_product_share=0.25, article_colour=2, article_brand=3, pair_brand_share=0.5)
    assert found["match_profile"] == pytest.approx((0.25 + 0 + 0.5) / 3)
