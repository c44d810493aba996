from collections.abc import Callable, Iterable
from datetime import date, timedelta
from itertools import product
from math import sqrt

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookbook.data.dataset import Dataset, History
from lookbook.retrieval.neighbour_lists import products
from lookbook.retrieval.sources.co_purchase import CoPurchase

AS_OF = date(2020, 9, 15)
Row = tuple[int, int, int]
"""customer, article, days ago"""
Learn = Callable[..., pl.DataFrame]


def source(**settings: float) -> CoPurchase:
    given = {"k": 100, "window_days": 90, "half_life_days": 5.0, "span_days": 1, "max_basket": 100, "min_support": 0.0}
    return CoPurchase(**{**given, "neighbours": 100, "seeds": 100, "seed_half_life_days": 7.0, **settings})


@pytest.fixture(scope="session")
def learn(history: Callable[[Iterable[Row]], History]) -> Learn:
    def of(rows: Iterable[Row], **settings: float) -> pl.DataFrame:
        learned = source(**settings).learn(history(rows), earlier=None, seed=0, device="cpu")
        return learned["neighbours"].collect()

    return of


def basket(customer: int, days_ago: int, *articles: int) -> list[Row]:
    return [(customer, article, days_ago) for article in articles]


def test_similarity_is_the_cosine_of_weighted_baskets(learn: Learn) -> None:
    rows = basket(1, 1, 10, 20) + basket(2, 1, 10, 30) + basket(3, 6, 10, 20)  # the last one weighs half
    found = {(seed, article): similarity for seed, article, similarity in learn(rows).rows()}
    expected = {(10, 20): 1.5 / sqrt(2.5 * 1.5), (10, 30): 1 / sqrt(2.5 * 1)}
    assert found == pytest.approx(expected | {(b, a): similarity for (a, b), similarity in expected.items()})


def test_neighbours_come_best_first_and_the_rest_is_cut(learn: Learn) -> None:
    rows = basket(1, 1, 10, 20, 30) + basket(2, 1, 10, 20) + basket(3, 1, 10, 40)
    assert learn(rows, neighbours=2).filter(pl.col("seed") == 10)["article"].to_list() == [20, 30]  # 30 and 40 tie


def test_pairs_with_less_support_are_left_out(learn: Learn) -> None:
    rows = basket(1, 1, 10, 20) + basket(2, 6, 10, 20) + basket(3, 1, 10, 30)
    supported = {limit: set(learn(rows, min_support=limit)["article"]) for limit in (1.0, 1.5, 1.6)}
    assert supported == {1.0: {10, 20, 30}, 1.5: {10, 20}, 1.6: set()}


def test_baskets_beyond_the_cap_are_left_out(learn: Learn) -> None:
    rows = basket(1, 1, 10, 20, 30) + basket(2, 1, 10, 20)
    assert set(learn(rows, max_basket=2)["article"]) == {10, 20}
    assert set(learn(rows, max_basket=3)["article"]) == {10, 20, 30}


def test_a_customer_with_a_million_rows_does_not_pair_them_all(history: Callable[[Iterable[Row]], History]) -> None:
    bulk = pl.LazyFrame({"article": pl.int_range(1_000_000, dtype=pl.UInt32, eager=True) % 300_000}).select(
        customer=pl.lit(7, dtype=pl.UInt32), article="article", days_ago=pl.lit(3, dtype=pl.UInt16)
    )
    past = pl.concat([bulk, history(basket(1, 1, 10, 20)).transactions.select(bulk.collect_schema().names())])
    learned = source().learn(History(AS_OF, past, pl.LazyFrame(), pl.LazyFrame()), earlier=None, seed=0, device="cpu")
    assert learned["neighbours"].collect().rows() == [(10, 20, 1.0), (20, 10, 1.0)]


def test_older_purchases_than_the_window_are_not_looked_at(learn: Learn) -> None:
    assert learn(basket(1, 9, 10, 20), window_days=8).is_empty()
    assert not learn(basket(1, 8, 10, 20), window_days=8).is_empty()


def test_a_span_pairs_baskets_on_nearby_days_of_one_customer_only(learn: Learn) -> None:
    rows = basket(1, 1, 10) + basket(1, 3, 20) + basket(2, 2, 30)
    assert learn(rows, span_days=2).is_empty()
    assert set(learn(rows, span_days=3)["article"]) == {10, 20}


def test_score_sums_seed_weight_times_similarity_over_the_heaviest_seeds(
    make_dataset: Callable[..., Dataset], retrieve: Callable[..., tuple[object, pl.DataFrame]]
) -> None:
    rows = basket(1, 1, 10, 20) + basket(2, 1, 10) + basket(3, 1, 30, 20) + basket(4, 1, 10) + basket(4, 8, 30) + basket(5, 1, 40)
    market = make_dataset(
        pl.DataFrame(
            [(customer, article, AS_OF - timedelta(days=ago)) for customer, article, ago in rows],
            schema=["customer", "article", "date"],
            orient="row",
        )
    )
    customer_4 = pl.Series([4], dtype=pl.UInt32)
    settings = {"half_life_days": 1e9, "seed_half_life_days": 7.0}
    to_20 = {10: 1 / sqrt(3 * 2), 30: 1 / sqrt(2 * 2)}
    both = retrieve(source(**settings), market, AS_OF, customer_4)[1]
    assert both.rows() == [(4, 20, pytest.approx(to_20[10] + to_20[30] / 2, rel=1e-5), 1)]
    newest = retrieve(source(**settings, seeds=1), market, AS_OF, customer_4)[1]
    assert newest.rows() == [(4, 20, pytest.approx(to_20[10], rel=1e-5), 1)]
    assert retrieve(source(**settings), market, AS_OF, pl.Series([5], dtype=pl.UInt32))[1].is_empty()  # nothing beside its seed


def similarities_slowly(rows: list[Row], *, span: int, half_life: float, max_basket: int) -> dict[tuple[int, int], float]:
    held: dict[tuple[int, int], set[int]] = {}
    for customer, article, ago in rows:
        held.setdefault((customer, ago), set()).add(article)
    held = {key: articles for key, articles in held.items() if len(articles) <= max_basket}
    together: dict[tuple[int, int], float] = {}
    own: dict[int, float] = {}
    for (one, other), articles in (((a, b), product(held[a], held[b])) for a, b in product(held, held)):
        if one[0] != other[0] or abs(one[1] - other[1]) >= span:
            continue
        weight = 0.5 ** ((min(one[1], other[1]) - 1) / half_life)
        for i, j in articles:
            if i != j:
                together[i, j] = together.get((i, j), 0.0) + weight
            elif one == other:
                own[i] = own.get(i, 0.0) + weight
    return {(i, j): weight / sqrt(own[i] * own[j]) for (i, j), weight in together.items()}


@given(
    rows=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 6), st.integers(1, 9)), max_size=30),
    span=st.integers(1, 4),
    max_basket=st.integers(1, 4),
    block=st.integers(1, 40),
)
def test_similarities_equal_a_slow_reference(learn: Learn, rows: list[Row], span: int, max_basket: int, block: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(products, "BLOCK_PRODUCTS", block)
        table = learn(rows, span_days=span, max_basket=max_basket)
    assert table.equals(table.sort("seed", "similarity", "article", descending=[False, True, False]))
    found = {(seed, article): similarity for seed, article, similarity in table.rows()}
    assert found == pytest.approx(similarities_slowly(rows, span=span, half_life=5.0, max_basket=max_basket), rel=1e-4)
