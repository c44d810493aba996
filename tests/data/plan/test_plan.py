"""What a History shows of a plan."""

from dataclasses import replace
from datetime import date

import polars as pl
from polars.testing import assert_frame_equal

from lookbook.data.dataset import Dataset
from lookbook.data.plan.plan import Plan
from lookbook.data.schema import KNOWN_PLAN, PLAN

AS_OF = date(2020, 9, 16)


def planned(market: Dataset, *rows: tuple[int, str, str, str]) -> Dataset:
    """rows: article, first day, last day and known from, as days of September 2020."""
    days = [(article, 1, *(date.fromisoformat(f"2020-09-{day}") for day in days[:2]), 0.5, days[2]) for article, *days in rows]
    table = [(*row[:5], date.fromisoformat(f"2020-09-{row[5]}")) for row in days]
    return replace(market, plan=Plan(("display",), "of a test", pl.LazyFrame(table, schema=PLAN, orient="row")))


def test_a_history_shows_what_was_known_before_its_day_whenever_it_begins(market: Dataset) -> None:
    dataset = planned(
        market,
        (1, "17", "23", "15"),
        (2, "17", "23", "16"),
        (3, "10", "16", "15"),
        (4, "01", "02", "17"),
        (5, "01", "02", "01"),
    )
    shown = dataset.before(AS_OF).plan
    assert shown is not None
    after = pl.DataFrame(
        [(1, 1, 1, 7, 0.5), (3, 1, -6, 0, 0.5), (5, 1, -15, -14, 0.5)],
        schema=KNOWN_PLAN,
        orient="row",
    )
    assert_frame_equal(shown.collect(), after)


def test_a_shard_and_a_held_history_keep_the_whole_plan(market: Dataset) -> None:
    history = planned(market, (1, "17", "23", "15")).before(AS_OF)
    for narrowed in (history.of(pl.Series("customer", [3], dtype=pl.UInt32)), history.held()):
        assert narrowed.plan is history.plan


def test_on_an_earlier_evening_what_was_planned_later_is_hidden(market: Dataset) -> None:
    earlier = planned(market, (1, "20", "21", "10"), (2, "20", "21", "11")).until(date(2020, 9, 10))
    assert earlier.plan is not None
    assert earlier.plan.rows.collect()["article"].to_list() == [1]


def test_without_a_plan_a_history_has_none(market: Dataset) -> None:
    assert market.before(AS_OF).plan is None
    assert market.until(AS_OF).plan is None
