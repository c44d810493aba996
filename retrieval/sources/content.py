"""Content: articles that are alike, by their words and levels, to what the customer bought; also articles that nobody bought yet.

Input: History. Output: CANDIDATES. Content-based filtering (Pazzani and Billsus 2007) with vectors of retrieval/vectors/words.py.
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
import polars as pl
from annotated_types import Ge, Gt, Le

from lookbook.data.dataset import History
from lookbook.data.schema import CANDIDATES, PAIR
from lookbook.retrieval.pictures.joined import with_pictures
from lookbook.retrieval.source import (
    DECAY_UNITS,
    FORBID_UNKNOWN_KEYS,
    Count,
    Days,
    Device,
    Exponent,
    Tables,
    decay,
    purchase_days,
    rank_candidates,
)
from lookbook.retrieval.vectors.batches import Floats
from lookbook.retrieval.vectors.inner_product import top_k
from lookbook.retrieval.vectors.neighbours import nearest_purchases
from lookbook.retrieval.vectors.words import word_vectors

NEAREST_PURCHASES = 3


@dataclass(frozen=True)
class Content:
    """score: the cosine of the customer's and the article's vector x (sales + `smoothing`) to the power `sales_power`.
    `picture_weight` is the share of the cosine of two articles that their pictures decide (retrieval/pictures/joined.py).

    A customer's vector is the mean of those of what they bought, each day of purchase halved every `customer_half_life_days`. Sales
    are days of purchase, decayed likewise, over those of the mean article on sale. Candidates are articles on sale and articles
    that nobody bought before the week. An article that nobody bought more than `launch_days` before the week is a launch: the best
    of these have `launch_share` of the `k` places for themselves.
    """

    name: ClassVar[str] = "content"
    warm_start: ClassVar[bool] = False
    personal: ClassVar[bool] = True
    needs: ClassVar[str] = (
        "purchases before the week of articles with a name, text or level that others have too: for csv, [data.csv.articles]"
    )
    __pydantic_config__: ClassVar[dict[str, str]] = FORBID_UNKNOWN_KEYS

    k: Count
    dim: Count
    min_articles: Count
    picture_weight: Annotated[float, Ge(0), Le(1)]
    customer_half_life_days: Days
    article_half_life_days: Days
    on_sale_days: Count
    sales_power: Exponent
    smoothing: Annotated[float, Gt(0), Le(1_000_000)]
    launch_days: Count
    launch_share: Annotated[float, Ge(0), Le(1)]

    def learn(self, history: History, *, earlier: Tables | None, seed: int, device: Device) -> Tables:
        """terms: term, articles (that have it), idf, vector (its weight in each dimension). article_vectors: id, vector (length 1).
        offered: article, weight ((sales + smoothing) ** sales_power), launch (whether it is one); the articles that may be
        candidates: without those that were sold, but not within `on_sale_days`.
        """
        terms, articles = word_vectors(history.articles, dim=self.dim, min_articles=self.min_articles, seed=seed)
        articles = with_pictures(articles, history.pictures, self.picture_weight)
        offered = self._offered(history).join(articles.lazy().select(article="id"), on="article", how="semi")
        return {"terms": terms.lazy(), "article_vectors": articles.lazy(), "offered": offered.sort("article")}

    def generate(self, learned: Tables, history: History, customers: pl.Series) -> pl.LazyFrame:
        vectors = learned["article_vectors"].collect()
        offered = vectors.join(learned["offered"].collect(), left_on="id", right_on="article", maintain_order="left")
        ids, tastes = self._tastes(vectors, history)
        launches, places = offered.filter("launch"), int(round(self.k * self.launch_share, 6))
        reserved = _best(ids, tastes, launches, places)
        others = _best(ids, tastes, offered, self.k).join(reserved, on=PAIR, how="anti", maintain_order="left")
        room = self.k - min(places, launches.height)
        kept = others.filter(pl.int_range(pl.len()).over("customer") < room)
        return rank_candidates(pl.concat([reserved, kept]).lazy(), self.k)

    def evidence(self, learned: Tables, history: History, pairs: pl.LazyFrame) -> pl.LazyFrame:
        """The three of the customer's purchases that are most like the article; strength: cosine."""
        ids, _ = self._tastes(learned["article_vectors"].collect(), history)
        suggested = (
            pairs.select(PAIR)
            .join(ids.to_frame("customer").lazy(), on="customer", how="semi")
            .join(learned["offered"], on="article", how="semi")
        )
        return nearest_purchases(suggested, self._bought(history), learned["article_vectors"], top=NEAREST_PURCHASES)

    def _offered(self, history: History) -> pl.LazyFrame:
        """The table `offered`, with articles that have no vector."""
        sold = (
            purchase_days(history.transactions)
            .group_by("article")
            .agg(
                sales=decay(pl.col("days_ago"), self.article_half_life_days).sum(),
                first=pl.col("days_ago").max(),
                last=pl.col("days_ago").min(),
            )
        )
        weight = ((pl.col("sales") + self.smoothing) ** self.sales_power).cast(pl.Float32)
        on_sale = pl.col("last") <= self.on_sale_days
        mean = pl.col("sales").filter(on_sale).mean()
        return (
            history.articles.select("article")
            .join(sold, on="article", how="left")
            .with_columns(sales=pl.when(pl.col("sales") > 0).then(pl.col("sales") / mean).otherwise(0.0))
            .filter(pl.col("last").is_null() | on_sale)
            .select("article", weight=weight, launch=pl.col("first").is_null() | (pl.col("first") <= self.launch_days))
        )

    def _bought(self, history: History) -> pl.LazyFrame:
        """customer, article, weight: the days on which the customer bought the article, decayed, in units of 1 / DECAY_UNITS."""
        weight = decay(pl.col("days_ago"), self.customer_half_life_days)
        return purchase_days(history.transactions).group_by(PAIR).agg(weight=weight.sum()).filter(pl.col("weight") > 0)

    def _tastes(self, vectors: pl.DataFrame, history: History) -> tuple[pl.Series, Floats]:
        """The customers who bought an article with a vector, sorted, and the mean vector of each, scaled to length 1."""
        from scipy.sparse import csr_array

        rows = vectors.lazy().select(article="id", row=pl.int_range(pl.len()))
        bought = self._bought(history).join(rows, on="article").sort("customer", "row").collect()
        ids = bought["customer"].unique().sort()
        places = (ids.search_sorted(bought["customer"]).to_numpy(), bought["row"].to_numpy())
        held = csr_array((bought["weight"].to_numpy() / DECAY_UNITS, places), shape=(len(ids), len(vectors)))
        means = held @ vectors["vector"].to_numpy().astype(np.float64)
        lengths = np.linalg.norm(means, axis=1)
        known = lengths > 0
        return ids.filter(pl.Series(known)), (means[known] / lengths[known, None]).astype(np.float32)


def _best(ids: pl.Series, tastes: Floats, offered: pl.DataFrame, k: int) -> pl.DataFrame:
    """customer, article, score: the `k` best of `offered` (id, vector, weight) for each customer, best first."""
    items = offered["vector"].to_numpy() * offered["weight"].to_numpy()[:, None]
    best = top_k(tastes, items, k, device="cpu")
    width = best.rows.shape[1]
    return pl.DataFrame(
        {
            "customer": np.repeat(ids.to_numpy(), width),
            "article": offered["id"].to_numpy()[best.rows.ravel()],
            "score": best.scores.ravel(),
        },
        schema={name: CANDIDATES[name] for name in (*PAIR, "score")},
    )
