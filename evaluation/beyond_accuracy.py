"""What lists are like, whether or not they were right: how little known, and how new to the customer, the articles in them are.

Input: RECOMMENDATIONS, LABELS, History. Output: LIST_TOTALS, INFORMATION. What share of the catalogue lists show is
metrics.catalogue_coverage.
"""

import polars as pl

from lookbook.data.bought_pairs import sums_by_article
from lookbook.data.dataset import History
from lookbook.data.schema import PAIR, Schema
from lookbook.evaluation.sources.candidates import per_customer

BIT = 1 << 20
"""Information is counted in whole units of 1 / BIT bits, so that sums do not depend on the order of the rows."""

INFORMATION: Schema = {"article": pl.UInt32, "information": pl.Int64}
"""One row per article of the catalogue, sorted. information: what it tells that somebody bought it, in units of 1 / BIT bits."""

LIST_TOTALS: Schema = {
    "customer": pl.UInt32,
    "n_labels": pl.UInt32,
    "places": pl.UInt32,
    "new": pl.UInt32,
    "information": pl.Int64,
}
"""One row per customer with a label, sorted by customer. places: of the customer's list, 0 without one; new: those of them with an
article that the customer had never bought; information: their sum, see INFORMATION."""


def information(history: History) -> pl.LazyFrame:
    """INFORMATION: -log2 of the share of the buyers who bought the article, of all customers who bought anything before as_of.

    An article that nobody bought counts as one that a single customer did. The mean over what is recommended is known as novelty,
    or surprisal: Zhou et al., "Solving the apparent diversity-accuracy dilemma of recommender systems", PNAS 2010; Vargas and
    Castells, "Rank and relevance in novelty and diversity metrics for recommender systems", RecSys 2011.
    """
    sold = sums_by_article(history, [pl.len().cast(pl.Int64).alias("buyers")])
    everybody = history.transactions.select(everybody=pl.col("customer").n_unique())
    bits = (pl.col("everybody").clip(lower_bound=1) / pl.col("buyers").fill_null(1)).log(2)
    return (
        history.articles.select("article")
        .join(sold, on="article", how="left", validate="1:1")
        .join(everybody, how="cross")
        .with_columns(information=(bits * BIT).round())
        .select(pl.col(column).cast(dtype) for column, dtype in INFORMATION.items())
        .sort("article")
    )


def list_totals(
    recommendations: pl.LazyFrame, labels: pl.LazyFrame, bought: pl.LazyFrame, known: pl.LazyFrame, *, k: int
) -> pl.LazyFrame:
    """LIST_TOTALS of the first `k` ranks. Whole numbers, so that weeks may be added up.

    bought: PAIR, each once, of all that the customers had bought before. known: INFORMATION.
    """
    totals = (
        recommendations.filter(pl.col("rank") <= k)
        .join(bought.select(*PAIR, before=True), on=PAIR, how="left", validate="m:1")
        .join(known, on="article", how="left", validate="m:1")
        .group_by("customer")
        .agg(places=pl.len(), new=pl.col("before").null_count(), information=pl.col("information").sum())
    )
    return per_customer(totals, labels).select(pl.col(column).cast(dtype) for column, dtype in LIST_TOTALS.items())
