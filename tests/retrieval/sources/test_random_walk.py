from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookbook.data.dataset import History
from lookbook.retrieval.neighbour_lists import products
from lookbook.retrieval.sources.random_walk import RandomWalk

AS_OF = date(2020, 9, 15)
Row = tuple[int, int, int]
"""customer, article, days ago"""
Learn = Callable[..., dict[tuple[int, int], float]]


def source(**settings: float) -> RandomWalk:
    given = {"k": 100, "window_days": 90, "half_life_days": 5.0, "max_articles": 100, "min_buyers": 1, "alpha": 1.0, "beta": 0.0}
    return RandomWalk(**{**given, "neighbours": 100, "seeds": 100, "seed_half_life_days": 5.0, **settings})


@pytest.fixture(scope="session")
def learn(history: Callable[[Iterable[Row]], History]) -> Learn:
    def of(rows: Iterable[Row], **settings: float) -> dict[tuple[int, int], float]:
        learned = source(**settings).learn(history(rows), earlier=None, seed=0, device="cpu")
        return {(seed, article): similarity for seed, article, similarity in learned["neighbours"].collect().rows()}

    return of


def test_a_walk_steps_in_proportion_to_decayed_purchases(learn: Learn) -> None:
    rows = [(1, 10, 1), (1, 20, 6), (2, 10, 1), (2, 30, 1)]
    # from 10 to either customer with 1/2; customer 1 weighs 10 twice as much as 20
    ends = {10: 1 / 2 * 2 / 3 + 1 / 2 * 1 / 2, 20: 1 / 2 * 1 / 3, 30: 1 / 2 * 1 / 2}
    largest = max(*ends.values(), 2 / 3)  # from 20, to 10
    found = learn(rows)
    assert {article: found[10, article] for article in ends} == pytest.approx({a: end / largest for a, end in ends.items()})


def test_beta_takes_from_popular_articles(learn: Learn) -> None:
    rows = [(1, 10, 1), (1, 20, 1), (1, 30, 1), (2, 20, 1), (3, 20, 1)]  # three bought 20, one 30
    plain, fair = learn(rows), learn(rows, beta=1.0)
    assert plain[10, 20] == pytest.approx(plain[10, 30])
    assert fair[10, 20] == pytest.approx(fair[10, 30] / 3)


def test_articles_of_few_buyers_customers_of_many_articles_and_old_purchases_are_left_out(learn: Learn) -> None:
    rows = [(1, 10, 1), (1, 20, 1), (2, 10, 1), (2, 30, 9), (3, 10, 1), (3, 20, 1), (3, 40, 1)]
    assert set(learn(rows, min_buyers=2)) == {(10, 10), (10, 20), (20, 10), (20, 20)}
    assert {article for _, article in learn(rows, max_articles=2)} == {10, 20, 30}
    assert {article for _, article in learn(rows, window_days=8)} == {10, 20, 40}


def walks_slowly(rows: list[Row], *, half_life: float, alpha: float, beta: float) -> dict[tuple[int, int], float]:
    weights: dict[tuple[int, int], float] = defaultdict(float)
    for customer, article, ago in set(rows):
        weights[customer, article] += 0.5 ** ((ago - 1) / half_life)
    of_article, of_customer, popularity = defaultdict(float), defaultdict(float), defaultdict(float)
    for (customer, article), weight in weights.items():
        of_article[article] += weight**alpha
        of_customer[customer] += weight**alpha
        popularity[article] += weight
    ends: dict[tuple[int, int], float] = defaultdict(float)
    for (customer, start), there in weights.items():
        for (same, end), back in weights.items():
            if customer == same:
                ends[start, end] += there**alpha / of_article[start] * back**alpha / of_customer[customer]
    fair = {(start, end): chance / popularity[end] ** beta for (start, end), chance in ends.items()}
    return {pair: chance / max(fair.values()) for pair, chance in fair.items()}


@given(
    rows=st.lists(st.tuples(st.integers(0, 4), st.integers(0, 6), st.integers(1, 9)), max_size=30),
    alpha=st.sampled_from([0.5, 1.0, 1.5]),
    beta=st.sampled_from([0.0, 0.3, 1.0]),
    block=st.integers(1, 40),
)
def test_walks_equal_a_slow_reference(learn: Learn, rows: list[Row], alpha: float, beta: float, block: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(products, "BLOCK_PRODUCTS", block)
        found = learn(rows, alpha=alpha, beta=beta)
    assert found == pytest.approx(walks_slowly(rows, half_life=5.0, alpha=alpha, beta=beta), rel=1e-4)


@pytest.mark.parametrize(("alpha", "beta"), [(5.0, 0.0), (1e-9, 5.0), (5.0, 5.0)])
def test_the_largest_exponents_give_similarities_from_0_to_1(learn: Learn, alpha: float, beta: float) -> None:
    rows = [(c, a, 1 + 9 * (c + a)) for c in range(10) for a in range(c % 3, 8)]
    found = learn(rows, alpha=alpha, beta=beta).values()
    assert max(found) == pytest.approx(1.0)
    assert min(found) >= 0.0
