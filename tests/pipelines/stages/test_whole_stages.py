"""Systems with fewer sources that read the feature tables of the whole one: the same stages as those of a run of their own."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from lookbook.data.dataset import Dataset
from lookbook.data.windows import Window
from lookbook.features.registry import GROUP_NAMES, GROUPS
from lookbook.pipelines.errors import SettingsError
from lookbook.pipelines.settings.config import choose_sources, leave_out_features, load_settings
from lookbook.pipelines.stages.artifacts import Artifacts, Stage
from lookbook.pipelines.stages.examples import examples_of
from lookbook.pipelines.stages.features import candidate_features, features, seen
from lookbook.pipelines.stages.fit import search_trees
from lookbook.pipelines.stages.learn import fallback, learned
from lookbook.pipelines.stages.rank import fit_and_rank, recommend_fallback
from lookbook.pipelines.stages.retrieve import candidates, pairs
from lookbook.pipelines.stages.shards import Target, buyers, targets
from lookbook.pipelines.stages.system import System
from lookbook.pipelines.terminal.progress import Reporter
from lookbook.retrieval.registry import SOURCES

WEEK = Window(date(2020, 9, 16))
ALL = "repurchase,popularity,co_purchase,matrix_factorization"
SMALL = {
    "ranking.training_weeks": 2,
    "ranking.lambdarank.min_examples_in_leaf": 5,
    "ranking.lambdarank.max_trees": 3,
    "ranking.lambdarank.early_stopping_rounds": 30,
    "retrieval.max_candidates": 15,
    "retrieval.popularity.k": 20,
    "retrieval.matrix_factorization.k": 20,
    "retrieval.matrix_factorization.dim": 8,
    "retrieval.matrix_factorization.negatives": 8,
    "run.shard_customers": 20,
}


def opened(market: Dataset, root: Path, only: str = ALL, **overrides: object) -> System:
    settings = choose_sources(load_settings(overrides={**SMALL, **overrides}), only=only, drop=None)
    first = WEEK.earlier(settings.ranking.training_weeks)
    return System(market, root, settings, Artifacts(root / "cache", Reporter("quiet")), "cpu", first)


def of_week(system: System) -> Target:
    return targets(system, [WEEK])[0]


def fewer(whole: System, only: str, *, kept_only: bool = False) -> System:
    return replace(whole, settings=choose_sources(whole.settings, only=only, drop=None), whole=whole, kept_only=kept_only)


def files(parts: Iterable[Stage]) -> dict[str, bytes]:
    return {f"{n} {file.name}": file.read_bytes() for n, stage in enumerate(parts) for file in sorted(stage.folder.glob("*.*t"))}


@pytest.fixture(scope="module")
def whole(market: Dataset, tmp_path_factory: pytest.TempPathFactory) -> System:
    return opened(market, tmp_path_factory.mktemp("whole"))


@pytest.mark.parametrize("only", ["popularity,co_purchase,matrix_factorization", "repurchase,popularity", "matrix_factorization"])
def test_what_a_variant_computes_is_what_a_run_of_its_own_computes(
    whole: System, market: Dataset, tmp_path: Path, only: str
) -> None:
    variant, own = fewer(whole, only), opened(market, tmp_path, only)
    for shard in buyers(variant, WEEK):
        learned_from = [examples_of(system, shard).table("features").collect() for system in (variant, own)]
        assert_frame_equal(*learned_from, check_exact=True)
        mine, theirs = features(variant, shard), features(own, shard)
        assert mine.key == theirs.key
        assert_frame_equal(mine.table("features").collect(), theirs.table("features").collect(), check_exact=True)
    ranked, alone = (fit_and_rank(each, of_week(each)) for each in (variant, own))
    assert ranked.fitted.trees == alone.fitted.trees
    assert ranked.fitted.ranker.key == alone.fitted.ranker.key
    assert files([ranked.fitted.ranker]) == files([alone.fitted.ranker])
    assert files(ranked.recommendations) == files(alone.recommendations)


def test_the_shared_table_holds_every_candidate_once(whole: System) -> None:
    shard = buyers(whole, WEEK)[0]
    table = candidate_features(whole, shard).table("features").collect()
    found = [candidates(whole, source, shard).table("candidates").select("customer", "article") for source in whole.sources]
    assert table.select("customer", "article").rows() == sorted(set(pl.concat(found).collect().rows()))


def test_no_two_sources_learn_a_table_that_features_read(whole: System) -> None:
    # else a variant without the first of them would read features of vectors that it lacks
    every = replace(whole, settings=choose_sources(whole.settings, only=",".join(SOURCES), drop=None))
    tables = [name for source in every.sources for name in learned(every, source, WEEK).tables]
    read = {name for group in GROUPS for name in group.requires}
    assert read
    assert sorted(name for name in tables if name in read) == sorted(read)


def test_variants_compute_no_feature_and_no_source(whole: System, monkeypatch: pytest.MonkeyPatch) -> None:
    for window in (WEEK.earlier(2), WEEK.earlier(1), WEEK):
        for shard in buyers(whole, window):
            candidate_features(whole, shard)
    fallback(whole, WEEK)
    variant = fewer(replace(whole, artifacts=Artifacts(whole.artifacts.root, Reporter("quiet"))), "popularity,co_purchase")
    monkeypatch.setattr("lookbook.pipelines.stages.features.add_features", lambda *_: pytest.fail("features were computed again"))
    fit_and_rank(variant, of_week(variant))
    computed = {stage.folder.parent.name for stage in variant.artifacts.done.values() if not stage.reused}
    assert computed == {"merge", "examples", "features", "trees", "ranker", "rank"}


def test_the_fixed_budget_fills_up_and_the_union_budget_does_not(whole: System) -> None:
    shard = buyers(whole, WEEK)[0]
    kept = pairs(whole, shard).table("pairs").select("customer", "article").collect()
    rest = "popularity,matrix_factorization"
    fixed = pairs(fewer(whole, rest), shard).table("pairs").collect()
    union = pairs(fewer(whole, rest, kept_only=True), shard).table("pairs").collect()
    sizes = fixed.group_by("customer").len()["len"]
    assert sizes.max() == 15
    named = rest.split(",")
    found = [candidates(whole, source, shard).table("candidates") for source in whole.sources if source.name in named]
    reachable = pl.concat([table.select("customer", "article") for table in found]).unique().collect()
    expected = kept.join(reachable, on=["customer", "article"], how="semi").sort("customer", "article")
    assert_frame_equal(union.select("customer", "article"), expected)
    assert 0 < len(union) < len(fixed)
    assert fixed.join(kept, on=["customer", "article"], how="anti").height > 0
    assert union.columns == fixed.columns


def test_a_week_before_the_first_starts_cold_and_a_later_one_warm(whole: System) -> None:
    source = next(source for source in whole.sources if source.warm_start)
    keys = {}
    for weeks in (-3, -2, -1):
        window = WEEK.earlier(-weeks)
        keys[weeks] = (learned(whole, source, window), learned(replace(whole, first=window), source, window))
    assert [mine.key == cold.key for mine, cold in keys.values()] == [True, True, False]
    assert whole.first == WEEK.earlier(2)


def test_a_left_out_group_has_no_column_in_the_ranker(whole: System) -> None:
    less = replace(whole, settings=leave_out_features(whole.settings, "embedding", "source"))
    shard = buyers(whole, WEEK)[0]
    all_columns = seen(whole, examples_of(whole, shard).table("features")).collect_schema().names()
    columns = seen(less, examples_of(less, shard).table("features")).collect_schema().names()
    gone = set(all_columns) - set(columns)
    assert {"rrf", "n_sources", "popularity_rank"} <= gone
    assert {name for name in gone if "embedding" in name or "affinity" in name}
    assert columns == [name for name in all_columns if name not in gone]
    assert "article_sales_7d" in columns
    assert examples_of(less, shard).key == examples_of(whole, shard).key
    assert fit_and_rank(less, of_week(less)).fitted.ranker.key != fit_and_rank(whole, of_week(whole)).fitted.ranker.key


def test_a_ranker_without_any_feature_is_refused_with_the_setting(whole: System) -> None:
    every = replace(whole, settings=leave_out_features(whole.settings, *GROUP_NAMES[:-1]))
    plain = replace(every.dataset, customers=every.dataset.customers.drop("member"), digest="plain")
    bare = replace(every, dataset=plain)
    with pytest.raises(SettingsError, match=r"features\.leave_out = .*: no feature is left"):
        search_trees(bare, of_week(bare))


def test_without_ranking_everybody_gets_the_fallback_list_of_their_age_band(whole: System) -> None:
    shards = buyers(whole, WEEK)
    lists = pl.concat([stage.table("recommendations") for stage in recommend_fallback(whole, shards)]).collect()
    assert lists["score"].is_null().all()
    assert lists.group_by("customer").len()["len"].unique().to_list() == [12]
    by_band = lists.join(whole.dataset.customers.collect(), on="customer").group_by("age_band").agg(pl.col("article").n_unique())
    assert by_band["article"].unique().to_list() == [12]
