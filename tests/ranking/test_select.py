"""The best k of every customer, and what fills the gaps."""

from collections.abc import Callable
from datetime import date

import polars as pl
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from lookbook.data.dataset import Dataset
from lookbook.data.schema import RECOMMENDATIONS, conform
from lookbook.ranking.select import fallback_lists, new_places, select_top_k, select_with_new

SCORED = {"customer": pl.UInt32, "article": pl.UInt32, "score": pl.Float32, "rrf": pl.Float32}
CUSTOMERS = {"customer": pl.UInt32, "age_band": pl.UInt8}
FALLBACK = {"age_band": pl.UInt8, "article": pl.UInt32, "place": pl.UInt32}


def test_the_best_scores_come_first_and_ties_go_to_what_the_sources_put_first_then_to_the_smaller_article() -> None:
    rows = {"article": [9, 4, 7, 2, 5], "score": [0.5, 0.5, 0.9, 0.1, 0.5], "rrf": [0.3, 0.2, 0.1, 0.9, 0.2]}
    scored = pl.LazyFrame({"customer": [1] * 5, **rows}, schema=SCORED)
    customers = pl.LazyFrame({"customer": [1], "age_band": [None]}, schema=CUSTOMERS)
    fallback = pl.LazyFrame(schema=FALLBACK)
    after = pl.DataFrame(
        {"customer": [1] * 4, "article": [7, 9, 4, 5], "score": [0.9, 0.5, 0.5, 0.5], "rank": [1, 2, 3, 4]}, schema=RECOMMENDATIONS
    )
    assert_frame_equal(select_top_k(scored, customers, fallback, k=4).collect(), after)


def test_a_tie_at_the_cut_is_decided_by_the_smaller_article_in_any_input_order() -> None:
    customers = pl.LazyFrame({"customer": [1], "age_band": [None]}, schema=CUSTOMERS)
    for articles in (list(range(50)), list(range(50))[::-1]):
        scored = pl.LazyFrame({"customer": [1] * 50, "article": articles, "score": [0.5] * 50, "rrf": [0.1] * 50}, schema=SCORED)
        best = select_top_k(scored, customers, pl.LazyFrame(schema=FALLBACK), k=3).collect()
        assert best["article"].to_list() == [0, 1, 2]


def test_a_short_list_is_filled_from_the_customers_age_band_without_repeating_an_article() -> None:
    scored = pl.LazyFrame({"customer": [1], "article": [5], "score": [-2.0], "rrf": [0.1]}, schema=SCORED)
    customers = pl.LazyFrame({"customer": [1, 2, 3], "age_band": [4, 4, None]}, schema=CUSTOMERS)
    fallback = pl.LazyFrame(
        {"age_band": [4, 4, 4, None, None, None], "article": [5, 6, 7, 8, 9, 5], "place": [1, 2, 3, 1, 2, 3]}, schema=FALLBACK
    )
    after = pl.DataFrame(
        {
            "customer": [1, 1, 2, 2, 3, 3],
            "article": [5, 6, 5, 6, 8, 9],
            "score": [-2.0, None, None, None, None, None],
            "rank": [1, 2, 1, 2, 1, 2],
        },
        schema=RECOMMENDATIONS,
    )
    assert_frame_equal(select_top_k(scored, customers, fallback, k=2).collect(), after)


ROW = st.tuples(st.integers(0, 8), st.integers(0, 30), st.floats(-5, 5, width=32), st.sampled_from([0.25, 0.5]))


@given(st.lists(ROW, unique_by=lambda row: row[:2]))
def test_every_customer_gets_exactly_k_distinct_articles_in_any_input_order(rows: list[tuple[int, int, float, float]]) -> None:
    customers = pl.LazyFrame({"customer": range(9), "age_band": [None, 1, 2] * 3}, schema=CUSTOMERS)
    bands = [None, 1, 2]
    fallback = pl.LazyFrame(
        [(band, article, article + 1) for band in bands for article in range(24)], schema=FALLBACK, orient="row"
    )
    lists = select_top_k(pl.LazyFrame(rows, schema=SCORED, orient="row"), customers, fallback, k=12).collect()
    again = select_top_k(pl.LazyFrame(rows[::-1], schema=SCORED, orient="row"), customers, fallback, k=12).collect()
    assert_frame_equal(lists, again)
    conform(lists.lazy(), RECOMMENDATIONS, "recommendations")
    for _, one in lists.group_by("customer"):
        assert one["rank"].to_list() == list(range(1, 13))
        assert one["article"].n_unique() == 12
    assert lists["customer"].n_unique() == 9


def test_the_fallback_prefers_what_the_age_band_bought_lately_then_what_everybody_bought(
    make_dataset: Callable[..., Dataset],
) -> None:
    day = date(2020, 9, 1)
    transactions = pl.DataFrame(
        {
            "customer": [0, 0, 1, 1, 1, 2],
            "article": [3, 3, 1, 1, 1, 2],
            "date": [day, day, day, day, day, date(2020, 1, 1)],
        }
    )
    customers = pl.DataFrame({"customer": [0, 1, 2], "age_band": [1, None, 2]})
    articles = pl.DataFrame({"article": [0, 1, 2, 3, 4, 5]})
    history = make_dataset(transactions, customers, articles).before(date(2020, 9, 8))
    lists = fallback_lists(history, 2).collect()
    of_band = {band: lists.filter(pl.col("age_band").eq_missing(band))["article"].to_list() for band in (None, 1, 2)}
    assert of_band == {None: [1, 3, 2, 0], 1: [3, 1, 2, 0], 2: [1, 3, 2, 0]}


