"""The profile of a data set: what its columns hold and how its customers buy, in small tables.

Input: Dataset. Output: tables by name. Memory is bounded whatever the number of transactions (counting.py, values.py).
"""

import polars as pl

from lookbook.data.dataset import Dataset
from lookbook.data.profile.article_sales import gini, life_cycle, long_tail, top_share, transactions_per_article
from lookbook.data.profile.columns import HISTOGRAMS, histogram_table, profile_columns
from lookbook.data.profile.counting import Counts, count
from lookbook.data.profile.distribution import DISTRIBUTION, distribution, table_of
from lookbook.data.profile.weeks import months, weekdays, weeks
from lookbook.data.schema import Schema

INACTIVE_DAYS = 180
TOP_ARTICLES = 12

MEASURES: Schema = {"measure": pl.String, **DISTRIBUTION}
"""The Distribution of every measure of counting.MEASURES, and of transactions_per_article (articles that sold)."""

FACTS: Schema = {"fact": pl.String, "value": pl.Float64}
"""One number per row:

purchases: distinct (customer, article, day); repeated_share: of the rows, those beyond the first of a purchase; later_purchases:
purchases after the customer's first day, and repurchase_share, the share of them whose article the customer had bought on an
earlier day; pairs: distinct (customer, article), and pairs_bought_again_share, the share of them that occur on several days;
customers_with_one_transaction_share and inactive_share (no purchase in the last INACTIVE_DAYS days of data): of the customers
with a transaction; customers_without, articles_without: without a transaction; gini, top_articles_share (the TOP_ARTICLES
sold most): of the transactions over the articles sold."""


def profile_tables(dataset: Dataset) -> dict[str, pl.DataFrame]:
    """columns, histograms, categories, weeks, months, weekdays, long_tail, life_cycle, measures, facts; see their schemas."""
    counts = count(dataset)
    columns = profile_columns(dataset)
    measured = _measured(counts)
    described = [{"measure": name, **distribution(values).as_dict()} for name, values in measured.items()]
    bins = [histogram_table("measures", name, values) for name, values in measured.items()]
    return {
        **columns,
        "histograms": pl.concat([columns["histograms"], *bins, pl.DataFrame(schema=HISTOGRAMS)]),
        "weeks": weeks(counts, first_day=dataset.first_day, last_day=dataset.last_day),
        "months": months(counts),
        "weekdays": weekdays(counts),
        "long_tail": long_tail(counts),
        "life_cycle": life_cycle(counts),
        "measures": table_of([*described], MEASURES),
        "facts": _facts(counts, columns["columns"], measured),
    }


def _measured(counts: Counts) -> dict[str, pl.DataFrame]:
    """value and rows of every measure; a measure that nothing was counted for is empty."""
    found = {
        name: counts.measures.filter(pl.col("measure") == name).select("value", "rows")
        for name in (
            "transactions_per_customer",
            "days_since_last_purchase",
            "gap_days",
            "last_gap_days",
            "basket_articles",
            "first_basket_articles",
            "pair_days",
            "repurchase_days",
        )
    }
    return {**found, "transactions_per_article": transactions_per_article(counts)}


def _facts(counts: Counts, columns: pl.DataFrame, measured: dict[str, pl.DataFrame]) -> pl.DataFrame:
    def rows(measure: str, condition: bool | pl.Expr = True) -> int:
        return int(measured[measure].filter(condition)["rows"].sum())

    def total(measure: str) -> int:
        return int(measured[measure].select((pl.col("value") * pl.col("rows")).sum()).item())

    transactions, purchases = total("transactions_per_customer"), total("pair_days")
    later = purchases - total("first_basket_articles")
    pairs, buyers = rows("pair_days"), rows("transactions_per_customer")
    of = {name: int(columns.filter(pl.col("table") == name)["rows"][0]) for name in ("customers", "articles")}
    facts = {
        "purchases": purchases,
        "repeated_share": 1 - purchases / transactions,
        "later_purchases": later,
        "repurchase_share": (purchases - pairs) / later if later else None,
        "pairs": pairs,
        "pairs_bought_again_share": rows("pair_days", pl.col("value") > 1) / pairs,
        "customers_with_one_transaction_share": rows("transactions_per_customer", pl.col("value") == 1) / buyers,
        "inactive_share": rows("days_since_last_purchase", pl.col("value") > INACTIVE_DAYS) / buyers,
        "customers_without": of["customers"] - buyers,
        "articles_without": of["articles"] - rows("transactions_per_article"),
        "gini": gini(counts),
        "top_articles_share": top_share(counts, TOP_ARTICLES),
    }
    return pl.DataFrame({"fact": list(facts), "value": list(facts.values())}, schema=dict(FACTS), strict=False)
