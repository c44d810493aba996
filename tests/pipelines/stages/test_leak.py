"""The whole pipeline, from transactions to lists, on a market whose future is deleted or replaced by noise."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from lookbook.data.dataset import Dataset
from lookbook.data.windows import Window
from lookbook.pipelines.settings.config import load_settings
from lookbook.pipelines.stages.artifacts import Artifacts
from lookbook.pipelines.stages.examples import examples_of
from lookbook.pipelines.stages.features import features
from lookbook.pipelines.stages.fit import fit_ranker
from lookbook.pipelines.stages.learn import learned, statistics
from lookbook.pipelines.stages.rank import recommend
from lookbook.pipelines.stages.retrieve import candidates, pairs
from lookbook.pipelines.stages.shards import Shard, buyers, targets
from lookbook.pipelines.stages.system import System
from lookbook.pipelines.terminal.progress import Reporter
from lookbook.retrieval.registry import SOURCES

Tables = dict[str, pl.DataFrame]
Change = Callable[[Dataset, date], Dataset]

WEEK = Window(date(2020, 8, 18))
TRAINING_WEEKS = 2
FIRST = WEEK.earlier(TRAINING_WEEKS)
SMALL = load_settings(  # few popular articles, so that customers who never bought need the fallback
    overrides={
        "retrieval.sources": list(SOURCES),
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


def deleted_from(dataset: Dataset, day: date) -> Dataset:
    plan = dataset.plan
    planned = replace(plan, digest="without", rows=plan.rows.filter(pl.col("known_from") < day)) if plan else None
    return replace(without(dataset, pl.col("date") >= day), plan=planned)


def system_of(dataset: Dataset, root: Path) -> System:
    return System(dataset, root, SMALL, Artifacts(root / dataset.digest, Reporter("quiet")), "cpu", FIRST)


def computed(dataset: Dataset, root: Path) -> Tables:
    system = system_of(dataset, root)
    everybody = dataset.customers.collect()["customer"].sort()
    shard = Shard(WEEK, everybody, everybody, "everybody")
    tables = {f"statistics/{name}": table for name, table in statistics(system, WEEK).tables.items()}
    for source in system.sources:
        tables |= {f"{source.name}/{name}": table for name, table in learned(system, source, WEEK).tables.items()}
        tables[f"{source.name}/candidates"] = candidates(system, source, shard).table("candidates")
    tables["pairs"] = pairs(system, shard).table("pairs")
    tables["features"] = features(system, shard).table("features")
    ranker = fit_ranker(system, targets(system, [WEEK])[0], trees=5)
    tables["ranker"] = pl.LazyFrame({"model": [(ranker.folder / "ranker.txt").read_text()]})
    tables["recommendations"] = recommend(system, ranker, [shard])[0].table("recommendations")
    return {name: table.collect() for name, table in tables.items()}


def examples(dataset: Dataset, root: Path) -> pl.DataFrame:
    system = system_of(dataset, root)
    return pl.concat([examples_of(system, shard).table("features") for shard in buyers(system, FIRST)]).collect()


@pytest.fixture(scope="module")
def expected(planned_market: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Tables:
    return computed(planned_market, tmp_path_factory.mktemp("whole"))


@pytest.fixture(params=["deleted", "scrambled"])
def change_from(request: pytest.FixtureRequest, scramble_from: Change) -> Change:
    return scramble_from if request.param == "scrambled" else deleted_from


def test_nothing_on_or_after_as_of_reaches_any_table(
    change_from: Change, planned_market: Dataset, expected: Tables, tmp_path: Path
) -> None:
    assert "statistics/plan" in expected
    found = computed(change_from(planned_market, WEEK.as_of), tmp_path)
    assert list(found) == list(expected)
    for name, table in found.items():
        assert table.height > 0, name
        assert_frame_equal(table, expected[name], check_exact=True)


def test_the_day_before_as_of_reaches_the_lists(planned_market: Dataset, expected: Tables, tmp_path: Path) -> None:
    found = computed(without(planned_market, pl.col("date") == WEEK.as_of - timedelta(days=1)), tmp_path)
    same = {name for name, table in found.items() if table.equals(expected[name])}
    of_the_catalogue = {"content/terms", "content/article_vectors"}
    assert same <= {"matrix_factorization/learning_curve", "statistics/plan", *of_the_catalogue}


def test_what_is_known_the_day_before_of_the_label_week_reaches_the_features_and_nothing_before_them(
    planned_market: Dataset, expected: Tables, tmp_path: Path
) -> None:
    assert planned_market.plan is not None
    known_ahead = (pl.col("known_from") == WEEK.as_of - timedelta(days=1)) & (pl.col("first_day") >= WEEK.as_of)
    fewer = replace(planned_market.plan, digest="fewer", rows=planned_market.plan.rows.filter(~known_ahead))
    found = computed(replace(planned_market, plan=fewer), tmp_path)
    changed = {name for name, table in found.items() if not table.equals(expected[name])}
    assert changed - {"recommendations"} == {"statistics/plan", "features"}


def test_examples_of_a_week_know_their_own_labels_and_nothing_later(
    change_from: Change, planned_market: Dataset, tmp_path: Path
) -> None:
    plain = examples(planned_market, tmp_path)
    assert plain["label"].sum() > 0
    later = replace(change_from(planned_market, FIRST.end), plan=change_from(planned_market, FIRST.as_of).plan)
    assert_frame_equal(examples(later, tmp_path), plain, check_exact=True)
    too_early = replace(change_from(planned_market, FIRST.end - timedelta(days=1)), digest="too early")
    assert not examples(too_early, tmp_path).equals(plain)
