"""What makes a stage compute again: the keys of a small pipeline under changed settings, seed, device, data and code."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from lookbook.data.dataset import Dataset
from lookbook.data.errors import DataError
from lookbook.data.windows import Window
from lookbook.pipelines.settings.config import choose_sources, load_settings
from lookbook.pipelines.stages import rank
from lookbook.pipelines.stages import system as stages
from lookbook.pipelines.stages.artifacts import Artifacts
from lookbook.pipelines.stages.evaluate import judge
from lookbook.pipelines.stages.rank import choose_tree_count, fit_ranker, recommend
from lookbook.pipelines.stages.system import Stages
from lookbook.pipelines.terminal.progress import Reporter

WEEK = Window(date(2020, 9, 16))
SMALL = {
    "ranking.training_weeks": 2,
    "ranking.lambdarank.min_examples_in_leaf": 5,
    "ranking.lambdarank.max_trees": 3,
    "evaluation.bootstrap_resamples": 100,
}
EVERYTHING = {"learn", "retrieve", "merge", "statistics", "features", "examples", "fit", "fallback", "rank", "evaluate"}
AFTER_MERGE = {"merge", "features", "examples", "fit", "rank", "evaluate"}


def opened(market: Dataset, root: Path, **overrides: object) -> Stages:
    settings = choose_sources(load_settings(overrides={**SMALL, **overrides}), only="repurchase,popularity", drop=None)
    first = WEEK.earlier(settings.ranking.training_weeks)
    return Stages(market, root, settings, Artifacts(root / "cache", Reporter("quiet")), "cpu", first)


def computed(stages: Stages) -> set[str]:
    """The stages that a test week computes."""
    buyers = stages.buyers(WEEK)
    choose_tree_count(stages, WEEK)
    judge(stages, recommend(stages, fit_ranker(stages, WEEK, trees=2), buyers), buyers)
    return set(stages.artifacts.reporter.computed)


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
        ("retrieval.popularity.k", 3, {"learn", "retrieve"} | AFTER_MERGE),
        ("retrieval.max_candidates", 7, AFTER_MERGE),
        ("retrieval.rrf_constant", 7, AFTER_MERGE),
        ("run.shard_customers", 20, {"retrieve"} | AFTER_MERGE),
        ("ranking.negatives_per_positive", 2, {"examples", "fit", "rank", "evaluate"}),
        ("ranking.lambdarank.num_leaves", 4, {"fit", "rank", "evaluate"}),
        ("run.k", 5, {"fallback", "rank", "evaluate"}),
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
    keys = {stage.learned(source, WEEK).key for stage in (usual, *others)}
    assert len(keys) == 4


def test_changed_code_of_the_stages_themselves_computes_again(market: Dataset, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usual: Callable[..., str] = stages.code_digest
    monkeypatch.setattr(stages, "code_digest", lambda *names: usual(*names) + ("changed" if stages.__name__ in names else ""))
    assert computed(opened(market, root)) == EVERYTHING - {"fallback"}


@pytest.mark.parametrize(
    ("module", "expected"),
    [
        ("lookbook.pipelines.stages.rank", {"fit", "fallback", "rank", "evaluate"}),
        ("lookbook.ranking.select", {"fallback", "rank", "evaluate"}),
    ],
)
def test_changed_code_of_ranking_computes_the_ranking_again(
    market: Dataset, root: Path, monkeypatch: pytest.MonkeyPatch, module: str, expected: set[str]
) -> None:
    usual: Callable[..., str] = rank.code_digest
    monkeypatch.setattr(rank, "code_digest", lambda *names: usual(*names) + (module if module in names else ""))
    assert computed(opened(market, root)) == expected


def test_too_few_weeks_to_learn_from_are_refused_with_the_setting_to_change(market: Dataset, tmp_path: Path) -> None:
    short = replace(market, transactions=market.transactions.filter(pl.col("date") >= WEEK.as_of), digest="short")
    with pytest.raises(DataError, match=r"no training examples[\s\S]*lower ranking\.training_weeks"):
        choose_tree_count(opened(short, tmp_path), WEEK)
    with pytest.raises(DataError, match="no training examples"):
        fit_ranker(opened(short, tmp_path), WEEK, trees=2)
