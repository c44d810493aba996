"""Features of what a customer bought before: the article itself, and other articles of the same product, colour and so on.

Input: the History of a customer shard. Output: one row per (customer, article) or (customer, level value) bought.
"""

import polars as pl

from lookbook.data.schema import LEVELS, PAIR
from lookbook.features.feature import Feature, FeatureGroup, Inputs
from lookbook.features.purchases import purchases, ratio, total, within

HALF_LIFE_DAYS = 28
DECAY_UNITS = 1 << 20
NEVER = "null = the customer has not bought it"


def pair_table(inputs: Inputs) -> pl.LazyFrame:
    """One row per (customer, article) bought, with the customer's totals."""
    basket = pl.col("days_ago").rank("dense").over("customer")
    return (
        purchases(inputs.history)
        .with_columns(basket=basket.cast(pl.Int64), purchases=pl.len().over("customer").cast(pl.Int64))
        .group_by(PAIR)
        .agg(
            count=pl.len().cast(pl.Int64),
            count_28d=total(within(28)),
            count_91d=total(within(91)),
            decayed=_decay().sum(),
            last=pl.col("days_ago").min().cast(pl.Int64),
            first=pl.col("days_ago").max().cast(pl.Int64),
            last_basket=pl.col("basket").min(),
            first_basket=pl.col("basket").max(),
            purchases=pl.col("purchases").first(),
        )
    )


def level_table(inputs: Inputs, level: str) -> pl.LazyFrame:
    """One row per (customer, known value of the level) bought, with the customer's total; the key is `article_<level>`."""
    return (
        purchases(inputs.history)
        .with_columns(purchases=pl.len().over("customer").cast(pl.Int64))
        .join(inputs.history.articles.select("article", pl.col(level).alias(f"article_{level}")), on="article", validate="m:1")
        .drop_nulls(f"article_{level}")
        .group_by("customer", f"article_{level}")
        .agg(count=pl.len().cast(pl.Int64), last=pl.col("days_ago").min(), purchases=pl.col("purchases").first())
    )


def _decay() -> pl.Expr:
    """Weight that halves every `HALF_LIFE_DAYS`, 1 on day 1, in whole units of 2**-20 so that sums do not depend on order."""
    weight = 0.5 ** ((pl.col("days_ago").cast(pl.Float64) - 1) / HALF_LIFE_DAYS)
    return (weight * DECAY_UNITS).round().cast(pl.Int64)


def _level_group(level: str) -> FeatureGroup:
    none = f"the customer bought no article of the same {level}, or the {level} is unknown"
    return FeatureGroup(
        name=f"pair_{level}",
        keys=("customer", f"article_{level}"),
        features=(
            Feature(
                f"pair_{level}_purchases", pl.col("count"), f"The customer's purchases of the same {level}; 0 = {none}.", fill=0
            ),
            Feature(
                f"pair_{level}_days_since_last", pl.col("last"), f"Days since the last purchase of the same {level}; null = {none}."
            ),
            Feature(
                f"pair_{level}_share",
                ratio(pl.col("count"), pl.col("purchases")),
                f"Share of all the customer's purchases that were of the same {level}, 0..1; null = {none}.",
            ),
        ),
        table=lambda inputs: level_table(inputs, level),
    )


PAIR_PURCHASES = FeatureGroup(
    name="pair",
    keys=PAIR,
    features=(
        Feature("pair_purchases", pl.col("count"), "Days on which the customer bought the article, whole history.", fill=0),
        Feature("pair_purchases_28d", pl.col("count_28d"), "Days on which the customer bought it in days_ago 1..28.", fill=0),
        Feature("pair_purchases_91d", pl.col("count_91d"), "Days on which the customer bought it in days_ago 1..91.", fill=0),
        Feature(
            "pair_decayed_purchases",
            pl.col("decayed") / DECAY_UNITS,
            f"Purchases of the article by the customer, each weighted by a half for every {HALF_LIFE_DAYS} days of age.",
            fill=0,
        ),
        Feature("pair_days_since_last", pl.col("last"), f"Days since the customer last bought the article; {NEVER}."),
        Feature("pair_days_since_first", pl.col("first"), f"Days since the customer first bought the article; {NEVER}."),
        Feature(
            "pair_baskets_since_last",
            pl.col("last_basket") - 1,
            f"Baskets of the customer after the last one with the article; 0 = it was in the last basket; {NEVER}.",
        ),
        Feature(
            "pair_basket_share",
            ratio(pl.col("count"), pl.col("first_basket")),
            f"Share of the customer's baskets since the first with the article that held it, 0..1; {NEVER}.",
        ),
        Feature(
            "pair_share",
            ratio(pl.col("count"), pl.col("purchases")),
            f"Share of all the customer's purchases that were of the article, 0..1; {NEVER}.",
        ),
        Feature(
            "pair_interval",
            ratio(pl.col("first") - pl.col("last"), pl.col("count") - 1),
            "Mean days between the customer's purchases of the article; null = bought on fewer than two days.",
        ),
    ),
    table=pair_table,
)

PAIR_LEVELS = tuple(_level_group(level) for level in LEVELS)

_EXPECTED_INTERVAL = pl.coalesce("pair_interval", "article_repurchase_interval")

PAIR_TIMING = FeatureGroup(
    name="pair_timing",
    keys=(),
    features=(
        Feature(
            "pair_days_to_next_purchase",
            _EXPECTED_INTERVAL - pl.col("pair_days_since_last"),
            "Days until the customer's next purchase of the article if their mean interval holds (the article's over all "
            "customers when bought once), below 0 = overdue; null = never bought, or nobody bought it twice.",
        ),
        Feature(
            "pair_due",
            ratio(pl.col("pair_days_since_last"), _EXPECTED_INTERVAL),
            "Days since the last purchase of the article over the same expected interval, 1 = due now; null as above.",
        ),
    ),
    table=None,
)
