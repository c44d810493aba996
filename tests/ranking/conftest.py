"""A small ranker that tests of ranking share: one feature decides, one helps, one is noise, one never varies."""

from datetime import date

import numpy as np
import polars as pl
import pytest

from lookbook.ranking.ranker import Ranker, RankerSettings, feature_matrix, fit
from lookbook.ranking.trees import Matrix, Trees

SETTINGS = RankerSettings(
    learning_rate=0.2,
    num_leaves=7,
    min_examples_in_leaf=5,
    l2=1.0,
    feature_fraction=1.0,
    customer_fraction=1.0,
    max_bin=255,
    truncation_level=20,
    max_trees=20,
    early_stopping_rounds=5,
)


@pytest.fixture(scope="session")
def week() -> pl.DataFrame:
    """EXAMPLES of one week: `leak` is the label with a tenth of its values missing, `hint` a poor guess at it, `step` a hint in
    whole numbers; `constant` is always 1."""
    customers, candidates = 80, 25
    rng = np.random.default_rng(5)
    rows = customers * candidates
    label = (rng.random(rows) < 0.15).astype(np.uint8)
    return pl.DataFrame(
        {
            "as_of": [date(2020, 9, 2)] * rows,
            "customer": np.repeat(np.arange(customers, dtype=np.uint32), candidates),
            "article": np.tile(np.arange(candidates, dtype=np.uint32), customers),
            "hint": (label + rng.normal(size=rows)).astype(np.float32),
            "noise": rng.normal(size=rows).astype(np.float32),
            "leak": np.where(rng.random(rows) < 0.1, np.nan, label + 0.1 * rng.random(rows)).astype(np.float32),
            "constant": np.ones(rows, dtype=np.float32),
            "step": (label + rng.integers(0, 3, rows)).astype(np.uint16),
            "label": label,
        }
    ).with_columns(pl.col("leak").fill_nan(None))


@pytest.fixture(scope="session")
def ranker(week: pl.DataFrame) -> Ranker:
    return fit([week.lazy()], SETTINGS, trees=12, seed=0)


@pytest.fixture(scope="session")
def trees(ranker: Ranker) -> Trees:
    return Trees(ranker, threads=2)


@pytest.fixture(scope="session")
def matrix(week: pl.DataFrame) -> Matrix:
    return feature_matrix(week)
