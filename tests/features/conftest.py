"""A market with embeddings and pairs, and the one call that makes FEATURES from a history."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl
import pytest

from lookbook.data.dataset import Dataset, History
from lookbook.features.feature import FeatureGroup, Inputs, add_features, available, feature_table, shared_tables
from lookbook.features.registry import groups

AS_OF = date(2020, 9, 16)
DIM = 8
KINDS = ("display", "mailer")
"""Of the plan of `planned_market`."""


@dataclass(frozen=True)
class Problem:
    """Pairs to compute the features of, and all that the features may be computed from."""

    dataset: Dataset
    pairs: pl.DataFrame
    embeddings: Mapping[str, pl.LazyFrame]

    @property
    def history(self) -> History:
        return self.dataset.before(AS_OF)


def groups_of(history: History) -> tuple[FeatureGroup, ...]:
    return groups(history.customers.collect_schema(), None if history.plan is None else KINDS)


def compute(
    history: History, pairs: pl.DataFrame, embeddings: Mapping[str, pl.LazyFrame], shard: pl.Series | None = None
) -> pl.DataFrame:
    """FEATURES of the pairs: groups of scope "all" from `history`, the others from its part of `shard`."""
    chosen = available(groups_of(history), set(embeddings))
    shared = {name: table.collect().lazy() for name, table in shared_tables(chosen, Inputs(history, embeddings)).items()}
    tables = {**embeddings, **shared}
    own = history if shard is None else history.of(shard)
    return add_features(pairs.lazy(), Inputs(own, tables), chosen).collect()


@pytest.fixture(scope="session")
def features_of() -> Callable[..., pl.DataFrame]:
    return compute


@pytest.fixture(scope="session")
def problem(planned_market: Dataset) -> Problem:
    """Pairs of every customer with a third of the catalogue; two customers and two articles that the data set does not know."""
    rng = np.random.default_rng(3)
    customers, articles = (
        pl.concat([t.collect().to_series(0), pl.Series([900, 901], dtype=pl.UInt32)])
        for t in (planned_market.customers, planned_market.articles)
    )
    pairs = (
        pl.DataFrame({"customer": customers})
        .join(pl.DataFrame({"article": articles}), how="cross")
        .filter(pl.Series(rng.random(len(customers) * len(articles)) < 0.33) | (pl.col("article") >= 900))
        .with_columns(n_sources=pl.lit(1, dtype=pl.UInt8), rrf=pl.lit(0.5, dtype=pl.Float32))
        .sort("customer", "article")
    )
    return Problem(
        planned_market,
        pairs,
        {"customer_embeddings": vectors(customers[:-4], rng), "article_embeddings": vectors(articles[3:-2], rng)},
    )


def vectors(ids: pl.Series, rng: np.random.Generator) -> pl.LazyFrame:
    """EMBEDDINGS of the ids, drawn at random; the first vector is all zeros."""
    matrix = rng.normal(size=(len(ids), DIM)).astype(np.float32)
    matrix[0] = 0
    return pl.LazyFrame(
        {"id": ids, "bias": rng.normal(size=len(ids)), "vector": matrix},
        schema={"id": pl.UInt32, "bias": pl.Float32, "vector": pl.Array(pl.Float32, DIM)},
    )


@pytest.fixture
def table_of(make_dataset: Callable[..., Dataset]) -> Callable[..., pl.DataFrame]:
    """The table of one group for transactions given with days_ago instead of a date, sorted by the group's keys."""

    def table(group: FeatureGroup, transactions: pl.DataFrame, *columns: str, **attributes: pl.DataFrame) -> pl.DataFrame:
        dated = transactions.with_columns(date=AS_OF - pl.duration(days=pl.col("days_ago"))).drop("days_ago")
        history = make_dataset(dated, **attributes).before(AS_OF)
        tables = shared_tables([group], Inputs(history, {}))
        return feature_table(group, Inputs(history, tables)).select(*group.keys, *columns).sort(group.keys).collect()

    return table


@pytest.fixture(scope="session")
def features(problem: Problem) -> pl.DataFrame:
    return compute(problem.history, problem.pairs, problem.embeddings)
