"""What a baseline is: a score for some articles of each customer, of which the best are recommended.

Input: Known. Output: SCORED pairs, RECOMMENDATIONS.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np
import numpy.typing as npt
import polars as pl

from lookbook.data.dataset import History
from lookbook.data.order import best_first
from lookbook.data.schema import PAIR, RECOMMENDATIONS, Schema
from lookbook.evaluation.baselines.popularity import POPULAR_DAYS, article_popularity

UNIT = 1 << 20
"""Weights are whole multiples of 1 / UNIT, so that their sums do not depend on the order of the rows."""

SCORED: Schema = {"customer": pl.UInt32, "article": pl.UInt32, "place": pl.UInt32}
"""One row per article that may be among the best `k` of a customer, sorted; the `k` most popular are always there. place: the
article's rank in POPULARITY. Further columns: the whole numbers that scores are made of, Int64, 0 where nothing is known."""


@dataclass(frozen=True)
class Known:
    """What all baselines of a week start from. history: that of all customers. popular: POPULARITY before the week. buyers:
    customers who bought in the last POPULAR_DAYS days."""

    history: History
    popular: pl.DataFrame
    buyers: int

    @staticmethod
    def of(history: History) -> "Known":
        lately = history.transactions.filter(pl.col("days_ago") <= POPULAR_DAYS)
        buyers = lately.select(pl.col("customer").n_unique()).collect(engine="streaming").item()
        return Known(history, article_popularity(history).collect(engine="streaming"), int(buyers))

    def places(self, articles: int) -> npt.NDArray[np.int64]:
        """The rank in POPULARITY of each article id below `articles`; of one never sold 0."""
        found = np.zeros(articles, dtype=np.int64)
        found[self.popular["article"].to_numpy()] = self.popular["rank"].to_numpy()
        return found


class Baseline(Protocol):
    """A frozen dataclass whose fields are its parameters; it shares no code with the candidate sources but `data/customer_rows`.

    name: in METRICS and in the settings.
    """

    name: ClassVar[str]

    @staticmethod
    def tried() -> "Sequence[Baseline]":
        """The parameters to choose from; the first are those that are published, or were the best elsewhere."""
        ...

    def shared(self) -> Hashable:
        """Baselines that answer the same take their numbers from one table of SCORED pairs."""
        ...

    def pairs(self, together: "Sequence[Baseline]", known: Known, customers: pl.Series, *, k: int) -> pl.DataFrame:
        """SCORED with the numbers for each of `together`, to which `shared` answers the same. customers: unique ids, rising."""
        ...

    def score(self) -> pl.Expr:
        """A whole number of each row of `pairs`, higher is better; 0 = only its popularity speaks for the article."""
        ...


def best_of(pairs: pl.DataFrame, score: pl.Expr, *, k: int) -> pl.LazyFrame:
    """RECOMMENDATIONS: the `k` articles with the highest `score` of each customer in SCORED `pairs`, of equals the most popular.
    Their score is null where it is 0."""
    scored = pairs.lazy().select(*PAIR, score=score, popular=-pl.col("place").cast(pl.Int64))
    return (
        best_first(scored, "score", "popular")
        .with_columns(rank=pl.int_range(1, pl.len() + 1, dtype=pl.UInt32).over("customer"))
        .filter(pl.col("rank") <= k)
        .with_columns(score=pl.when(pl.col("score") != 0).then("score"))
        .select(pl.col(column).cast(dtype) for column, dtype in RECOMMENDATIONS.items())
    )


def filled(own: pl.LazyFrame, known: Known, customers: pl.Series, *, k: int) -> pl.DataFrame:
    """SCORED from pairs with some whole numbers, unique: adds the `k` most popular articles for all `customers`, and `place`."""
    popular = known.popular.lazy().select("article", place="rank")
    most = pl.LazyFrame({"customer": customers.cast(pl.UInt32)}).join(popular.head(k).select("article"), how="cross")
    return (
        pl.concat([own, most.join(own, on=PAIR, how="anti")], how="diagonal")
        .join(popular, on="article", how="left", validate="m:1")
        .with_columns(pl.exclude(*PAIR, "place").cast(pl.Int64).fill_null(0))
        .select(*SCORED, pl.exclude(*SCORED))
        .sort(PAIR)
        .collect()
    )
