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
from lookbook.pipelines.stages import system as stages
from lookbook.pipelines.stages.artifacts import Artifacts, Stage
from lookbook.pipelines.stages.rank import rank_week, recommend_fallback, search_trees
from lookbook.pipelines.stages.system import Stages
from lookbook.pipelines.terminal.progress import Reporter
from lookbook.retrieval.registry import SOURCES

WEEK = Window(date(2020, 9, 16))
ALL = "repurchase,popularity,co_purchase,matrix_factorization"
SMALL = {
    "ranking.training_weeks": 2,
    "ranking.lambdarank.min_examples_in_leaf": 5,
    "ranking.lambdarank.max_trees": 3,
    "retrieval.max_candidates": 15,
    "retrieval.popularity.k": 20,
    "retrieval.matrix_factorization.k": 20,
    "retrieval.matrix_factorization.dim": 8,
    "retrieval.matrix_factorization.negatives": 8,
    "run.shard_customers": 20,
}


def opened(market: Dataset, root: Path, only: str = ALL, **overrides: object) -> Stages:
    settings = choose_sources(load_settings(overrides={**SMALL, **overrides}), only=only, drop=None)
    first = WEEK.earlier(settings.ranking.training_weeks)
    return Stages(market, root, settings, Artifacts(root / "cache", Reporter("quiet")), "cpu", first)


def fewer(whole: Stages, only: str, *, kept_only: bool = False) -> Stages:
    return replace(whole, settings=choose_sources(whole.settings, only=only, drop=None), whole=whole, kept_only=kept_only)


def files(parts: Iterable[Stage]) -> dict[str, bytes]:
    return {f"{n} {file.name}": file.read_bytes() for n, stage in enumerate(parts) for file in sorted(stage.folder.glob("*.*t"))}


