from collections.abc import Callable
from dataclasses import replace
from datetime import date

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from lookbook.data.dataset import Dataset
from lookbook.evaluation.baselines.baseline import Known
from lookbook.evaluation.baselines.registry import BASELINES, baseline_recommendations, published
from lookbook.evaluation.recommendations import checked

EVERYBODY = pl.Series("customer", range(60), dtype=pl.UInt32)
NOBODY = [57, 58, 59]
"""Customers of the market who never buy."""

every_baseline = pytest.mark.parametrize("name", BASELINES)


def lists(dataset: Dataset, name: str, as_of: date, customers: pl.Series = EVERYBODY) -> pl.DataFrame:
    known = Known.of(dataset.before(as_of))
    return baseline_recommendations(known, customers, published([name]), k=12)[name].collect()


@every_baseline
def test_every_customer_gets_k_distinct_articles_on_ranks_without_gap(market: Dataset, name: str) -> None:
    checked(lists(market, name, market.last_day).lazy(), k=12, customers=EVERYBODY)


@every_baseline
def test_who_never_bought_gets_what_is_popular_without_a_score(market: Dataset, name: str) -> None:
    popular = Known.of(market.before(market.last_day)).popular["article"].head(12).to_list()
    found = lists(market, name, market.last_day).filter(pl.col("customer").is_in(NOBODY)).sort("customer", "rank")
    assert found["article"].to_list() == 3 * popular
    if name != "blended":  # whose scores hold popularity
        assert found["score"].null_count() == 36


@every_baseline
def test_lists_are_the_same_bytes_in_any_row_order(market: Dataset, name: str) -> None:
    mixed = replace(market, transactions=market.transactions.collect().sample(fraction=1, shuffle=True, seed=4).lazy())
    again = lists(mixed, name, market.last_day, EVERYBODY.reverse())
    assert_frame_equal(again, lists(market, name, market.last_day), check_exact=True)


@every_baseline
def test_nothing_from_as_of_on_is_known(market: Dataset, name: str, scramble_from: Callable[[Dataset, date], Dataset]) -> None:
    as_of = date(2020, 9, 1)
    plain = lists(market, name, as_of)
    assert_frame_equal(lists(scramble_from(market, as_of), name, as_of), plain, check_exact=True)
    past = replace(market, transactions=market.transactions.filter(pl.col("date") < as_of))
    assert_frame_equal(lists(past, name, as_of), plain, check_exact=True)


@every_baseline
def test_a_customer_gets_the_same_list_whoever_else_is_asked_for(market: Dataset, name: str) -> None:
    few = pl.Series("customer", [5, 40, 59], dtype=pl.UInt32)
    alone = lists(market, name, market.last_day, few)
    assert_frame_equal(alone, lists(market, name, market.last_day).filter(pl.col("customer").is_in(few.implode())))


@every_baseline
def test_parameters_tried_differ_and_are_told_by_their_fields(name: str) -> None:
    tried = BASELINES[name].tried()
    assert len(set(tried)) == len(tried)
    assert all(type(each) is BASELINES[name] and each.name == name for each in tried)


def test_baselines_made_together_are_those_made_alone(market: Dataset) -> None:
    known = Known.of(market.before(market.last_day))
    together = baseline_recommendations(known, EVERYBODY, published(BASELINES), k=12)
    assert list(together) == list(BASELINES)
    for name, found in together.items():
        assert_frame_equal(found.collect(), lists(market, name, market.last_day), check_exact=True)


def test_a_market_with_fewer_articles_gives_shorter_lists(make_dataset: Callable[..., Dataset]) -> None:
    tiny = make_dataset(
        pl.DataFrame({"customer": [0, 1, 0], "article": [0, 1, 1], "date": [date(2020, 9, day) for day in (1, 2, 9)]})
    )
    for name in BASELINES:
        assert lists(tiny, name, date(2020, 9, 9), pl.Series([0, 1], dtype=pl.UInt32)).group_by("customer").len()[
            "len"
        ].to_list() == [2, 2]
