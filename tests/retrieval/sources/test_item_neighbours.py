from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from math import sqrt

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookbook.data.dataset import Dataset, History
from lookbook.retrieval.neighbour_lists import products
from lookbook.retrieval.sources.item_neighbours import ItemNeighbours

AS_OF = date(2020, 9, 15)
Row = tuple[int, int, int]
"""customer, article, days ago"""
Learn = Callable[..., dict[tuple[int, int], float]]


def source(**settings: float) -> ItemNeighbours:
    given = {"k": 100, "window_days": 90, "half_life_days": 5.0, "max_articles": 100, "min_support": 1, "shrinkage": 0.0}
    given |= {"amplification": 1.0, "neighbours": 100, "seeds": 100, "seed_half_life_days": 5.0}
    return ItemNeighbours(**{**given, **settings})


@pytest.fixture(scope="session")
def learn(history: Callable[[Iterable[Row]], History]) -> Learn:
    def of(rows: Iterable[Row], **settings: float) -> dict[tuple[int, int], float]:
        learned = source(**settings).learn(history(rows), earlier=None, seed=0, device="cpu")
        return {(seed, article): similarity for seed, article, similarity in learned["neighbours"].collect().rows()}

    return of


def test_similarity_is_the_cosine_of_decayed_purchase_days_over_customers_and_1_to_the_article_itself(learn: Learn) -> None:
    rows = [(1, 10, 1), (1, 10, 6), (1, 20, 6), (2, 10, 1), (3, 20, 1)]  # the same article twice counts 1.5
    expected = 1.5 * 0.5 / (sqrt(1.5**2 + 1) * sqrt(0.5**2 + 1))
    assert learn(rows) == pytest.approx({(10, 10): 1, (20, 20): 1, (10, 20): expected, (20, 10): expected})


def test_several_items_on_one_day_count_once(learn: Learn) -> None:
    rows = [(1, 10, 1), (1, 20, 1), (2, 10, 1)]
    assert learn([*rows, *rows]) == learn(rows)


def test_shrinkage_counts_the_customers_of_both_and_amplification_is_an_exponent(learn: Learn) -> None:
    rows = [(customer, article, 1) for customer in (1, 2, 3) for article in (10, 20)] + [(4, 10, 1)]
    cosine = 3 / (2 * sqrt(3))
    assert learn(rows, shrinkage=2.0)[10, 20] == pytest.approx(cosine * 3 / 5)
    assert learn(rows, shrinkage=2.0)[10, 10] == pytest.approx(4 / 6)
    assert learn(rows, shrinkage=2.0, amplification=2.5)[10, 20] == pytest.approx((cosine * 3 / 5) ** 2.5)


def test_pairs_of_fewer_customers_than_the_least_support_are_left_out(learn: Learn) -> None:
    rows = [(1, 10, 1), (2, 10, 1), (3, 10, 1), (1, 20, 1), (2, 20, 1), (4, 20, 1), (1, 30, 1), (1, 40, 1)]
    assert set(learn(rows, min_support=2)) == {(10, 10), (10, 20), (20, 10), (20, 20)}
    assert set(learn(rows, min_support=3)) == {(10, 10), (20, 20)}


def test_customers_of_more_articles_than_the_cap_and_purchases_before_the_window_are_left_out(learn: Learn) -> None:
    rows = [(1, 10, 1), (1, 20, 1), (1, 30, 9), (2, 10, 1), (2, 30, 9)]
    assert (10, 20) in learn(rows)
    assert (10, 30) in learn(rows)
    assert set(learn(rows, max_articles=2)) == {(10, 10), (10, 30), (30, 10), (30, 30)}
    assert set(learn(rows, max_articles=2, window_days=8)) == {(10, 10), (10, 20), (20, 10), (20, 20)}


def test_a_customer_of_300_000_articles_does_not_pair_them_all(history: Callable[[Iterable[Row]], History]) -> None:
    bulk = pl.LazyFrame({"article": pl.int_range(300_000, dtype=pl.UInt32, eager=True)}).select(
        customer=pl.lit(7, dtype=pl.UInt32), article="article", days_ago=pl.lit(3, dtype=pl.UInt16)
    )
    past = pl.concat([bulk, history([(1, 10, 1), (1, 20, 1)]).transactions.select(bulk.collect_schema().names())])
    learned = source().learn(History(AS_OF, past, pl.LazyFrame(), pl.LazyFrame()), earlier=None, seed=0, device="cpu")
    assert learned["neighbours"].collect().rows() == [(10, 10, 1.0), (10, 20, 1.0), (20, 10, 1.0), (20, 20, 1.0)]


def test_score_sums_decayed_purchases_times_similarity_over_the_seeds(
    learn: Learn, make_dataset: Callable[..., Dataset], retrieve: Callable[..., tuple[object, pl.DataFrame]]
) -> None:
    rows = [(1, 10, 1), (1, 20, 1), (2, 20, 1), (2, 30, 1), (3, 10, 1), (3, 30, 6)]
    market = make_dataset(
        pl.DataFrame(
            [(customer, article, AS_OF - timedelta(days=ago)) for customer, article, ago in rows],
            schema=["customer", "article", "date"],
            orient="row",
        )
    )
    like = learn(rows, half_life_days=1e9)
    customer_3 = pl.Series([3], dtype=pl.UInt32)
    found = retrieve(source(half_life_days=1e9), market, AS_OF, customer_3)[1]
    scores = {article: like[10, article] + like[30, article] / 2 for article in (10, 20, 30)}
    assert {row[1]: row[2] for row in found.rows()} == pytest.approx(scores, rel=1e-5)
    newest = retrieve(source(half_life_days=1e9, seeds=1), market, AS_OF, customer_3)[1]
    assert {row[1]: row[2] for row in newest.rows()} == pytest.approx({a: like[10, a] for a in (10, 20, 30)}, rel=1e-5)


def similarities_slowly(rows: list[Row], *, half_life: float, least: int, shrinkage: float) -> dict[tuple[int, int], float]:
    vectors: dict[int, dict[int, float]] = defaultdict(lambda: defaultdict(float))
    for customer, article, ago in set(rows):
        vectors[article][customer] += 0.5 ** ((ago - 1) / half_life)
    found = {}
    for i, one in vectors.items():
        for j, other in vectors.items():
            both = set(one) & set(other)
            if len(both) >= least:
                lengths = sqrt(sum(x * x for x in one.values())) * sqrt(sum(x * x for x in other.values()))
                found[i, j] = sum(one[c] * other[c] for c in both) / lengths * len(both) / (len(both) + shrinkage)
    return found


@given(
    rows=st.lists(st.tuples(st.integers(0, 4), st.integers(0, 6), st.integers(1, 9)), max_size=30),
    least=st.integers(1, 3),
    shrinkage=st.sampled_from([0.0, 5.0]),
    block=st.integers(1, 40),
)
def test_similarities_equal_a_slow_reference(learn: Learn, rows: list[Row], least: int, shrinkage: float, block: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(products, "BLOCK_PRODUCTS", block)
        found = learn(rows, min_support=least, shrinkage=shrinkage)
    assert found == pytest.approx(similarities_slowly(rows, half_life=5.0, least=least, shrinkage=shrinkage), rel=1e-4)
