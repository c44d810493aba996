"""The models of implicit: item-item cosine and BM25, ALS and BPR, on how many days a customer bought an article.

Settings: model; days = purchases no older than that, 0 = all; buyers = articles with so many customers at least; all others go to
the model. Articles already bought are not filtered.
"""

import polars as pl
from implicit.als import AlternatingLeastSquares
from implicit.bpr import BayesianPersonalizedRanking
from implicit.nearest_neighbours import BM25Recommender, CosineRecommender
from matrices import matrix
from threadpoolctl import threadpool_limits
from week import give, given

MODELS = {
    "cosine": CosineRecommender,
    "bm25": BM25Recommender,
    "als": AlternatingLeastSquares,
    "bpr": BayesianPersonalizedRanking,
}
SEEDED = ("als", "bpr")

threadpool_limits(1, "blas")  # as implicit asks for: it has threads of its own
week = given()
settings = dict(week.settings)
name, days, buyers = settings.pop("model"), settings.pop("days") or 1 << 30, settings.pop("buyers")
counted = week.purchases.filter(pl.col("days_ago") <= days).group_by("customer", "article").agg(value=pl.col("date").n_unique())
bought = matrix(week, counted.filter(pl.len().over("article") >= buyers)).astype("float32")
model = MODELS[name](**settings, **({"random_state": 1} if name in SEEDED else {}))
model.fit(bought, show_progress=False)
customers = week.customers.to_numpy()
articles, scores = model.recommend(customers, bought[customers], N=2 * week.k, filter_already_liked_items=False)
found = pl.DataFrame({
    "customer": customers.repeat(articles.shape[1]),
    "article": articles.ravel().astype("int64"),
    "score": scores.ravel(),
    "bought": (bought[customers].getnnz(axis=1) > 0).repeat(articles.shape[1]),
})  # fmt: skip
known = found.filter(pl.col("bought") & (pl.col("article") >= 0) & (pl.col("score") > -1e30))
give(week, known.with_columns(pl.col("article").cast(pl.UInt32)), "implicit", "numpy", "scipy")
