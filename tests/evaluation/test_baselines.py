from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from lookbook.data.dataset import Dataset, History
from lookbook.evaluation.baselines import BASELINES, HALF_LIFE_DAYS, MOST_BOUGHT_DAYS, article_popularity, baseline_recommendations
from lookbook.evaluation.recommendations import checked

MakeDataset = Callable[..., Dataset]
AS_OF = date(2020, 9, 22)
EVERYBODY = pl.Series("customer", range(60), dtype=pl.UInt32)


def history_of(make_dataset: MakeDataset, rows: list[tuple[int, int, int]]) -> History:
    """Rows of customer, article, days ago."""
    transactions = pl.DataFrame(
        [(c, a, AS_OF - timedelta(days=d)) for c, a, d in rows], schema=["customer", "article", "date"], orient="row"
    )
    return make_dataset(transactions).before(AS_OF)


def articles_for(frame: pl.LazyFrame, customer: int) -> list[int]:
    return frame.filter(pl.col("customer") == customer).sort("rank").collect()["article"].to_list()


def slow(name: str, history: History, customer: int, k: int) -> list[int]:
    rows = history.transactions.select("customer", "article", "days_ago").collect().rows()
    recent = {(c, a) for c, a, d in rows if d <= 28}
    buyers, ever = Counter(a for _, a in recent), Counter(a for _, a, _ in rows)
    popular = sorted(ever, key=lambda a: (-buyers[a], -ever[a], a))
    days = {(a, d) for c, a, d in rows if c == customer}
    count = Counter(a for a, d in days if d <= MOST_BOUGHT_DAYS)
    last = {a: min(d for b, d in days if b == a) for a, _ in days}
    weight = Counter[int]()
    for a, d in days:
        weight[a] += round(0.5 ** (d / HALF_LIFE_DAYS) * 2**20)
    own = {
        "popularity": [],
        "repurchase_popularity": sorted(count, key=lambda a: (-weight[a], a)),
        "most_bought": sorted(count, key=lambda a: (-count[a], last[a], a)),
    }[name]
    return [*own, *(a for a in popular if a not in own)][:k]


@pytest.mark.parametrize("name", BASELINES)
def test_baselines_equal_a_slow_reference(market: Dataset, name: str) -> None:
    history = market.before(market.last_day)
    found = baseline_recommendations(history, EVERYBODY, k=12)[name].collect().lazy()
    for customer in range(60):
        assert articles_for(found, customer) == slow(name, history, customer, 12)


@pytest.mark.parametrize("name", BASELINES)
def test_every_customer_gets_k_distinct_articles_even_without_history(market: Dataset, name: str) -> None:
    history = market.before(market.last_day)
    lists = checked(baseline_recommendations(history, EVERYBODY, k=12)[name], k=12, customers=EVERYBODY)
    unknown = lists.filter(pl.col("customer") == 59)
    assert unknown["article"].to_list() == article_popularity(history).head(12).collect()["article"].to_list()
    assert unknown["score"].null_count() == 12


@pytest.mark.parametrize("name", BASELINES)
def test_baselines_are_the_same_bytes_in_any_row_order(market: Dataset, name: str) -> None:
    history = market.before(market.last_day)
    plain = baseline_recommendations(history, EVERYBODY, k=12)[name].collect()
    mixed = market.transactions.collect().sample(fraction=1, shuffle=True, seed=4).lazy()
    shuffled = Dataset("mixed", "", market.first_day, market.last_day, mixed, market.customers, market.articles)
    again = baseline_recommendations(shuffled.before(market.last_day), EVERYBODY.reverse(), k=12)[name].collect()
    assert_frame_equal(again, plain, check_exact=True)


def test_most_bought_counts_days_and_breaks_ties_by_the_latest_then_the_smaller_article(make_dataset: MakeDataset) -> None:
    rows = [(1, 4, 9), (1, 4, 9), (1, 3, 8), (1, 2, 8), (1, 7, 30), (1, 7, 20), (2, 9, 1)]
    found = baseline_recommendations(history_of(make_dataset, rows), pl.Series([1]), k=5)["most_bought"]
    assert articles_for(found, 1) == [7, 2, 3, 4, 9]


def test_most_bought_counts_the_last_180_days_only(make_dataset: MakeDataset) -> None:
    rows = [(1, 4, 181), (1, 4, 182), (1, 5, 180), (1, 6, 3)]
    found = baseline_recommendations(history_of(make_dataset, rows), pl.Series([1]), k=2)["most_bought"]
    assert articles_for(found, 1) == [6, 5]


def test_repurchase_prefers_the_recent_and_two_old_purchases_to_one_as_old(make_dataset: MakeDataset) -> None:
    rows = [(1, 4, 200), (1, 5, 1), (1, 6, 200), (1, 6, 199)]
    found = baseline_recommendations(history_of(make_dataset, rows), pl.Series([1]), k=3)["repurchase_popularity"]
    assert articles_for(found, 1) == [5, 6, 4]


def test_popularity_counts_buyers_of_28_days_and_knows_articles_sold_before(make_dataset: MakeDataset) -> None:
    rows = [(1, 1, 1), (1, 1, 2), (1, 1, 3), (1, 2, 28), (2, 2, 27), (3, 3, 29), (4, 3, 29), (1, 4, 40)]
    found = article_popularity(history_of(make_dataset, rows)).collect()
    assert found.rows() == [(2, 2, 1), (1, 1, 2), (3, 0, 3), (4, 0, 4)]