@pytest.fixture(scope="module")
def whole(market: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Stages:
    return opened(market, tmp_path_factory.mktemp("whole"))


@pytest.mark.parametrize("only", ["popularity,co_purchase,matrix_factorization", "repurchase,popularity", "matrix_factorization"])
def test_what_a_variant_computes_is_what_a_run_of_its_own_computes(
    whole: Stages, market: Dataset, tmp_path: Path, only: str
) -> None:
    variant, own = fewer(whole, only), opened(market, tmp_path, only)
    for shard in variant.buyers(WEEK):
        assert_frame_equal(variant.examples(shard).table("features").collect(), own.examples(shard).table("features").collect(),
                           check_exact=True)  # fmt: skip
        mine, theirs = variant.features(shard), own.features(shard)
        assert mine.key == theirs.key
        assert_frame_equal(mine.table("features").collect(), theirs.table("features").collect(), check_exact=True)
    ranked, alone = (rank_week(each, each.buyers(WEEK)) for each in (variant, own))
    assert ranked.trees == alone.trees
    assert ranked.ranker.key == alone.ranker.key
    assert files([ranked.ranker]) == files([alone.ranker])
    assert files(ranked.recommendations) == files(alone.recommendations)


def test_the_shared_table_holds_every_candidate_once(whole: Stages) -> None:
    shard = whole.buyers(WEEK)[0]
    table = whole.candidate_features(shard).table("features").collect()
    found = [whole.candidates(source, shard).table("candidates").select("customer", "article") for source in whole.sources]
    assert table.select("customer", "article").rows() == sorted(set(pl.concat(found).collect().rows()))


def test_no_two_sources_learn_a_table_that_features_read(whole: Stages) -> None:
    # else a variant without the first of them would read features of vectors that it lacks
    every = replace(whole, settings=choose_sources(whole.settings, only=",".join(SOURCES), drop=None))
    learned = [name for source in every.sources for name in every.learned(source, WEEK).tables]
    read = {name for group in GROUPS for name in group.requires}
    assert read
    assert sorted(name for name in learned if name in read) == sorted(read)


def test_variants_compute_no_feature_and_no_source(whole: Stages, monkeypatch: pytest.MonkeyPatch) -> None:
    for window in (WEEK.earlier(2), WEEK.earlier(1), WEEK):
        for shard in whole.buyers(window):
            whole.candidate_features(shard)
    reporter = Reporter("quiet")
    variant = fewer(replace(whole, artifacts=Artifacts(whole.artifacts.root, reporter)), "popularity,co_purchase")
    monkeypatch.setattr(stages, "add_features", lambda *_: pytest.fail("features were computed again"))
    rank_week(variant, variant.buyers(WEEK))
    assert not reporter.computed.keys() & {"learn", "retrieve", "statistics"}
    assert {"merge", "examples", "features", "fit", "rank"} <= reporter.computed.keys()


def test_the_fixed_budget_fills_up_and_the_union_budget_does_not(whole: Stages) -> None:
    shard = whole.buyers(WEEK)[0]
    kept = whole.pairs(shard).table("pairs").select("customer", "article").collect()
    rest = "popularity,matrix_factorization"
    fixed = fewer(whole, rest).pairs(shard).table("pairs").collect()
    union = fewer(whole, rest, kept_only=True).pairs(shard).table("pairs").collect()
    sizes = fixed.group_by("customer").len()["len"]
    assert sizes.max() == 15
    found = [whole.candidates(source, shard).table("candidates") for source in whole.sources if source.name in rest.split(",")]
    reachable = pl.concat([table.select("customer", "article") for table in found]).unique().collect()
    expected = kept.join(reachable, on=["customer", "article"], how="semi").sort("customer", "article")
    assert_frame_equal(union.select("customer", "article"), expected)
    assert 0 < len(union) < len(fixed)
    assert fixed.join(kept, on=["customer", "article"], how="anti").height > 0
    assert union.columns == fixed.columns


def test_a_week_before_the_first_starts_cold_and_a_later_one_warm(whole: Stages) -> None:
    source = next(source for source in whole.sources if source.warm_start)
    keys = {}
    for weeks in (-3, -2, -1):
        window = WEEK.earlier(-weeks)
        keys[weeks] = (whole.learned(source, window), replace(whole, first=window).learned(source, window))
    assert [mine.key == cold.key for mine, cold in keys.values()] == [True, True, False]
    assert whole.first == WEEK.earlier(2)


def test_a_left_out_group_has_no_column_in_the_ranker(whole: Stages) -> None:
    less = replace(whole, settings=leave_out_features(whole.settings, "embedding", "source"))
    shard = whole.buyers(WEEK)[0]
    all_columns = whole.seen(whole.examples(shard).table("features")).collect_schema().names()
    columns = less.seen(less.examples(shard).table("features")).collect_schema().names()
    gone = set(all_columns) - set(columns)
    assert {"rrf", "n_sources", "popularity_rank"} <= gone
    assert {name for name in gone if "embedding" in name or "affinity" in name}
    assert columns == [name for name in all_columns if name not in gone]
    assert "article_sales_7d" in columns
    assert less.examples(shard).key == whole.examples(shard).key
    assert rank_week(less, less.buyers(WEEK)).ranker.key != rank_week(whole, whole.buyers(WEEK)).ranker.key


def test_a_ranker_without_any_feature_is_refused_with_the_setting(whole: Stages) -> None:
    every = replace(whole, settings=leave_out_features(whole.settings, *GROUP_NAMES[:-1]))
    plain = replace(every.dataset, customers=every.dataset.customers.drop("member"), digest="plain")
    with pytest.raises(SettingsError, match=r"features\.leave_out = .*: no feature is left"):
        search_trees(replace(every, dataset=plain), WEEK)


def test_without_ranking_everybody_gets_the_fallback_list_of_their_age_band(whole: Stages) -> None:
    shards = whole.buyers(WEEK)
    lists = pl.concat([stage.table("recommendations") for stage in recommend_fallback(whole, shards)]).collect()
    assert lists["score"].is_null().all()
    assert lists.group_by("customer").len()["len"].unique().to_list() == [12]
    by_band = lists.join(whole.dataset.customers.collect(), on="customer").group_by("age_band").agg(pl.col("article").n_unique())
    assert by_band["article"].unique().to_list() == [12]
