"""What makes a stage compute again: the keys of a small pipeline under changed settings, seed, device, data and code."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from lookbook.data.dataset import Dataset
from lookbook.data.errors import DataError
from lookbook.data.windows import Window
from lookbook.pipelines.settings.config import choose_sources, load_settings
from lookbook.pipelines.stages.artifacts import Artifacts
from lookbook.pipelines.stages.digest import code_digest
from lookbook.pipelines.stages.evaluate import evaluate
from lookbook.pipelines.stages.features import features
from lookbook.pipelines.stages.fit import fit_ranker, fit_target, search_trees
from lookbook.pipelines.stages.learn import learned, statistics
from lookbook.pipelines.stages.rank import recommend
from lookbook.pipelines.stages.shards import buyers, targets
from lookbook.pipelines.stages.system import System
from lookbook.pipelines.terminal.progress import Reporter
from lookbook.ranking.ranker import Ranker

WEEK = Window(date(2020, 9, 16))
SMALL = {
    "ranking.training_weeks": 2,
    "ranking.lambdarank.min_examples_in_leaf": 5,
    "ranking.lambdarank.max_trees": 3,
    "ranking.lambdarank.early_stopping_rounds": 30,
    "evaluation.bootstrap_resamples": 100,
}
LEARNED = {"learn/repurchase", "learn/popularity", "learn/statistics", "learn/fallback"}
RETRIEVED = {"retrieve/repurchase", "retrieve/popularity", "retrieve/merge"}
FITTED = {"fit/trees", "fit/ranker", "rank", "evaluate"}
AFTER_MERGE = {"retrieve/merge", "features", "examples"} | FITTED
EVERYTHING = LEARNED | RETRIEVED | AFTER_MERGE


def opened(market: Dataset, root: Path, **overrides: object) -> System:
    settings = choose_sources(load_settings(overrides={**SMALL, **overrides}), only="repurchase,popularity", drop=None)
    first = WEEK.earlier(settings.ranking.training_weeks)
    return System(market, root, settings, Artifacts(root / "cache", Reporter("quiet")), "cpu", first)


def computed(system: System) -> set[str]:
    """The kinds of stages that a test week computes."""
    (target,) = targets(system, [WEEK])
    search_trees(system, target)
    evaluate(system, recommend(system, fit_ranker(system, target, trees=2), target.shards), target.shards)
    done = system.artifacts.done.values()
    return {str(stage.folder.parent.relative_to(system.artifacts.root)) for stage in done if not stage.reused}


@pytest.fixture(scope="module")
def root(market: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("stages")
    assert computed(opened(market, root)) == EVERYTHING
    assert computed(opened(market, root)) == set()
    return root


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("run.threads", 1, set()),
        ("run.device", "cpu", set()),
        ("retrieval.same_product.k", 3, set()),
        ("retrieval.popularity.k", 3, {"learn/popularity", "retrieve/popularity"} | AFTER_MERGE),
        ("retrieval.max_candidates", 7, AFTER_MERGE),
        ("retrieval.rrf_constant", 7, AFTER_MERGE),
        ("run.shard_customers", 20, RETRIEVED | AFTER_MERGE),
        ("ranking.negatives_per_positive", 2, {"examples"} | FITTED),
        ("ranking.lambdarank.num_leaves", 4, FITTED),
        ("run.k", 5, {"learn/fallback", "rank", "evaluate"}),
        ("evaluation.bootstrap_resamples", 101, {"evaluate"}),
    ],
)
def test_a_changed_setting_computes_what_depends_on_it_and_nothing_else(
    market: Dataset, root: Path, key: str, value: object, expected: set[str]
) -> None:
    assert computed(opened(market, root, **{key: value})) == expected


def test_another_seed_device_or_data_set_learns_again(market: Dataset, root: Path) -> None:
    source = opened(market, root).sources[0]
    usual = opened(market, root)
    others = (
        opened(market, root, **{"run.seed": 1}),
        replace(usual, device="gpu"),
        replace(usual, dataset=replace(market, digest="another")),
    )
    keys = {learned(system, source, WEEK).key for system in (usual, *others)}
    assert len(keys) == 4


@pytest.mark.parametrize(
    ("module", "expected"),
    [
        ("lookbook.pipelines.stages.learn", EVERYTHING),
        ("lookbook.pipelines.stages.retrieve", AFTER_MERGE),
        ("lookbook.pipelines.stages.features", {"features", "examples"} | FITTED),
        ("lookbook.pipelines.stages.examples", {"examples"} | FITTED),
        ("lookbook.pipelines.stages.fit", FITTED),
        ("lookbook.pipelines.stages.rank", {"rank", "evaluate"}),
        ("lookbook.pipelines.stages.evaluate", {"evaluate"}),
        ("lookbook.ranking.select", {"learn/fallback", "rank", "evaluate"}),
        ("lookbook.retrieval.merge", AFTER_MERGE),
    ],
)
def test_changed_code_computes_what_it_is_the_code_of(
    market: Dataset, root: Path, monkeypatch: pytest.MonkeyPatch, module: str, expected: set[str]
) -> None:
    usual: Callable[..., str] = code_digest
    for step in ("learn", "retrieve", "features", "examples", "fit", "rank", "evaluate"):
        changed = lambda *names: usual(*names) + (module if module in names else "")  # noqa: E731
        monkeypatch.setattr(f"lookbook.pipelines.stages.{step}.code_digest", changed)
    assert computed(opened(market, root)) == expected


def test_too_few_weeks_to_learn_from_are_refused_with_the_setting_to_change(market: Dataset, tmp_path: Path) -> None:
    short = replace(market, transactions=market.transactions.filter(pl.col("date") >= WEEK.as_of), digest="short")
    with pytest.raises(DataError, match=r"no training examples[\s\S]*lower ranking\.training_weeks"):
        computed(opened(short, tmp_path))
    with pytest.raises(DataError, match="no training examples"):
        fit_ranker(opened(short, tmp_path), targets(opened(short, tmp_path), [WEEK])[0], trees=2)


def without_labels(market: Dataset, week: Window) -> Dataset:
    """In `week` everybody bought the one article that is no candidate for anybody: nobody bought it before or after."""
    inside = pl.col("date").is_between(week.as_of, week.end - timedelta(days=1))
    strange = pl.when(inside).then(pl.lit(79, dtype=pl.UInt32)).otherwise("article").alias("article")
    others = market.transactions.filter((pl.col("article") != 79) | inside)
    return replace(market, transactions=others.with_columns(strange), digest=f"nothing in {week.as_of}")


def test_early_stopping_looks_at_the_newest_week_that_has_examples(market: Dataset, tmp_path: Path) -> None:
    system = opened(without_labels(market, WEEK.earlier(1)), tmp_path, **{"ranking.training_weeks": 3})
    curve = json.loads((search_trees(system, targets(system, [WEEK])[0]).folder / "curve.json").read_text())
    assert len(curve["map_at_12"]) >= curve["trees"] > 0


def test_a_group_that_learns_is_not_computed_where_it_is_left_out(market: Dataset, tmp_path: Path) -> None:
    whole = opened(market, tmp_path)
    less = opened(market, tmp_path, **{"features.leave_out": ["renewal", "renewal_product"]})
    assert set(statistics(less, WEEK).tables) == {"article"} < set(statistics(whole, WEEK).tables)
    assert "pair_renewal" not in features(less, buyers(less, WEEK)[0]).table("features").collect_schema()


def test_without_early_stopping_nothing_is_searched_for_and_every_tree_is_fitted(market: Dataset, tmp_path: Path) -> None:
    system = opened(market, tmp_path, **{"ranking.lambdarank.early_stopping_rounds": 0, "ranking.lambdarank.max_trees": 3})
    fitted = fit_target(system, targets(system, [WEEK])[0])
    assert (fitted.trees, fitted.search) == (3, None)
    assert Ranker.load(fitted.ranker.folder).trees == 3


def test_examples_in_one_week_only_are_refused_with_what_to_do(market: Dataset, tmp_path: Path) -> None:
    system = opened(without_labels(market, WEEK.earlier(1)), tmp_path)
    with pytest.raises(DataError, match=r"examples in one week only[\s\S]*more weeks of data"):
        search_trees(system, targets(system, [WEEK])[0])


def test_sources_that_find_nothing_are_refused_with_what_each_of_them_needs(market: Dataset, tmp_path: Path) -> None:
    bare = replace(market, articles=market.articles.with_columns(product=pl.lit(None, dtype=pl.UInt32)), digest="bare")
    system = opened(bare, tmp_path)
    message = r"no source found a candidate[\s\S]*for same_product articles that share a product[\s\S]*--sources"
    with pytest.raises(DataError, match=message):
        computed(replace(system, settings=choose_sources(system.settings, only="same_product", drop=None)))
