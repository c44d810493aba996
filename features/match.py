"""Features of how well an article suits a customer: price, age, and the kinds of article the customer buys.

Input: PAIRS with the features of customer, article and transaction. Output: the same rows with the match features.
"""

import polars as pl

from data.schema import LEVELS
from features.feature import Feature, FeatureGroup

_LOG_PRICE_RATIO = (pl.col("article_price") / pl.col("customer_mean_price")).log()
_KNOWN_SHARES = [
    pl.when(pl.col(f"article_{level}").is_not_null()).then(pl.col(f"pair_{level}_share").fill_null(0)) for level in LEVELS
]

MATCH = FeatureGroup(
    name="match",
    keys=(),
    features=(
        Feature(
            "match_price_ratio",
            pl.col("article_price") / pl.col("customer_mean_price"),
            "The article's price now over the customer's mean price; null = either unknown.",
        ),
        Feature(
            "match_price_z",
            _LOG_PRICE_RATIO / pl.col("customer_price_spread"),
            "ln of the price ratio in the customer's standard deviations; null = a price is unknown or the spread is 0 or unknown.",
        ),
        Feature(
            "match_age_gap",
            (pl.col("customer_age") - pl.col("article_buyer_age")).abs(),
            "Years between the customer's age and the mean age of the article's buyers; null = either unknown.",
        ),
        Feature(
            "match_profile",
            pl.mean_horizontal(_KNOWN_SHARES),
            "Mean, over the article's known levels, of the share of the customer's purchases in the same level value, 0..1; "
            "null = no level of the article is known.",
        ),
        Feature(
            "match_share_of_product",
            pl.col("pair_purchases") / pl.col("pair_product_purchases"),
            "Share of the customer's purchases of the same product that were of this article, 0..1; null = none of the product.",
        ),
    ),
    table=None,
)
