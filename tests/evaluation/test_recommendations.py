import polars as pl
import pytest
from polars.testing import assert_frame_equal

from lookbook.data.schema import CANDIDATES, RECOMMENDATIONS, SchemaError
from lookbook.evaluation.recommendations import RecommendationError, checked, top_of

GOOD = [(1, 5, 2.0, 1), (1, 6, 1.0, 2), (2, 5, None, 1), (2, 7, None, 2)]


def lists(rows: list[tuple[int, int, float | None, int]]) -> pl.LazyFrame:
    return pl.LazyFrame(rows, schema=RECOMMENDATIONS, orient="row")


def test_good_lists_come_back_sorted_by_customer_and_rank() -> None:
    found = checked(lists(GOOD[::-1]), k=2, customers=pl.Series([2, 1]))
    assert_frame_equal(found, lists(GOOD).collect())


@pytest.mark.parametrize(
    ("rows", "rule"),
    [
        ([(1, 5, 2.0, 0), (1, 6, 1.0, 1)], "ranks must start at 1"),
        ([(1, 5, 2.0, 1), (1, 6, 1.0, 1)], "without gap or tie"),
        ([(1, 5, 2.0, 1), (1, 6, 1.0, 3)], "without gap or tie"),
        ([(1, 5, 2.0, 1), (1, 5, 1.0, 2)], "distinct"),
        ([(1, 5, 2.0, 1), (1, 6, 1.0, 2), (1, 7, 0.0, 3)], "at most 2"),
    ],
)
def test_a_broken_list_is_refused_with_its_rule_and_customer(rows: list[tuple[int, int, float, int]], rule: str) -> None:
    with pytest.raises(RecommendationError, match=f"{rule}.*first 1"):
        checked(lists(rows), k=2)


@pytest.mark.parametrize(
    ("customers", "rule"),
    [
        ([1, 2, 3], "every customer must have a list; broken by 1 customers, first 3"),
        ([1], "no list for a customer who was not asked for; broken by 1 customers, first 2"),
    ],
)
def test_exactly_the_customers_asked_for_must_have_a_list(customers: list[int], rule: str) -> None:
    with pytest.raises(RecommendationError, match=rule):
        checked(lists(GOOD), k=2, customers=pl.Series(customers))


def test_a_short_list_passes_alone_but_not_for_asked_customers() -> None:
    short = lists(GOOD[:3])
    assert len(checked(short, k=2)) == 3
    with pytest.raises(RecommendationError, match="exactly 2 articles; broken by 1 customers, first 2"):
        checked(short, k=2, customers=pl.Series([1, 2]))


def test_a_wrong_type_is_refused() -> None:
    with pytest.raises(SchemaError, match="rank"):
        checked(lists(GOOD).with_columns(pl.col("rank").cast(pl.Int64)), k=2)


def test_a_source_alone_recommends_its_best_candidates() -> None:
    candidates = pl.LazyFrame([(2, 9, 0.5, 1), (1, 6, 0.1, 300), (1, 7, 0.8, 2), (1, 5, 0.9, 1)], schema=CANDIDATES, orient="row")
    assert_frame_equal(top_of(candidates, 2).collect(), lists([(1, 5, 0.9, 1), (1, 7, 0.8, 2), (2, 9, 0.5, 1)]).collect())
