"""The whole pipeline, from transactions to lists, on a market whose future is deleted or replaced by noise."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from data.dataset import Dataset
from data.windows import Window
from pipelines.artifacts import Artifacts
from pipelines.config import load_settings
from pipelines.progress import Reporter
from pipelines.rank import fit_ranker, recommend
from pipelines.stages import Shard, Stages

Tables = dict[str, pl.DataFrame]

WEEK = Window(date(2020, 8, 18))
TRAINING_WEEKS = 2
FIRST = WEEK.earlier(TRAINING_WEEKS)
SMALL = load_settings(  # few popular articles, so that customers who never bought need the fallback
    overrides={
        "retrieval.co_purchase.min_support": 1.0,
        "retrieval.popularity.k": 5,
        "retrieval.matrix_factorization.dim": 8,
        "retrieval.matrix_factorization.batch_size": 256,
        "retrieval.matrix_factorization.negatives": 16,
        "retrieval.matrix_factorization.epochs": 1,
        "ranking.training_weeks": TRAINING_WEEKS,
        "ranking.lambdarank.min_examples_in_leaf": 5,
    }
)


def without(dataset: Dataset, rows: pl.Expr) -> Dataset:
    return replace(dataset, digest="without", transactions=dataset.transactions.filter(~rows))


def scrambled(dataset: Dataset, rows: pl.Expr) -> Dataset:
    hit = dataset.transactions.filter(rows).collect()
    rng = np.random.default_rng(3)
    noise = hit.with_columns(
        pl.Series("customer", rng.integers(0, 60, hit.height), dtype=pl.UInt32),
        pl.Series("article", rng.integers(0, 80, hit.height), dtype=pl.UInt32),
        pl.Series("price", rng.uniform(1, 9, hit.height), dtype=pl.Float32),
        pl.Series("channel", rng.integers(0, 3, hit.height), dtype=pl.UInt8),
        date=pl.col("date").shuffle(seed=3),
        quantity=pl.col("quantity") * 7,
    )
    mixed = pl.concat([dataset.transactions.filter(~rows), noise.lazy()]).sort("customer", "date", "article")
    return replace(dataset, digest="scrambled", transactions=mixed)


def stages_of(dataset: Dataset, root: Path) -> Stages:
    return Stages(dataset, root, SMALL, Artifacts(root / dataset.digest, Reporter("quiet")), "cpu", FIRST)


def computed(dataset: Dataset, root: Path) -> Tables:
    stages = stages_of(dataset, root)
    shard = Shard(WEEK, dataset.customers.collect()["customer"].sort(), "everybody")
    tables = {f"statistics/{name}": table for name, table in stages.statistics(WEEK).tables.items()}
    for source in stages.sources:
        tables |= {f"{source.name}/{name}": table for name, table in stages.learned(source, WEEK).tables.items()}
        tables[f"{source.name}/candidates"] = stages.candidates(source, shard).table("candidates")
    tables["pairs"] = stages.pairs(shard).table("pairs")
    tables["features"] = stages.features(shard)[1]().lazy()
    ranker = fit_ranker(stages, WEEK, trees=5)
    tables["ranker"] = pl.LazyFrame({"model": [(ranker.folder / "ranker.txt").read_text()]})
    tables["recommendations"] = recommend(stages, ranker, [shard])[0].table("recommendations")
    return {name: table.collect() for name, table in tables.items()}


def examples(dataset: Dataset, root: Path) -> pl.DataFrame:
    stages = stages_of(dataset, root)
    return pl.concat([stages.examples(shard).table("features") for shard in stages.buyers(FIRST)]).collect()


@pytest.fixture(scope="module")
def expected(market: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Tables:
    return computed(market, tmp_path_factory.mktemp("whole"))


CHANGES = pytest.mark.parametrize("change", [without, scrambled])


@CHANGES
def test_nothing_on_or_after_as_of_reaches_any_table(
    change: Callable[..., Dataset], market: Dataset, expected: Tables, tmp_path: Path
) -> None:
    found = computed(change(market, pl.col("date") >= WEEK.as_of), tmp_path)
    assert list(found) == list(expected)
    for name, table in found.items():
        assert table.height > 0, name
        assert_frame_equal(table, expected[name], check_exact=True)


def test_the_day_before_as_of_reaches_the_lists(market: Dataset, expected: Tables, tmp_path: Path) -> None:
    found = computed(without(market, pl.col("date") == WEEK.as_of - timedelta(days=1)), tmp_path)
    assert {name for name, table in found.items() if table.equals(expected[name])} <= {"matrix_factorization/learning_curve"}


@CHANGES
def test_examples_of_a_week_know_their_own_labels_and_nothing_later(
    change: Callable[..., Dataset], market: Dataset, tmp_path: Path
) -> None:
    plain = examples(market, tmp_path)
    assert_frame_equal(examples(change(market, pl.col("date") >= FIRST.end), tmp_path), plain, check_exact=True)
    assert plain["label"].sum() > 0
    earlier = examples(replace(change(market, pl.col("date") >= FIRST.end - timedelta(days=1)), digest="earlier"), tmp_path)
    assert not earlier.equals(plain)
