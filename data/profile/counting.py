"""One pass over all transactions, some customers at a time: the counts that the whole profile is made of.

Input: Dataset. Output: Counts. Everything is a whole number that adds up over customers, so memory is bounded by the rows held
at a time and by what distinct articles, weeks and values there are, and no result depends on how customers are parted.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from lookbook.data.dataset import Dataset
from lookbook.data.schema import PAIR, Schema
from lookbook.data.windows import HORIZON_DAYS, last_window

ROWS_AT_A_TIME = 3_000_000
MICRO = 1_000_000

DAYS: Schema = {"date": pl.Date, "rows": pl.Int64, "revenue": pl.Int128, "price": pl.Int128}
"""One row per day with a transaction. revenue: sum of price x quantity; price: sum of prices; both in 1e-6 currency units,
rows of more than 1e32 units left out."""

CUSTOMER_WEEKS: Schema = {"week": pl.Date, "customers": pl.Int64, "new_customers": pl.Int64}
"""One row per week (its first day) with a transaction. new_customers: those whose first purchase of all falls in it."""

CUSTOMER_MONTHS: Schema = {"month": pl.Date, "customers": pl.Int64}
"""One row per month (its first day) with a transaction."""

ARTICLE_WEEKS: Schema = {
    "article": pl.UInt32,
    "week": pl.Date,
    "rows": pl.Int64,
    "labels": pl.Int64,
    "repurchased": pl.Int64,
    "last_day": pl.Date,
}
"""One row per article and week in which it sold. labels: its customers; repurchased: those who had bought it before the week;
last_day: the last day of the week on which it sold."""

MEASURES: Schema = {"measure": pl.String, "value": pl.Float64, "rows": pl.Int64}
"""How often each value of a measure occurs, sorted. The measures, and what is counted (a purchase = an article on a day):

transactions_per_customer: customers with a transaction; days_since_last_purchase: the same, 1 = bought on the last day of data;
gap_days: gaps between the days on which one customer buys; last_gap_days: the latest such gap of each customer;
basket_articles: distinct articles of a customer's day; first_basket_articles: the same of each customer's first day;
pair_days: (customer, article) pairs by the days on which they occur; repurchase_days: days from a purchase to the same
customer's next one of the article."""


@dataclass(frozen=True)
class Counts:
    """What was counted, see the schemas of this file; each table sorted by its key."""

    days: pl.DataFrame
    customer_weeks: pl.DataFrame
    customer_months: pl.DataFrame
    article_weeks: pl.DataFrame
    measures: pl.DataFrame


KEYS = {
    "days": ["date"],
    "customer_weeks": ["week"],
    "customer_months": ["month"],
    "article_weeks": ["article", "week"],
    "measures": ["measure", "value"],
}
SCHEMAS = {
    "days": DAYS,
    "customer_weeks": CUSTOMER_WEEKS,
    "customer_months": CUSTOMER_MONTHS,
    "article_weeks": ARTICLE_WEEKS,
    "measures": MEASURES,
}


def count(dataset: Dataset, *, rows_at_a_time: int = ROWS_AT_A_TIME) -> Counts:
    """Count everything; `rows_at_a_time` bounds the memory (a customer with more is held whole) and changes no result."""
    totals: dict[str, pl.DataFrame] = {}
    for part in _parts(dataset, rows_at_a_time):
        found = _count_part(part, dataset.last_day)
        totals = {name: _added([totals[name], table] if totals else [table], name) for name, table in found.items()}
    return Counts(**totals)


def week_of(day: pl.Expr, last_day: date) -> pl.Expr:
    """First day of the week that `day` is in; weeks count back from `last_day`."""
    back = (pl.lit(last_day) - day).dt.total_days() // HORIZON_DAYS
    return (pl.lit(last_window(last_day).as_of) - pl.duration(days=back * HORIZON_DAYS)).cast(pl.Date)


def _parts(dataset: Dataset, rows_at_a_time: int) -> Iterator[pl.DataFrame]:
    """All transactions of some customers at a time, in the order of their ids."""
    sizes = dataset.transactions.group_by("customer").agg(rows=pl.len().cast(pl.Int64))
    part = (pl.col("rows").cum_sum() - pl.col("rows")) // rows_at_a_time
    bounds = sizes.sort("customer").group_by(part.alias("part")).agg(first=pl.col("customer").min(), last=pl.col("customer").max())
    for _, first, last in bounds.sort("part").collect(engine="streaming").iter_rows():
        yield dataset.transactions.filter(pl.col("customer").is_between(first, last)).collect()


