"""Purchases: what most features count.

Input: a History. Output: one row per (customer, article, day) with a purchase.

A purchase is an article in a basket, and a basket is what a customer bought in one day: pieces of one article on one day
are one purchase, whether the retailer logs them as one row with a quantity or as repeated rows.
"""

import polars as pl

from lookbook.data.dataset import History

MICRO = 1_000_000
LOG_PRICE_UNITS = 10_000
ONLINE_CHANNEL = 2


def purchases(history: History) -> pl.LazyFrame:
    """Rows of `history` summed to one row per purchase, unordered.

    lines: rows summed. price: sum over lines, in 1e-6 currency units. priced_lines, log_price, log_price_squared: count, sum
    and sum of squares over lines with a price > 0 of its natural logarithm in units of 1e-4. channel_lines, online_lines:
    lines with a known channel, and with channel 2. All whole numbers, so that further sums do not depend on their order.
    """
    price = pl.col("price").cast(pl.Float64)
    log_price = pl.when(price > 0).then((price.log() * LOG_PRICE_UNITS).round()).cast(pl.Int64)
    return history.transactions.group_by("customer", "article", "days_ago").agg(
        lines=pl.len().cast(pl.Int64),
        price=(price * MICRO).round().cast(pl.Int64).sum(),
        priced_lines=log_price.count().cast(pl.Int64),
        log_price=log_price.sum(),
        log_price_squared=(log_price * log_price).sum(),
        channel_lines=(pl.col("channel") > 0).cast(pl.Int64).sum(),
        online_lines=(pl.col("channel") == ONLINE_CHANNEL).cast(pl.Int64).sum(),
    )


def within(days: int) -> pl.Expr:
    """Whether a row lies in the last `days` days, `days_ago` 1..days."""
    return pl.col("days_ago") <= days


def ratio(part: pl.Expr, whole: pl.Expr) -> pl.Expr:
    """part / whole in Float64; NaN or infinite where `whole` is 0, which a feature turns into null.

    Not `/`: Polars divides by a column that holds one value through its reciprocal, so the last bit of a customer's feature
    would depend on who else is in the shard.
    """
    return part.cast(pl.Float64) * whole.cast(pl.Float64).pow(-1)


def total(values: pl.Expr | str) -> pl.Expr:
    """Sum as Int64: sums of narrower integers would wrap, sums of floats would depend on the order of the rows."""
    return (pl.col(values) if isinstance(values, str) else values).cast(pl.Int64).sum()
