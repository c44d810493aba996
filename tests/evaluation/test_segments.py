from collections.abc import Callable
from datetime import date, timedelta

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from lookbook.data.dataset import Dataset
from lookbook.evaluation.segments import (
    ALL,
    RECENCY_SEGMENTS,
    customer_segments,
    first_sale_segments,
    frequency_segments,
    purchase_segments,
    segment_members,
)

MakeDataset = Callable[..., Dataset]
AS_OF = date(2020, 9, 22)


def bought(days_ago: list[tuple[int, int]]) -> pl.DataFrame:
    return pl.DataFrame(
        {"customer": [c for c, _ in days_ago], "article": 1, "date": [AS_OF - timedelta(days=d) for _, d in days_ago]}
    )


def test_borders_belong_to_the_more_recent_segment(make_dataset: MakeDataset) -> None:
    days = {1: 1, 2: 7, 3: 8, 4: 30, 5: 31, 6: 90, 7: 91, 8: 400}
    history = make_dataset(bought(list(days.items()))).before(AS_OF)
    found = customer_segments(history, pl.Series([9, 8, 7, 6, 5, 4, 3, 2, 1])).collect()
    expected = pl.DataFrame(
        {
            "customer": list(range(1, 10)),
            "segment": ["<=7", "<=7", "8-30", "8-30", "31-90", "31-90", ">90", ">90", "never"],
        },
        schema={"customer": pl.UInt32, "segment": pl.String},
    )
    assert_frame_equal(found, expected)


def test_the_last_purchase_counts_and_those_of_the_label_week_do_not(make_dataset: MakeDataset) -> None:
    history = make_dataset(bought([(1, 50), (1, 9), (1, 200), (2, 0), (3, 40), (3, 0)])).before(AS_OF)
    found = customer_segments(history, pl.Series([1, 2, 3])).collect()
    assert found["segment"].to_list() == ["8-30", "never", "31-90"]


def test_purchase_days_of_the_last_90_count_once_each(make_dataset: MakeDataset) -> None:
    counts = {1: 5, 2: 6, 3: 10, 4: 11, 5: 20, 6: 21, 7: 35, 8: 36}
    rows = [(customer, day) for customer, days in counts.items() for day in range(1, days + 1)]
    too_old_or_late = [(1, 91), (1, 0), (9, 91), (2, 3)]
    history = make_dataset(bought([*rows, *too_old_or_late])).before(AS_OF)
    found = frequency_segments(history, pl.Series(range(1, 11))).collect()
    assert found["segment"].to_list() == ["<=5", "6-10", "6-10", "11-20", "11-20", "21-35", "21-35", ">35", "<=5", "<=5"]


def test_purchases_before_as_of_are_counted_each(make_dataset: MakeDataset) -> None:
    history = make_dataset(
        bought([(1, 400), (2, 1), (2, 1), (3, 1), (3, 1), (3, 9), (4, 0), (4, 0), (5, 3), (5, 0), (5, 0)])
    ).before(AS_OF)
    found = purchase_segments(history, pl.Series([6, 5, 4, 3, 2, 1])).collect()
    assert found["segment"].to_list() == ["1-2", "1-2", ">2", "none", "1-2", "none"]


def test_articles_are_told_apart_by_their_first_sale_before_as_of(make_dataset: MakeDataset) -> None:
    days = {1: [0], 2: [1], 3: [7, 0], 4: [7, 8], 5: [8], 6: [400, 1], 7: []}
    rows = [(article, AS_OF - timedelta(days=ago)) for article, sold in days.items() for ago in sold]
    sales = pl.DataFrame(rows, schema=["article", "date"], orient="row").with_columns(customer=pl.lit(1))
    market = make_dataset(sales, articles=pl.DataFrame({"article": list(days)[::-1]}))
    found = first_sale_segments(market.before(AS_OF)).collect()
    assert found["article"].to_list() == list(days)
    assert found["segment"].to_list() == ["never", "<=7", "<=7", ">7", ">7", ">7", "never"]


@pytest.mark.parametrize("others", [[], ["a", "b"]])
def test_members_come_for_all_first_then_by_recency(others: list[str]) -> None:
    names = [*others[::-1], *RECENCY_SEGMENTS[::-1]]
    segmented = pl.DataFrame({"customer": range(len(names)), "segment": names})
    members = {segment: frame["customer"].to_list() for segment, frame in segment_members(segmented)}
    assert list(members) == [ALL, *RECENCY_SEGMENTS, *others]
    assert members[ALL] == list(range(len(names)))
    assert [ids for name, ids in members.items() if name != ALL] == [[names.index(s)] for s in (*RECENCY_SEGMENTS, *others)]
