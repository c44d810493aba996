"""The two-stage model of RecTools: popular, cosine, ALS and own articles as candidates, LightGBM's LambdaRank over them.

Settings: own = candidates of the repurchase generator, others = of each other one; negatives = a user; leaves, rate, trees = of the
ranker. It is trained on the last week before as_of, as CandidateRankingModel takes one fold.
"""

from datetime import timedelta

import pandas as pd
import polars as pl
from implicit.als import AlternatingLeastSquares
from implicit.nearest_neighbours import CosineRecommender
from lightgbm import LGBMRanker
from rectools import Columns
from rectools.dataset import Dataset
from rectools.model_selection import TimeRangeSplitter
from rectools.models import ImplicitALSWrapperModel, ImplicitItemKNNWrapperModel, PopularModel
from rectools.models.ranking import CandidateGenerator, CandidateRankingModel, PerUserNegativeSampler
from rectools_models import Features, GroupedReranker, Repurchase
from threadpoolctl import threadpool_limits
from week import give, given


def dataset_of(purchases):
    """One interaction per customer, article and day."""
    days = purchases.select("customer", "article", "date").unique().sort("date", "customer", "article")
    return Dataset.construct(
        pd.DataFrame({
            Columns.User: days["customer"].to_numpy().astype("int64"),
            Columns.Item: days["article"].to_numpy().astype("int64"),
            Columns.Weight: 1.0,
            Columns.Datetime: days["date"].cast(pl.Datetime("ns")).to_numpy(),
        })
    )  # fmt: skip


def two_stages(settings):
    others = [
        PopularModel(period=timedelta(days=28)),
        ImplicitItemKNNWrapperModel(CosineRecommender(K=20)),
        ImplicitALSWrapperModel(AlternatingLeastSquares(factors=64, iterations=15, random_state=1)),
    ]
    counted = [(Repurchase(half_life=56), settings["own"]), *((model, settings["others"]) for model in others)]
    ranker = LGBMRanker(
        n_estimators=settings["trees"],
        learning_rate=settings["rate"],
        num_leaves=settings["leaves"],
        min_child_samples=50,
        subsample_for_bin=50_000,
        random_state=1,
        verbose=-1,
    )
    return CandidateRankingModel(
        candidate_generators=[CandidateGenerator(model, count, keep_ranks=True, keep_scores=True) for model, count in counted],
        splitter=TimeRangeSplitter("7D", n_splits=1, filter_cold_users=True, filter_cold_items=True, filter_already_seen=False),
        reranker=GroupedReranker(ranker),
        sampler=PerUserNegativeSampler(n_negatives=settings["negatives"], random_state=1),
        feature_collector=Features(),
    )


threadpool_limits(1, "blas")  # as implicit asks for: it has threads of its own
week = given()
dataset = dataset_of(week.purchases)
model = two_stages(week.settings).fit(dataset)
known = week.customers.filter(week.customers.is_in(week.purchases["customer"].unique().implode()))
found = model.recommend(known.to_numpy().astype("int64"), dataset, k=week.k, filter_viewed=False)
columns = {"customer": found[Columns.User], "article": found[Columns.Item], "score": -found[Columns.Rank].astype("float64")}
scored = pl.DataFrame({name: column.to_numpy() for name, column in columns.items()})
ids = scored.with_columns(pl.col("customer", "article").cast(pl.UInt32))
give(week, ids, "rectools", "pm-implicit", "lightgbm", "scikit-learn", "pandas", "numpy")