def _count_part(rows: pl.DataFrame, last_day: date) -> dict[str, pl.DataFrame]:
    purchases = _purchases(rows.lazy(), last_day).collect().lazy()
    baskets = _baskets(purchases, last_day).collect().lazy()
    found = {
        "days": _days(rows.lazy()),
        "customer_weeks": _customer_weeks(baskets),
        "customer_months": baskets.group_by(month=pl.col("date").dt.truncate("1mo")).agg(customers=pl.col("customer").n_unique()),
        "article_weeks": _article_weeks(purchases),
        "measures": _measures(rows.lazy(), purchases, baskets, last_day),
    }
    return {name: _added([table.collect()], name) for name, table in found.items()}


def _purchases(rows: pl.LazyFrame, last_day: date) -> pl.LazyFrame:
    """One row per customer, article and day. previous: the day of the pair's purchase before, null for its first."""
    same_pair = (pl.col("customer") == pl.col("customer").shift()) & (pl.col("article") == pl.col("article").shift())
    return (
        rows.group_by("customer", "article", "date")
        .agg(rows=pl.len().cast(pl.Int64))
        .sort("customer", "article", "date")
        .with_columns(week=week_of(pl.col("date"), last_day), previous=pl.when(same_pair).then(pl.col("date").shift()))
        .with_columns(
            first_of_week=pl.col("previous").is_null() | (pl.col("previous") < pl.col("week")),
        )
    )


def _baskets(purchases: pl.LazyFrame, last_day: date) -> pl.LazyFrame:
    """One row per customer and day. previous: the customer's purchase day before, null for the first."""
    same_customer = pl.col("customer") == pl.col("customer").shift()
    return (
        purchases.group_by("customer", "date")
        .agg(articles=pl.len().cast(pl.Int64))
        .sort("customer", "date")
        .with_columns(week=week_of(pl.col("date"), last_day), previous=pl.when(same_customer).then(pl.col("date").shift()))
        .with_columns(latest=pl.col("customer").shift(-1).ne_missing(pl.col("customer")))
    )


def _days(rows: pl.LazyFrame) -> pl.LazyFrame:
    price = pl.col("price").cast(pl.Float64) * MICRO
    return rows.group_by("date").agg(rows=pl.len(), revenue=_whole(price * pl.col("quantity")).sum(), price=_whole(price).sum())


def _whole(amount: pl.Expr) -> pl.Expr:
    """Sums of whole numbers do not depend on the order; null where `amount` does not fit."""
    return amount.round().cast(pl.Int128, strict=False)


def _customer_weeks(baskets: pl.LazyFrame) -> pl.LazyFrame:
    return baskets.group_by("week").agg(customers=pl.col("customer").n_unique(), new_customers=pl.col("previous").null_count())


def _article_weeks(purchases: pl.LazyFrame) -> pl.LazyFrame:
    label = pl.col("first_of_week")
    return purchases.group_by("article", "week").agg(
        rows=pl.col("rows").sum(),
        labels=label.sum(),
        repurchased=(label & pl.col("previous").is_not_null()).sum(),
        last_day=pl.col("date").max(),
    )


def _measures(rows: pl.LazyFrame, purchases: pl.LazyFrame, baskets: pl.LazyFrame, last_day: date) -> pl.LazyFrame:
    since = (pl.col("date") - pl.col("previous")).dt.total_days()
    ago = (pl.lit(last_day) - pl.col("date")).dt.total_days() + 1
    pairs = purchases.group_by(PAIR).agg(days=pl.len())
    lists = {
        "transactions_per_customer": rows.group_by("customer").agg(value=pl.len()),
        "days_since_last_purchase": baskets.filter("latest").select(value=ago),
        "gap_days": baskets.select(value=since).drop_nulls(),
        "last_gap_days": baskets.filter("latest").select(value=since).drop_nulls(),
        "basket_articles": baskets.select(value="articles"),
        "first_basket_articles": baskets.filter(pl.col("previous").is_null()).select(value="articles"),
        "pair_days": pairs.select(value="days"),
        "repurchase_days": purchases.select(value=since).drop_nulls(),
    }
    return pl.concat(
        table.group_by(pl.col("value").cast(pl.Float64)).agg(rows=pl.len()).select(pl.lit(name).alias("measure"), "value", "rows")
        for name, table in lists.items()
    )


def _added(tables: Sequence[pl.DataFrame], name: str) -> pl.DataFrame:
    """The sum of tables of counts by their key; of days the latest."""
    schema, keys = SCHEMAS[name], KEYS[name]
    counted = [column for column in schema if column not in keys and column != "last_day"]
    latest = [pl.col("last_day").max()] if "last_day" in schema else []
    typed = pl.concat([table.select(pl.col(column).cast(dtype) for column, dtype in schema.items()) for table in tables])
    return typed.group_by(keys).agg(*(pl.col(column).sum() for column in counted), *latest).select(*schema).sort(keys)
