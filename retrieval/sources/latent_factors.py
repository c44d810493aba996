"""Latent factors: customers and articles as vectors that explain who bought what, computed in closed form.

Input: History. Output: CANDIDATES with the largest inner product among the articles sold lately, bought before or not. Truncated
singular value decomposition of the decayed purchases (PureSVD: Cremonesi, Koren, Turrin 2010), or alternating least squares (Hu,
Koren, Volinsky 2008).
"""

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

import numpy as np
import polars as pl
from annotated_types import Ge, Gt, Le, Lt

from lookbook.data.customer_rows.rows import Floats, Rowed
from lookbook.data.dataset import History
from lookbook.data.schema import CANDIDATES, PAIR
from lookbook.retrieval.factors import LeastSquares, singular_vectors
from lookbook.retrieval.source import (
    DECAY_UNITS,
    FORBID_UNKNOWN_KEYS,
    Count,
    Days,
    Device,
    Tables,
    decay,
    purchase_days,
)
from lookbook.retrieval.vectors.inner_product import top_k
from lookbook.retrieval.vectors.neighbours import nearest_purchases

if TYPE_CHECKING:
    from scipy.sparse import csr_array

NEAREST_PURCHASES = 3


@dataclass(frozen=True)
class LatentFactors:
    """score: inner product of the customer's and the article's vector.

    Articles keep their vectors, and a customer's follows from these and the days of purchase, each halved every `half_life_days`.
    svd: their sum weighed by the purchases. als: the one with the least squared error (retrieval/factors.py). Learning takes some
    16 bytes for each factor of each customer and article with a purchase within `history_days`.
    """

    name: ClassVar[str] = "latent_factors"
    warm_start: ClassVar[bool] = False
    personal: ClassVar[bool] = True
    needs: ClassVar[str] = "purchases of some customers and articles within retrieval.latent_factors.history_days"
    __pydantic_config__: ClassVar[dict[str, str]] = FORBID_UNKNOWN_KEYS

    k: Count
    method: Literal["svd", "als"]
    factors: Count
    on_sale_days: Count
    history_days: Count
    half_life_days: Days
    alpha: Annotated[float, Gt(0), Le(10_000)]
    l2: Annotated[float, Ge(1e-6), Lt(inf)]
    sweeps: Count

    def learn(self, history: History, *, earlier: Tables | None, seed: int, device: Device) -> Tables:
        """article_factors: id and vector, Array(Float32), of the articles bought within `history_days`, sorted; articles_on_sale:
        article."""
        bought = self._bought(history).collect()
        ids = bought["article"].unique().sort()
        vectors = np.zeros((0, self.factors))
        if len(ids):
            columns = bought.with_columns(article=pl.col("article").rank("dense") - 1)
            vectors = self._articles(Rowed.of(columns).matrix(columns, "weight"), seed)
        on_sale = history.transactions.filter(pl.col("days_ago") <= self.on_sale_days).select("article").unique().sort("article")
        return {
            "article_factors": pl.LazyFrame({"id": ids, "vector": vectors.astype(np.float32)}),
            "articles_on_sale": on_sale,
        }

    def generate(self, learned: Tables, history: History, customers: pl.Series) -> pl.LazyFrame:
        articles = learned["article_factors"].with_row_index("row").collect()
        rows = articles.lazy().select("row", article="id")
        bought = self._bought(history).join(rows, on="article").select("customer", "weight", article="row").collect()
        rowed = Rowed(bought["customer"].unique().sort().to_numpy(), len(articles))
        vectors = articles["vector"].to_numpy()
        queries = self._customers(rowed.matrix(bought, "weight"), vectors.astype(np.float64)).astype(np.float32)
        sold = articles.join(learned["articles_on_sale"].select(id="article").collect(), on="id", how="semi", maintain_order="left")
        best = top_k(queries, vectors[sold["row"].to_numpy()], self.k, device="cpu")
        width = best.rows.shape[1]
        return pl.LazyFrame(
            {
                "customer": np.repeat(rowed.customers, width),
                "article": sold["id"].to_numpy()[best.rows.ravel()],
                "score": best.scores.ravel(),
                "rank": np.tile(np.arange(1, width + 1, dtype=np.uint16), len(rowed.customers)),
            },
            schema=CANDIDATES,
        )

    def evidence(self, learned: Tables, history: History, pairs: pl.LazyFrame) -> pl.LazyFrame:
        """The three of the customer's purchases in `history_days` that are most like the article; strength: cosine."""
        bought = self._bought(history)
        suggested = pairs.join(learned["articles_on_sale"], on="article", how="semi")
        return nearest_purchases(suggested, bought, learned["article_factors"], top=NEAREST_PURCHASES)

    def _bought(self, history: History) -> pl.LazyFrame:
        """customer, article, weight: days of purchase, decayed, above 0."""
        recent = history.transactions.filter(pl.col("days_ago") <= self.history_days)
        units = decay(pl.col("days_ago"), self.half_life_days).sum()
        pairs = purchase_days(recent).group_by(PAIR).agg(weight=units)
        return pairs.filter(pl.col("weight") > 0).with_columns(pl.col("weight") / DECAY_UNITS)

    def _articles(self, purchases: "csr_array", seed: int) -> Floats:
        if self.method == "svd":
            return singular_vectors(purchases, factors=self.factors, seed=seed)
        return self._squares.articles(purchases, factors=self.factors, sweeps=self.sweeps, seed=seed)

    def _customers(self, purchases: "csr_array", articles: Floats) -> Floats:
        return np.asarray(purchases @ articles) if self.method == "svd" else self._squares.solve(purchases, articles)

    @property
    def _squares(self) -> LeastSquares:
        return LeastSquares(self.alpha, self.l2)
