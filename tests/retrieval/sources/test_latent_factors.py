from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from lookbook.data.dataset import Dataset
from lookbook.retrieval.source import CandidateSource

AS_OF = date(2020, 9, 23)
Retrieve = Callable[..., tuple[dict[str, pl.DataFrame], pl.DataFrame]]
WithSettings = Callable[..., CandidateSource]

every_method = pytest.mark.parametrize("method", ["svd", "als"])

TWO_TASTES = [(c, a, 1) for c in range(8) for a in range(5) if (c, a) != (7, 4)] + [
    (c, a, 1) for c in range(8, 16) for a in range(5, 10)
]
"""Customers 0 to 7 buy articles 0 to 4, but 7 has not bought 4; the others buy 5 to 9."""


@pytest.fixture
def shop_of(make_dataset: Callable[..., Dataset]) -> Callable[[list[tuple[int, int, int]]], Dataset]:
    def build(rows: list[tuple[int, int, int]]) -> Dataset:
        """rows: customer, article, days_ago."""
        bought = pl.DataFrame(
            [(c, a, AS_OF - timedelta(days=d)) for c, a, d in rows], schema=["customer", "article", "date"], orient="row"
        )
        return make_dataset(bought)

    return build


def first(found: pl.DataFrame, customer: int, count: int) -> list[int]:
    return found.filter(pl.col("customer") == customer)["article"].to_list()[:count]


@every_method
def test_an_article_of_the_customers_taste_comes_before_those_of_another(
    method: str, shop_of: Callable[..., Dataset], retrieve: Retrieve, with_settings: WithSettings
) -> None:
    source = with_settings("latent_factors", method=method, factors=2, l2=0.1)
    found = retrieve(source, shop_of(TWO_TASTES), AS_OF)[1]
    assert sorted(first(found, 7, 5)) == [0, 1, 2, 3, 4]
    assert sorted(first(found, 12, 5)) == [5, 6, 7, 8, 9]


@every_method
def test_an_article_that_is_off_sale_is_no_candidate_and_shapes_the_others(
    method: str, shop_of: Callable[..., Dataset], retrieve: Retrieve, with_settings: WithSettings
) -> None:
    rows = [(c, a, 40 if a == 0 else 1) for c, a, _ in TWO_TASTES]
    learned, found = retrieve(with_settings("latent_factors", method=method, factors=2, l2=0.1), shop_of(rows), AS_OF)
    assert 0 not in found["article"]
    assert learned["article_factors"]["id"].to_list() == list(range(10))


@every_method
def test_what_was_bought_before_history_days_is_forgotten(
    method: str, shop_of: Callable[..., Dataset], retrieve: Retrieve, with_settings: WithSettings
) -> None:
    source = with_settings("latent_factors", method=method, factors=2, history_days=30)
    with_old = retrieve(source, shop_of([*TWO_TASTES, (3, 8, 31), (20, 8, 31)]), AS_OF)
    without = retrieve(source, shop_of(TWO_TASTES), AS_OF)
    assert_frame_equal(with_old[0]["article_factors"], without[0]["article_factors"])
    assert_frame_equal(with_old[1], without[1])


@every_method
def test_a_customer_who_came_after_learning_gets_what_fits_their_purchases(
    method: str, shop_of: Callable[..., Dataset], with_settings: WithSettings
) -> None:
    source = with_settings("latent_factors", method=method, factors=2, l2=0.1)
    learned = source.learn(shop_of(TWO_TASTES).before(AS_OF), earlier=None, seed=0, device="cpu")
    later = shop_of([(30, 0, 1), (30, 1, 1), (30, 99, 1)]).before(AS_OF)
    found = source.generate(learned, later, pl.Series([30], dtype=pl.UInt32)).collect()
    assert sorted(first(found, 30, 5)) == [0, 1, 2, 3, 4]


def test_als_keeps_the_contract_of_a_shard(market: Dataset, retrieve: Retrieve, with_settings: WithSettings) -> None:
    source, as_of = with_settings("latent_factors", method="als", factors=6), market.last_day - timedelta(days=20)
    learned, found = retrieve(source, market, as_of)
    shard = pl.Series("customer", [3, 4, 11, 40, 59], dtype=pl.UInt32)
    tables = {name: table.lazy() for name, table in learned.items()}
    alone = source.generate(tables, market.before(as_of).of(shard), shard).collect()
    assert_frame_equal(alone, found.filter(pl.col("customer").is_in(shard.implode())))
    mixed = replace(market, transactions=market.transactions.collect().sample(fraction=1, shuffle=True, seed=1).lazy())
    assert_frame_equal(retrieve(source, mixed, as_of)[1], found, check_exact=True)


@pytest.mark.parametrize("rows", [[(0, 0, 1)], [(c, a, 1) for c in range(9) for a in range(9)]])
def test_the_least_pull_and_the_largest_weight_have_a_solution_where_all_bought_the_same(
    rows: list[tuple[int, int, int]], shop_of: Callable[..., Dataset], retrieve: Retrieve, with_settings: WithSettings
) -> None:
    found = retrieve(with_settings("latent_factors", method="als", factors=8, l2=1e-6, alpha=1e4), shop_of(rows), AS_OF)[1]
    assert found["score"].to_list() == pytest.approx([1.0] * len(rows), abs=0.01)
