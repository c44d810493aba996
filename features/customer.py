"""Features of a customer: how recently, how often, how much, at what price and where they buy.

Input: the History of a customer shard. Output: one row per customer of the shard.
"""

from collections.abc import Iterable

import polars as pl

from lookbook.data.schema import CUSTOMERS
from lookbook.features.feature import Feature, FeatureGroup, Inputs
from lookbook.features.purchases import LOG_PRICE_UNITS, purchases, ratio, total, within

CUSTOMER_ATTRIBUTES = "customer_attributes"
NEVER = "null = the customer has never bought"


def customer_table(inputs: Inputs) -> pl.LazyFrame:
    """One row per customer of the shard; counts are null for customers without a purchase."""
    bought = purchases(inputs.history)
    baskets = bought.group_by("customer", "days_ago").agg(
        pl.len().alias("purchases"),
        *(total(c) for c in ("lines", "priced_lines", "log_price", "log_price_squared", "channel_lines", "online_lines")),
    )
    return (
        inputs.history.customers.select("customer", "age")
        .join(baskets.group_by("customer").agg(*_sums()), on="customer", how="left", validate="1:1")
        .join(bought.group_by("customer").agg(articles=pl.col("article").n_unique()), on="customer", how="left", validate="1:1")
    )


def attributes(columns: Iterable[str]) -> FeatureGroup:
    """The columns of CUSTOMERS that the data set adds to the declared ones, as one group."""
    extra = [column for column in columns if column not in CUSTOMERS]
    return FeatureGroup(
        name=CUSTOMER_ATTRIBUTES,
        keys=("customer",),
        features=tuple(
            Feature(f"customer_{c}", pl.col(c), f"Attribute {c} of the customer as the data set codes it; null = unknown.")
            for c in extra
        ),
        table=lambda inputs: inputs.history.customers.select("customer", *extra),
    )


def _sums() -> list[pl.Expr]:
    return [
        pl.col("days_ago").min().alias("last"),
        pl.col("days_ago").max().cast(pl.Int64).alias("first"),
        pl.len().cast(pl.Int64).alias("baskets"),
        *(total(within(days)).alias(f"baskets_{days}d") for days in (7, 28, 91)),
        total("purchases"),
        *(total(c) for c in ("lines", "priced_lines", "log_price", "log_price_squared", "channel_lines", "online_lines")),
    ]


def _log_price_spread() -> pl.Expr:
    """Population standard deviation of ln(price), exactly 0 for equal prices: the sums are whole numbers."""
    n, sum_, squares = (pl.col(c).cast(pl.Int128) for c in ("priced_lines", "log_price", "log_price_squared"))
    variance = ratio(n * squares - sum_ * sum_, n * n)
    return pl.when(pl.col("priced_lines") >= 2).then(variance.sqrt() / LOG_PRICE_UNITS)


LAST = pl.col("last").cast(pl.Int64)
MEAN_PRICE = (ratio(pl.col("log_price"), pl.col("priced_lines")) / LOG_PRICE_UNITS).exp()

CUSTOMER = FeatureGroup(
    name="customer",
    keys=("customer",),
    features=(
        Feature("customer_days_since_last_purchase", LAST, f"Days since the customer's last basket; 1 = the day before; {NEVER}."),
        Feature("customer_days_since_first_purchase", pl.col("first"), f"Days since the customer's first basket; {NEVER}."),
        Feature("customer_baskets_7d", pl.col("baskets_7d"), "Days with a purchase among the last 7 (days_ago 1..7).", fill=0),
        Feature("customer_baskets_28d", pl.col("baskets_28d"), "Days with a purchase among the last 28 (days_ago 1..28).", fill=0),
        Feature("customer_baskets_91d", pl.col("baskets_91d"), "Days with a purchase among the last 91 (days_ago 1..91).", fill=0),
        Feature("customer_purchases", pl.col("purchases"), "Purchases in the whole history: articles in baskets.", fill=0),
        Feature(
            "customer_basket_size", ratio(pl.col("purchases"), pl.col("baskets")), f"Mean number of articles in a basket; {NEVER}."
        ),
        Feature(
            "customer_repurchase_share",
            ratio(pl.col("purchases") - pl.col("articles").cast(pl.Int64), pl.col("purchases")),
            f"Share of the customer's purchases that were of an article bought before, 0..1; {NEVER}.",
        ),
        Feature(
            "customer_purchase_interval",
            ratio(pl.col("first") - LAST, pl.col("baskets") - 1),
            "Mean days from one basket to the next, whole history; null = fewer than two baskets.",
        ),
        Feature(
            "customer_days_to_next_basket",
            ratio(pl.col("first") - LAST * pl.col("baskets"), pl.col("baskets") - 1),
            "Days until the next basket if the mean interval holds, below 0 = overdue; null = fewer than two baskets.",
        ),
        Feature(
            "customer_mean_price",
            MEAN_PRICE,
            "Geometric mean of the prices paid, currency units, over transaction rows; null = nothing bought at a price above 0.",
        ),
        Feature(
            "customer_price_spread",
            _log_price_spread(),
            "Standard deviation of ln(price) over transaction rows (0.1 is about 10 %); null = fewer than two priced rows.",
        ),
        Feature(
            "customer_online_share",
            ratio(pl.col("online_lines"), pl.col("channel_lines")),
            "Share of transaction rows through channel 2 among those with a known channel, 0..1; null = no known channel.",
        ),
        Feature("customer_age", pl.col("age"), "Age of the customer in years; null = unknown."),
    ),
    table=customer_table,
)
