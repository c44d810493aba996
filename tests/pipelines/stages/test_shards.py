"""Customers in shards, some of them ranked, and what is kept of those."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookbook.data.dataset import Dataset
from lookbook.data.windows import Window
from lookbook.pipelines.settings.config import choose_sources, load_settings
from lookbook.pipelines.stages.artifacts import Artifacts
from lookbook.pipelines.stages.rank import fit_and_rank
from lookbook.pipelines.stages.retrieve import pairs
from lookbook.pipelines.stages.shards import active_customers, everybody, shards_of, targets
from lookbook.pipelines.stages.system import System
from lookbook.pipelines.terminal.progress import Reporter
from lookbook.ranking.select import fallback_lists

WEEK = Window(date(2020, 9, 16))
SMALL = {
    "run.shard_customers": 25,
    "ranking.training_weeks": 2,
    "ranking.lambdarank.min_examples_in_leaf": 5,
    "ranking.lambdarank.max_trees": 3,
    "ranking.lambdarank.early_stopping_rounds": 30,
}


@pytest.fixture
def sleepy(market: Dataset) -> Dataset:
    """Every third customer bought nothing in the last 20 days before the week."""
    awake = (pl.col("customer") % 3 != 0) | (pl.col("date") < WEEK.as_of - timedelta(days=20))
    return replace(market, digest="sleepy", transactions=market.transactions.filter(awake))


def opened(market: Dataset, root: Path, **overrides: object) -> System:
    settings = choose_sources(load_settings(overrides={**SMALL, **overrides}), only="repurchase,popularity", drop=None)
    return System(market, root, settings, Artifacts(root / "cache", Reporter("quiet")), "cpu", WEEK.earlier(2))


def lists_of(system: System) -> pl.DataFrame:
    ranked = fit_and_rank(system, targets(system, [], final=WEEK)[0], trees=3)
    return pl.concat([stage.table("recommendations") for stage in ranked.recommendations]).collect()


@given(st.sets(st.integers(0, 300)), st.integers(1, 40), st.sets(st.integers(0, 300)))
def test_every_customer_is_served_in_one_shard_and_ranked_where_active(people: set[int], size: int, active: set[int]) -> None:
    customers = pl.Series("customer", sorted(people), dtype=pl.UInt32)
    shards = shards_of(customers, WEEK, size=size, active=pl.Series(sorted(active), dtype=pl.UInt32))
    assert shards
    assert pl.concat([shard.served for shard in shards]).to_list() == sorted(people)
    assert pl.concat([shard.customers for shard in shards]).to_list() == sorted(people & active)
    assert all(len(shard.served) <= size for shard in shards)


def test_active_customers_bought_in_the_weeks_before_the_window(sleepy: Dataset) -> None:
    bought = sleepy.transactions.collect()
    days = (pl.lit(WEEK.as_of) - pl.col("date")).dt.total_days()
    expected = bought.filter(days.is_between(1, 14))["customer"].unique().sort()
    assert active_customers(sleepy, WEEK, weeks=2).to_list() == expected.to_list()
    assert 0 < len(expected) < bought["customer"].n_unique()


def test_customers_out_of_scope_get_the_fallback_list_of_their_age_band(sleepy: Dataset, tmp_path: Path) -> None:
    system = opened(sleepy, tmp_path, **{"run.rank_scope": "active", "run.active_weeks": 2})
    lists = lists_of(system)
    active = active_customers(sleepy, WEEK, weeks=2)
    others = lists.filter(~pl.col("customer").is_in(active.implode()))
    assert others["score"].null_count() == len(others)
    assert set(others["customer"]) | set(active) == set(sleepy.customers.collect()["customer"])
    fallback = fallback_lists(sleepy.before(WEEK.as_of), 12).filter(pl.col("place") <= 12)
    expected = sleepy.customers.join(fallback, on="age_band", nulls_equal=True).select("customer", "article", rank="place")
    assert (
        others.select("customer", "article", pl.col("rank").cast(pl.UInt32))
        .sort("customer", "rank")
        .equals(
            expected.join(others.lazy().select("customer").unique(), on="customer", how="semi").sort("customer", "rank").collect()
        )
    )
    assert lists.filter(pl.col("customer").is_in(active.implode()))["score"].null_count() < len(active) * 12


def test_a_scope_without_any_active_customer_still_serves_everybody(sleepy: Dataset, tmp_path: Path) -> None:
    system = opened(sleepy, tmp_path, **{"run.rank_scope": "active", "run.active_weeks": 1})
    (target,) = targets(system, [], final=WEEK)
    shard = replace(target.shards[0], customers=pl.Series("customer", [], dtype=pl.UInt32))
    ranked = fit_and_rank(system, replace(target, shards=[shard]), trees=3)
    assert ranked.recommendations[0].table("recommendations").collect()["customer"].n_unique() == len(shard.served)


@pytest.mark.parametrize("scope", ["all", "active"])
def test_lists_are_the_same_whether_the_candidates_are_kept_or_not(sleepy: Dataset, tmp_path: Path, scope: str) -> None:
    kept = opened(sleepy, tmp_path / "kept", **{"run.rank_scope": scope})
    passing = opened(sleepy, tmp_path / "passing", **{"run.rank_scope": scope, "run.cache_features": False})
    assert lists_of(kept).equals(lists_of(passing))
    written = {name: list((tmp_path / name / "cache" / "features").glob("*")) for name in ("kept", "passing")}
    assert written["kept"]
    assert not written["passing"]
    keys = [[pairs(system, shard).key for shard in everybody(system, WEEK)] for system in (kept, passing)]
    assert keys[0] == keys[1]
    assert not list((tmp_path / "passing" / "cache" / "retrieve" / "merge").glob(f"{keys[1][0]}*"))


def test_a_week_in_which_the_shop_was_closed_gives_its_place_to_an_older_one(market: Dataset, tmp_path: Path) -> None:
    closed = WEEK.earlier(2)
    open_days = ~pl.col("date").is_between(closed.as_of, closed.end - timedelta(days=1))
    gap = replace(market, transactions=market.transactions.filter(open_days), digest="gap")
    (usual,), (found,) = (targets(opened(dataset, tmp_path), [WEEK]) for dataset in (market, gap))
    assert [week[0].window for week in usual.training] == [WEEK.earlier(2), WEEK.earlier(1)]
    assert [week[0].window for week in found.training] == [WEEK.earlier(3), WEEK.earlier(1)]


def test_many_closed_weeks_are_told_in_one_sentence(market: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    since = WEEK.earlier(5).as_of
    open_days = ~pl.col("date").is_between(since, WEEK.earlier(2).end, closed="left")
    gap = replace(market, transactions=market.transactions.filter(open_days), digest="closed for weeks")
    system = replace(opened(gap, tmp_path), artifacts=Artifacts(tmp_path / "cache", Reporter("plain")))
    targets(system, [WEEK])
    said = f"no purchases in 4 weeks, the first of {since}, the last of {WEEK.earlier(2).as_of}: not training weeks\n"
    assert capsys.readouterr().err == said


def test_no_training_week_lies_before_the_data(market: Dataset, tmp_path: Path) -> None:
    first = WEEK.earlier(2).end - timedelta(days=3)
    short = replace(market, transactions=market.transactions.filter(pl.col("date") >= first), digest="short")
    (found,) = targets(opened(short, tmp_path), [WEEK])
    assert [week[0].window for week in found.training] == [WEEK.earlier(1)]


def test_a_training_week_shared_by_two_targets_is_the_same(market: Dataset, tmp_path: Path) -> None:
    test, final = targets(opened(market, tmp_path), [WEEK], final=WEEK.earlier(-1))
    assert final.training[-1] is test.shards
    assert final.training[0] is test.training[-1]
    assert sum(len(shard.served) for shard in final.shards) == 60 > sum(len(shard.served) for shard in test.shards)
