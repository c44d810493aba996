from math import log2

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from lookbook.data.schema import LABELS, RECOMMENDATIONS
from lookbook.evaluation.beyond_accuracy import BIT, INFORMATION, LIST_TOTALS, information, list_totals

Lists = dict[int, list[int]]
Bought = dict[int, set[int]]
Sales = list[tuple[int, int, int]]
"""customer, article, day."""


def recommended(lists: Lists) -> pl.LazyFrame:
    rows = [(c, a, 0.0, rank) for c, articles in lists.items() for rank, a in enumerate(articles, start=1)]
    return pl.LazyFrame(rows, schema=RECOMMENDATIONS, orient="row")


def pairs(bought: Bought) -> pl.LazyFrame:
    return pl.LazyFrame([(c, a) for c, articles in bought.items() for a in articles], schema=LABELS, orient="row")


def known(sales: Sales, make_dataset, catalogue: int) -> pl.DataFrame:
    """INFORMATION on day 50 of 1..60, after purchases of customer 0 on the first and the last day."""
    days = pl.date_range(pl.date(2020, 1, 1), pl.date(2020, 2, 29), eager=True)
    rows = pl.DataFrame([(c, a, days[day - 1]) for c, a, day in sales], schema=["customer", "article", "date"], orient="row")
    articles = pl.DataFrame({"article": range(catalogue)})
    history = make_dataset(rows, articles=articles).before(days[49])
    return information(history).collect()


def test_information_is_in_bits_of_the_share_of_buyers_and_an_article_without_any_counts_as_bought_once(make_dataset) -> None:
    sales = [(c, 0, 1) for c in range(8)] + [(0, 1, 2), (1, 1, 3), (1, 1, 4), (2, 2, 5), (3, 3, 55)]
    expected = pl.DataFrame(
        {"article": [0, 1, 2, 3, 4], "information": [0, 2 * BIT, 3 * BIT, 3 * BIT, 3 * BIT]}, schema=INFORMATION
    )
    assert_frame_equal(known(sales, make_dataset, 5), expected)


def test_a_share_that_is_no_power_of_two_is_kept_to_a_millionth_of_a_bit(make_dataset) -> None:
    found = known([(0, 0, 1), (1, 0, 1), (2, 1, 1)], make_dataset, 2)
    assert found["information"].to_list() == pytest.approx([BIT * log2(3 / 2), BIT * log2(3)], abs=0.5)


def test_places_new_ones_and_information_are_counted_in_the_first_k_and_a_customer_without_a_list_has_none() -> None:
    told = pl.LazyFrame({"article": [1, 2, 3, 4], "information": [10, 20, 30, 40]}, schema=INFORMATION)
    lists = recommended({1: [1, 2, 3], 2: [4], 9: [1]})
    found = list_totals(lists, pairs({1: {1, 2}, 2: {3}, 3: {3}}), pairs({1: {2, 4}, 2: {4}, 3: {1}}), told, k=2)
    expected = pl.DataFrame(
        {"customer": [1, 2, 3], "n_labels": [2, 1, 1], "places": [2, 1, 0], "new": [1, 0, 0], "information": [30, 40, 0]},
        schema=LIST_TOTALS,
    )
    assert_frame_equal(found.collect(), expected)


article = st.integers(0, 12)
lists_of = st.dictionaries(st.integers(0, 6), st.lists(article, max_size=8, unique=True))
bought_by = st.dictionaries(st.integers(0, 6), st.sets(article, max_size=8))
labels_of = st.dictionaries(st.integers(0, 6), st.sets(article, min_size=1, max_size=4), min_size=1)


@settings(deadline=None)
@given(lists_of, labels_of, bought_by, st.lists(st.integers(0, 1 << 30), min_size=13, max_size=13), st.integers(1, 8))
def test_totals_equal_a_slow_reference_in_any_order_of_rows(
    lists: Lists, labels: Bought, before: Bought, bits: list[int], k: int
) -> None:
    told = pl.LazyFrame({"article": range(13), "information": bits}, schema=INFORMATION)
    tables = [recommended(lists), pairs(labels), pairs(before), told]
    mixed = [table.collect().sample(fraction=1, shuffle=True, seed=k).lazy() for table in tables]
    rows = list_totals(*mixed, k=k).collect().rows()
    assert rows == [
        (
            customer,
            len(bought),
            len(shown := lists.get(customer, [])[:k]),
            sum(each not in before.get(customer, set()) for each in shown),
            sum(bits[each] for each in shown),
        )
        for customer, bought in sorted(labels.items())
    ]