def test_articles_that_sold_alike_fall_back_in_the_order_of_their_ids(make_dataset: Callable[..., Dataset]) -> None:
    transactions = pl.DataFrame({"customer": [0], "article": [60], "date": [date(2020, 9, 1)]})
    articles = pl.DataFrame({"article": range(99, -1, -1)})
    lists = fallback_lists(make_dataset(transactions, None, articles).before(date(2020, 9, 8)), 4).collect()
    assert lists["article"].to_list() == [60, 0, 1, 2, 3, 4, 5, 6]


def test_the_fallback_ignores_sales_on_and_after_as_of(market: Dataset) -> None:
    as_of = date(2020, 8, 1)
    past_only = market.transactions.filter(pl.col("date") < as_of)
    emptied = Dataset(**{**vars(market), "transactions": past_only})
    assert_frame_equal(fallback_lists(market.before(as_of), 12).collect(), fallback_lists(emptied.before(as_of), 12).collect())


PAIRS = {"customer": pl.UInt32, "article": pl.UInt32}


def with_new(
    scored: list[tuple[int, float]], bought: list[int], fallback: list[int], *, k: int, share: float
) -> list[tuple[int, float | None]]:
    """Articles and scores of the list of customer 1. scored: article, score."""
    lists = select_with_new(
        pl.LazyFrame([(1, article, score, 0.5) for article, score in scored], schema=SCORED, orient="row"),
        pl.LazyFrame({"customer": [1], "age_band": [None]}, schema=CUSTOMERS),
        pl.LazyFrame([(None, article, place) for place, article in enumerate(fallback, 1)], schema=FALLBACK, orient="row"),
        pl.LazyFrame([(1, article) for article in bought], schema=PAIRS, orient="row"),
        k=k,
        share=share,
    ).collect()
    assert lists["rank"].to_list() == list(range(1, len(lists) + 1))
    return list(lists.select("article", "score").iter_rows())


RANKED = [(1, 0.875), (2, 0.75), (3, 0.625), (4, 0.5), (5, 0.375), (6, 0.25), (7, 0.125)]


def test_the_best_new_articles_replace_the_lowest_ranked_bought_ones_and_the_order_stays() -> None:
    bought = [1, 3, 4, 6]
    assert with_new(RANKED, bought, [], k=4, share=0.25) == [(1, 0.875), (2, 0.75), (3, 0.625), (4, 0.5)]  # one is new already
    assert with_new(RANKED, bought, [], k=4, share=0.5) == [(1, 0.875), (2, 0.75), (3, 0.625), (5, 0.375)]
    assert with_new(RANKED, bought, [], k=4, share=0.75) == [(1, 0.875), (2, 0.75), (5, 0.375), (7, 0.125)]


def test_a_share_of_the_places_is_rounded_up_as_it_is_written() -> None:
    assert [new_places(12, share) for share in (0.0, 1e-9, 0.25, 0.3, 1.0)] == [0, 1, 3, 4, 12]
    assert new_places(10, 0.7) == 7


def test_where_too_few_candidates_are_new_the_fallback_articles_that_are_new_come_last() -> None:
    found = with_new(RANKED[:3], [1, 2, 3, 8], [2, 8, 9, 10], k=3, share=0.6)
    assert found == [(1, 0.875), (9, None), (10, None)]


def test_where_nothing_else_is_new_bought_articles_stay_in_their_order() -> None:
    assert with_new(RANKED[:3], [1, 2, 3, 8], [8, 9], k=4, share=1.0) == [(1, 0.875), (2, 0.75), (3, 0.625), (9, None)]
    assert with_new([], [8, 9], [8, 9], k=2, share=1.0) == [(8, None), (9, None)]


BOUGHT = st.lists(st.tuples(st.integers(0, 8), st.integers(0, 40)), unique=True)


@given(st.lists(ROW, unique_by=lambda row: row[:2]), BOUGHT, st.sampled_from([0.0, 0.1, 0.5, 1.0]))
def test_enough_of_every_list_is_new_where_there_is_enough_and_a_share_of_0_changes_nothing(
    rows: list[tuple[int, int, float, float]], bought: list[tuple[int, int]], share: float
) -> None:
    k = 6
    scored = pl.LazyFrame(rows, schema=SCORED, orient="row")
    customers = pl.LazyFrame({"customer": range(9), "age_band": [None, 1, 2] * 3}, schema=CUSTOMERS)
    fallback = pl.LazyFrame([(band, a, a + 1) for band in (None, 1, 2) for a in range(12)], schema=FALLBACK, orient="row")
    seen = pl.LazyFrame(bought, schema=PAIRS, orient="row")
    lists = select_with_new(scored, customers, fallback, seen, k=k, share=share).collect()
    conform(lists.lazy(), RECOMMENDATIONS, "recommendations")
    plain = select_top_k(scored, customers, fallback, k=k).collect()
    if share == 0:
        assert_frame_equal(lists, plain)
    for customer in range(9):
        mine = {article for owner, article in bought if owner == customer}
        there = {article for owner, article, *_ in rows if owner == customer} | set(range(12))
        listed = lists.filter(customer=customer).sort("rank")
        articles = listed["article"].to_list()
        assert len(set(articles)) == len(articles) == k
        assert len(set(articles) - mine) >= min(new_places(k, share), len(there - mine))
        kept = [article for article in plain.filter(customer=customer).sort("rank")["article"] if article in articles]
        assert [article for article in articles if article in kept] == kept
        assert (
            listed["score"].to_list() == sorted(listed["score"].drop_nulls(), reverse=True) + [None] * listed["score"].null_count()
        )
