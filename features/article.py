"""Features of an article: how it sells now, to whom, how often again and at what price.

Input: the History of all customers (scope "all", once per as_of). Output: one row per article of the catalogue.
"""

import polars as pl

from lookbook.data.bought_pairs import sums_by_article
from lookbook.data.dataset import History
from lookbook.data.schema import LEVELS
from lookbook.features.feature import Feature, FeatureGroup, Inputs
from lookbook.features.purchases import MICRO, ONLINE_CHANNEL, ratio, total, within

WINDOWS = (1, 7, 14, 28)
AGE_UNITS = 1000
NEVER = "null = never sold"


def article_table(inputs: Inputs) -> pl.LazyFrame:
    """One row per article of the catalogue; everything but the level columns is null for articles that never sold."""
    history = inputs.history
    sales = pl.col(f"sales_{days}d" for days in WINDOWS).fill_null(0)
    tables = (_sales(history), _prices_and_channels(history), _buyers(history))
    table = history.articles.select("article", *LEVELS)
    for of_sold in tables:
        table = table.join(of_sold, on="article", how="left", validate="1:1", maintain_order="left")
    return table.with_columns(sales).with_columns(
        *(pl.col(f"sales_{days}d").rank("min", descending=True).alias(f"sales_rank_{days}d") for days in (7, 28)),
        *(_level_total(level) for level in LEVELS),
    )


def _sales(history: History) -> pl.LazyFrame:
    """One row per article that sold lately: purchases by window."""
    recent = history.transactions.filter(within(max(WINDOWS)))
    return (
        recent.select("customer", "article", "days_ago")
        .unique()
        .group_by("article")
        .agg(total(within(days)).alias(f"sales_{days}d") for days in WINDOWS)
    )


def _prices_and_channels(history: History) -> pl.LazyFrame:
    """One row per article that sold: daily mean prices, days of sale and channels, over transaction rows."""
    # one number as key is grouped several times as fast as two
    day = pl.col("article").cast(pl.UInt64) * 2**16 + pl.col("days_ago")
    micro = (pl.col("price").cast(pl.Float64) * MICRO).round()
    price = ratio(pl.col("price"), pl.col("lines")) / MICRO
    return (
        history.transactions.group_by(day=day)
        .agg(
            total(micro).alias("price"),
            lines=pl.len().cast(pl.Int64),
            channel_lines=total(pl.col("channel") > 0),
            online_lines=total(pl.col("channel") == ONLINE_CHANNEL),
        )
        .with_columns(article=(pl.col("day") // 2**16).cast(pl.UInt32), days_ago=(pl.col("day") % 2**16).cast(pl.UInt16))
        .group_by("article")
        .agg(
            last=pl.col("days_ago").min(),
            first=pl.col("days_ago").max(),
            price_now=price.sort_by("days_ago").first(),
            price_max=price.max(),
            channel_lines=total("channel_lines"),
            online_lines=total("online_lines"),
        )
    )


def _buyers(history: History) -> pl.LazyFrame:
    """One row per article that sold: its distinct customers, how many came back after how long, and their age."""
    sums = (
        total(pl.col("days") > 0).alias("buyers"),
        total(pl.col("last") <= 28).alias("buyers_28d"),
        total(pl.col("days") > 1).alias("repeat_buyers"),
        total(pl.col("first") - pl.col("last")).alias("span"),
        total(pl.col("days") - 1).alias("gaps"),
        total("age"),
        total(pl.col("age").is_not_null()).alias("aged_buyers"),
    )
    age = (pl.col("age").cast(pl.Float64) * AGE_UNITS).round().cast(pl.Int64)
    return sums_by_article(history, sums, attributes=[age])


def _level_total(level: str) -> pl.Expr:
    """Sales in 28 days of all articles with the same value of the level; null where the level is unknown."""
    return pl.when(pl.col(level).is_not_null()).then(pl.col("sales_28d").sum().over(level)).alias(f"{level}_sales_28d")


ARTICLE = FeatureGroup(
    name="article",
    keys=("article",),
    features=(
        Feature("article_sales_1d", pl.col("sales_1d"), "Purchases by all customers on the last day (days_ago 1).", fill=0),
        Feature("article_sales_7d", pl.col("sales_7d"), "Purchases by all customers in days_ago 1..7.", fill=0),
        Feature("article_sales_14d", pl.col("sales_14d"), "Purchases by all customers in days_ago 1..14.", fill=0),
        Feature("article_sales_28d", pl.col("sales_28d"), "Purchases by all customers in days_ago 1..28.", fill=0),
        Feature(
            "article_sales_rank_7d",
            pl.col("sales_rank_7d"),
            "Rank by sales in days_ago 1..7, 1 = most; equal sales share the best rank; null = not in the catalogue.",
        ),
        Feature(
            "article_sales_rank_28d",
            pl.col("sales_rank_28d"),
            "Rank by sales in days_ago 1..28, 1 = most; equal sales share the best rank; null = not in the catalogue.",
        ),
        Feature("article_buyers_28d", pl.col("buyers_28d"), "Distinct customers who bought it in days_ago 1..28.", fill=0),
        Feature(
            "article_trend_7d",
            ratio(pl.col("sales_7d"), pl.col("sales_28d")),
            "Share of the sales in days_ago 1..28 that fell in days_ago 1..7 (0.25 = steady); null = no sale in 28 days.",
        ),
        Feature("article_days_since_first_sale", pl.col("first"), f"Days since its first sale in the history; {NEVER}."),
        Feature("article_days_since_last_sale", pl.col("last"), f"Days since its last sale; 1 = the day before; {NEVER}."),
        Feature(
            "article_repurchase_ratio",
            ratio(pl.col("repeat_buyers"), pl.col("buyers")),
            f"Share of its buyers who bought it on more than one day, whole history, 0..1; {NEVER}.",
        ),
        Feature(
            "article_repurchase_interval",
            ratio(pl.col("span"), pl.col("gaps")),
            "Mean days between two purchases of it by one customer, over all customers; null = nobody bought it twice.",
        ),
        Feature(
            "article_buyer_age",
            ratio(pl.col("age"), pl.col("aged_buyers")) / AGE_UNITS,
            "Mean age of its distinct buyers in years, whole history; null = no buyer of known age.",
        ),
        Feature("article_price", pl.col("price_now"), f"Mean price per item on its last day of sale, currency units; {NEVER}."),
        Feature(
            "article_price_of_max",
            ratio(pl.col("price_now"), pl.col("price_max")),
            f"Price now over its own highest daily mean price, 0..1; below 1 = reduced; {NEVER}.",
        ),
        Feature(
            "article_online_share",
            ratio(pl.col("online_lines"), pl.col("channel_lines")),
            "Share of its transaction rows through channel 2 among those with a known channel, 0..1; null = no known channel.",
        ),
        *(
            Feature(f"article_{level}", pl.col(level), f"Code of its {level}, without magnitude; null = unknown.", pl.UInt32)
            for level in LEVELS
        ),
        *(
            Feature(
                f"article_{level}_sales_28d",
                pl.col(f"{level}_sales_28d"),
                f"Purchases in days_ago 1..28 of all articles with the same {level}; null = {level} unknown.",
            )
            for level in LEVELS
        ),
    ),
    table=article_table,
    scope="all",
)
