"""Long tail and life cycle on tables small enough to count by hand."""

from collections.abc import Callable
from datetime import date, timedelta

import polars as pl
import pytest

from lookbook.data.dataset import Dataset
from lookbook.data.profile.article_sales import gini, life_cycle, long_tail, top_share, transactions_per_article
from lookbook.data.profile.counting import Counts, count

MakeDataset = Callable[..., Dataset]
LAST_DAY = date(2020, 9, 22)


def counts_of(rows: list[tuple[int, int]], make_dataset: MakeDataset) -> Counts:
    """rows: (article, days before the last day)."""
    sales = [(place, article, LAST_DAY - timedelta(days=ago)) for place, (article, ago) in enumerate(rows)]
    return count(make_dataset(pl.DataFrame(sales, schema=["customer", "article", "date"], orient="row")))


def test_the_long_tail_starts_at_the_best_seller_and_ends_at_everything(make_dataset: MakeDataset) -> None:
    counts = counts_of([(1, 0)] * 6 + [(2, 0)] * 3 + [(3, 0), (4, 0)], make_dataset)
    tail = long_tail(counts)
    assert tail.height == 101
    assert tail.filter(pl.col("articles") == 1).select("purchases", "purchases_share").unique().rows() == [(6, 6 / 11)]
    assert tail.row(0) == (0, 0.0, 0, 0.0)
    assert tail.row(50) == (2, 0.5, 9, 9 / 11)
    assert tail.row(100) == (4, 1.0, 11, 1.0)
    assert transactions_per_article(counts).rows() == [(1.0, 2), (3.0, 1), (6.0, 1)]
    assert (top_share(counts, 2), top_share(counts, 12)) == (9 / 11, 1.0)


@pytest.mark.parametrize("sold", [[1, 1, 1, 1], [5], [1, 2, 3, 10], [1, 1, 1, 97]])
def test_gini_is_half_the_mean_difference_over_the_mean(make_dataset: MakeDataset, sold: list[int]) -> None:
    counts = counts_of([(article, 0) for article, times in enumerate(sold) for _ in range(times)], make_dataset)
    differences = sum(abs(a - b) for a in sold for b in sold) / len(sold) ** 2
    assert gini(counts) == pytest.approx(differences / (2 * sum(sold) / len(sold)))


def test_a_life_starts_with_the_week_of_the_first_sale(make_dataset: MakeDataset) -> None:
    week = 7
    old = [(1, 8 * week), (1, 8 * week), (1, 0)]
    new = [(2, 4 * week), (2, 3 * week), (2, 3 * week - 1), (2, 0), (3, week), (3, week), (3, 0)]
    found = life_cycle(counts_of(old + new, make_dataset))
    assert found.rows() == [
        (0, 5, 0.5, 2, 1.5),
        (1, 2, 0.2, 2, 1.0),
        (2, 1, 0.1, 1, 1.0),
        (3, 0, 0.0, 1, 0.0),
        (4, 1, 0.1, 1, 1.0),
        *((age, 0, 0.0, 0, None) for age in (5, 6, 7)),
        (8, 1, 0.1, 0, None),
    ]


def test_an_article_is_new_four_weeks_after_the_data_begin(make_dataset: MakeDataset) -> None:
    for weeks_later, new in ((3, 0), (4, 1)):
        counts = counts_of([(1, 70), (2, 70 - 7 * weeks_later)], make_dataset)
        assert life_cycle(counts)["new_articles"][0] == new
