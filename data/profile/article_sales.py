"""How sales are spread over articles and over their lives.

Input: Counts. Output: LONG_TAIL, LIFE_CYCLE, and how often each number of transactions per article occurs.
"""

import polars as pl

from lookbook.data.profile.counting import Counts
from lookbook.data.schema import Schema
from lookbook.data.windows import HORIZON_DAYS

LONG_TAIL: Schema = {
    "articles": pl.Int64,
    "articles_share": pl.Float64,
    "purchases": pl.Int64,
    "purchases_share": pl.Float64,
}
"""Points of the Lorenz curve: the `articles` sold most, of all that were sold at all, and their transactions. 0, 1, ... 100 % of
the articles, rounded down."""

LIFE_CYCLE: Schema = {
    "weeks_since_first_sale": pl.Int64,
    "purchases": pl.Int64,
    "purchases_share": pl.Float64,
    "new_articles": pl.Int64,
    "purchases_per_new_article": pl.Float64,
}
"""One row per age in weeks that the data can show, 0 = the week of the first sale. purchases: transactions with articles of that
age. new_articles: those first sold NEW_AFTER_WEEKS or more after the data begin, so that their age is known, and long enough before
it ends to be seen at this age; purchases_per_new_article: their transactions at this age per such article, null without any."""

NEW_AFTER_WEEKS = 4


def transactions_per_article(counts: Counts) -> pl.DataFrame:
    """value: transactions of an article that sold; rows: such articles."""
    return _totals(counts).group_by(value=pl.col("rows").cast(pl.Float64)).agg(rows=pl.len().cast(pl.Int64)).sort("value")


def long_tail(counts: Counts) -> pl.DataFrame:
    """LONG_TAIL."""
    sold = _totals(counts).sort("rows", descending=True)["rows"]
    held = pl.concat([pl.Series([0], dtype=pl.Int64), sold.cum_sum()])
    places = pl.Series([len(sold) * percent // 100 for percent in range(101)], dtype=pl.Int64)
    return pl.DataFrame({"articles": places, "purchases": held.gather(places)}).select(
        "articles",
        articles_share=pl.col("articles").cast(pl.Float64) / len(sold),
        purchases=pl.col("purchases"),
        purchases_share=pl.col("purchases").cast(pl.Float64) / int(sold.sum()),
    )


def gini(counts: Counts) -> float:
    """Gini coefficient of transactions over the articles sold: 0 = all sell alike, towards 1 = one sells everything."""
    rising = _totals(counts).sort("rows")["rows"]
    n, total = len(rising), int(rising.sum())
    weighted = int((rising * pl.int_range(1, n + 1, dtype=pl.Int64, eager=True)).sum())
    return (2 * weighted - (n + 1) * total) / (n * total)


def top_share(counts: Counts, articles: int) -> float:
    """Share of the transactions that are of the `articles` sold most."""
    rows = _totals(counts)["rows"]
    return int(rows.top_k(min(articles, len(rows))).sum()) / int(rows.sum())


def life_cycle(counts: Counts) -> pl.DataFrame:
    """LIFE_CYCLE."""
    aged = counts.article_weeks.with_columns(born=pl.col("week").min().over("article")).with_columns(
        age=(pl.col("week") - pl.col("born")).dt.total_days() // HORIZON_DAYS
    )
    first, last = counts.article_weeks["week"].min(), counts.article_weeks["week"].max()
    is_new = (pl.col("born") - pl.lit(first)).dt.total_days() >= NEW_AFTER_WEEKS * HORIZON_DAYS
    seen_for = (pl.lit(last) - pl.col("week")).dt.total_days() // HORIZON_DAYS
    births = aged.filter(is_new & (pl.col("age") == 0)).select(age=seen_for).group_by("age").agg(born=pl.len().cast(pl.Int64))
    bought = aged.group_by("age").agg(purchases=pl.col("rows").sum(), new_purchases=pl.col("rows").filter(is_new).sum())
    return (
        aged.select(age=pl.int_range(pl.max_horizontal(pl.col("age").max(), seen_for.max()) + 1))
        .join(bought, on="age", how="left", validate="1:1")
        .join(births, on="age", how="left", validate="1:1")
        .with_columns(pl.col("purchases", "new_purchases", "born").fill_null(0))
        .sort("age")
        .with_columns(new_articles=pl.col("born").cum_sum(reverse=True))
        .select(
            weeks_since_first_sale="age",
            purchases="purchases",
            purchases_share=pl.col("purchases") / pl.col("purchases").sum(),
            new_articles="new_articles",
            purchases_per_new_article=pl.when(pl.col("new_articles") > 0).then(pl.col("new_purchases") / pl.col("new_articles")),
        )
        .select(pl.col(column).cast(dtype) for column, dtype in LIFE_CYCLE.items())
    )


def _totals(counts: Counts) -> pl.DataFrame:
    return counts.article_weeks.group_by("article").agg(pl.col("rows").sum()).sort("article")
