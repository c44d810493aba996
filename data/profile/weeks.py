"""The calendar of a data set: volume, newcomers, repurchases and freshness week by week; months and weekdays for seasonality.

Input: Counts. Output: WEEKS, MONTHS, WEEKDAYS.
"""

from datetime import date, timedelta

import polars as pl

from lookbook.data.profile.counting import MICRO, Counts, week_of
from lookbook.data.schema import Schema
from lookbook.data.windows import HORIZON_DAYS, last_window

FRESH_DAYS = (7, 30)

WEEKS: Schema = {
    "week": pl.Date,
    "days": pl.Int64,
    "rows": pl.Int64,
    "customers": pl.Int64,
    "articles": pl.Int64,
    "revenue": pl.Float64,
    "new_customers": pl.Int64,
    "new_articles": pl.Int64,
    "labels": pl.Int64,
    "labels_per_customer": pl.Float64,
    "repurchase_share": pl.Float64,
    "cold_customer_share": pl.Float64,
    "cold_article_share": pl.Float64,
    "cold_label_share": pl.Float64,
    **{f"labels_sold_{days}d": pl.Float64 for days in FRESH_DAYS},
    **{f"articles_sold_{days}d": pl.Float64 for days in FRESH_DAYS},
    "article_age_weeks": pl.Float64,
}
"""One row per week, oldest first, also weeks without a transaction; the first may be cut: `days` of it are in the data.

week: its first day; rows, customers, articles: transactions, and who and what is in them; revenue: currency units; labels:
distinct (customer, article). new_customers, new_articles: never before in the data. Shares are null in a week without
transactions. repurchase_share: of the labels, those that the customer had bought before the week. cold_customer_share,
cold_article_share: new customers / customers, new articles / articles; cold_label_share: of the labels, those of new articles.
labels_sold_Nd, articles_sold_Nd: of the week's labels, or articles, those that somebody bought in the N days before the week.
article_age_weeks: mean, over the transactions, of the weeks since the article's first sale in the data (0: in the same week)."""

MONTHS: Schema = {
    "month": pl.Date,
    "days": pl.Int64,
    "rows": pl.Int64,
    "customers": pl.Int64,
    "revenue": pl.Float64,
    "mean_price": pl.Float64,
}
"""One row per calendar month with a transaction: its first day, and how many of its days had one. mean_price: over transactions."""

WEEKDAYS: Schema = {
    "weekday": pl.Int8,
    "days": pl.Int64,
    "rows": pl.Int64,
    "rows_per_day": pl.Float64,
    "share": pl.Float64,
    "revenue": pl.Float64,
}
"""One row per day of the week, 1 = Monday, that has a transaction. days: such days with a transaction; share: of all rows."""


def weeks(counts: Counts, *, first_day: date, last_day: date) -> pl.DataFrame:
    """WEEKS."""
    daily = (
        counts.days.group_by(week=week_of(pl.col("date"), last_day))
        .agg(pl.col("rows").sum(), revenue=pl.col("revenue").sum() / MICRO)
        .sort("week")
    )
    return (
        _all_weeks(first_day, last_day)
        .join(daily, on="week", how="left", validate="1:1")
        .join(counts.customer_weeks, on="week", how="left", validate="1:1")
        .join(_articles_by_week(counts.article_weeks), on="week", how="left", validate="1:1")
        .with_columns(pl.col("rows", "customers", "articles", "new_customers", "new_articles", "labels", "revenue").fill_null(0))
        .with_columns(
            labels_per_customer=pl.col("labels") / pl.col("customers"),
            repurchase_share=pl.col("repurchased") / pl.col("labels"),
            cold_customer_share=pl.col("new_customers") / pl.col("customers"),
            cold_article_share=pl.col("new_articles") / pl.col("articles"),
            cold_label_share=pl.col("new_labels") / pl.col("labels"),
            article_age_weeks=pl.col("age_rows") / pl.col("rows"),
            **{
                f"{what}_sold_{days}d": pl.col(f"{what}_{days}d") / pl.col(what)
                for what in ("labels", "articles")
                for days in FRESH_DAYS
            },
        )
        .select(pl.col(column).cast(dtype) for column, dtype in WEEKS.items())
        .with_columns(pl.selectors.float().fill_nan(None))
        .sort("week")
    )


def months(counts: Counts) -> pl.DataFrame:
    """MONTHS."""
    return (
        counts.days.group_by(month=pl.col("date").dt.truncate("1mo"))
        .agg(pl.col("rows", "revenue", "price").sum(), days=pl.len())
        .join(counts.customer_months, on="month", how="left", validate="1:1")
        .with_columns(pl.col("revenue") / MICRO, mean_price=pl.col("price") / (MICRO * pl.col("rows")))
        .select(pl.col(column).cast(dtype) for column, dtype in MONTHS.items())
        .sort("month")
    )


def weekdays(counts: Counts) -> pl.DataFrame:
    """WEEKDAYS."""
    return (
        counts.days.group_by(weekday=pl.col("date").dt.weekday())
        .agg(pl.col("rows", "revenue").sum(), days=pl.len())
        .with_columns(
            pl.col("revenue") / MICRO, rows_per_day=pl.col("rows") / pl.col("days"), share=pl.col("rows") / pl.col("rows").sum()
        )
        .select(pl.col(column).cast(dtype) for column, dtype in WEEKDAYS.items())
        .sort("weekday")
    )


def _all_weeks(first_day: date, last_day: date) -> pl.DataFrame:
    """week and days of every week that has a day in the data."""
    newest = last_window(last_day)
    back = (newest.end - timedelta(days=1) - first_day).days // HORIZON_DAYS
    starts = [newest.earlier(n).as_of for n in range(back, -1, -1)]
    days = [HORIZON_DAYS - max((first_day - start).days, 0) for start in starts]
    return pl.DataFrame({"week": starts, "days": days}, schema={"week": pl.Date, "days": pl.Int64})


def _articles_by_week(article_weeks: pl.DataFrame) -> pl.DataFrame:
    """Per week: articles and labels, and how many of each are new or were sold in the FRESH_DAYS before; age_rows: summed age."""
    idle = (pl.col("week") - pl.col("last_day").shift().over("article")).dt.total_days()
    age = (pl.col("week") - pl.col("week").min().over("article")).dt.total_days() // HORIZON_DAYS
    fresh = {days: pl.col("idle") <= days for days in FRESH_DAYS}
    return (
        article_weeks.sort("article", "week")
        .with_columns(idle=idle, age=age)
        .group_by("week")
        .agg(
            pl.col("labels", "repurchased").sum(),
            articles=pl.len(),
            new_articles=pl.col("idle").null_count(),
            new_labels=pl.col("labels").filter(pl.col("idle").is_null()).sum(),
            age_rows=(pl.col("age") * pl.col("rows")).sum(),
            **{f"labels_{days}d": pl.col("labels").filter(recent).sum() for days, recent in fresh.items()},
            **{f"articles_{days}d": recent.sum() for days, recent in fresh.items()},
        )
        .sort("week")
    )
