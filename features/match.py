"""Features of how well an article suits a customer: price, age, and the kinds of article the customer buys.

Input: PAIRS with the features of customer, article and transaction. Output: the same rows with the match features.
"""

from functools import reduce
from operator import add

import polars as pl

from lookbook.data.schema import LEVELS
from lookbook.features.feature import Feature, FeatureGroup
from lookbook.features.purchases import ratio

_PRICE_RATIO = ratio(pl.col("article_price"), pl.col("customer_mean_price"))
_LEVEL_KNOWN = [pl.col(f"article_{level}").is_not_null() for level in LEVELS]
_LEVEL_SHARES = [pl.col(f"pair_{level}_share").fill_null(0).cast(pl.Float64) for level in LEVELS]
_PROFILE = ratio(reduce(add, _LEVEL_SHARES), pl.sum_horizontal(_LEVEL_KNOWN))
"""Added one by one: `sum_horizontal` adds floats in an order that depends on the number of threads."""

MATCH = FeatureGroup(
    name="match",
    keys=(),
    features=(
        Feature(
            "match_price_ratio",
            _PRICE_RATIO,
            "The article's price now over the customer's mean price; null = either unknown.",
        ),
        Feature(
            "match_price_z",
            ratio(_PRICE_RATIO.log(), pl.col("customer_price_spread")),
            "Logarithm of the price ratio over the customer's price spread; null = a price is unknown, or the spread 0 or unknown.",
        ),
        Feature(
            "match_age_gap",
            (pl.col("customer_age") - pl.col("article_buyer_age")).abs(),
            "Years between the customer's age and the mean age of the article's buyers; null = either unknown.",
        ),
        Feature(
            "match_profile",
            _PROFILE,
            "Mean, over the article's known levels, of the share of the customer's purchases in the same level value, 0..1; "
            "null = no level of the article is known.",
        ),
        Feature(
            "match_share_of_product",
            ratio(pl.col("pair_purchases"), pl.col("pair_product_purchases")),
            "Share of the customer's purchases of the same product that were of this article, 0..1; "
            "null = none of the product, or the product is unknown.",
        ),
    ),
    table=None,
)
