from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from itertools import combinations
from math import log

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookbook.data.dataset import Dataset, History
from lookbook.data.schema import conform
from lookbook.retrieval.neighbour_lists import products
from lookbook.retrieval.sources.association_rules import RULES, AssociationRules

AS_OF = date(2020, 9, 15)
Row = tuple[int, int, int]
"""customer, article, days ago"""
Rule = tuple[int, int, int]
"""first, second, article"""
Learn = Callable[..., dict[Rule, tuple[int, float, float]]]


def source(**settings: float) -> AssociationRules:
    given = {"k": 100, "window_days": 90, "max_basket": 100, "min_support": 1, "min_confidence": 0.0, "min_lift": 1.0}
    return AssociationRules(**{**given, "seeds": 100, "seed_half_life_days": 7.0, **settings})


@pytest.fixture(scope="session")
def learn(history: Callable[[Iterable[Row]], History]) -> Learn:
    def of(rows: Iterable[Row], **settings: float) -> dict[Rule, tuple[int, float, float]]:
        learned = source(**settings).learn(history(rows), earlier=None, seed=0, device="cpu")["rules"]
        conform(learned, RULES, "rules")
        return {(first, second, article): rest for first, second, article, *rest in learned.collect().rows()}

    return of


def basket(customer: int, days_ago: int, *articles: int) -> list[Row]:
    return [(customer, article, days_ago) for article in articles]


SHOP = basket(1, 1, 10, 20, 30) + basket(2, 1, 10, 20, 30) + basket(3, 1, 10, 20) + basket(4, 1, 10) + basket(5, 1, 40)


def test_rules_of_one_and_of_two_articles_have_support_confidence_and_lift(learn: Learn) -> None:
    rules = learn(SHOP)
    assert rules[10, 10, 30] == [2, pytest.approx(2 / 4), pytest.approx(2 / 4 / (2 / 5))]
    assert rules[30, 30, 10] == [2, pytest.approx(1), pytest.approx(1 / (4 / 5))]
    assert rules[10, 20, 30] == [2, pytest.approx(2 / 3), pytest.approx(2 / 3 / (2 / 5))]
    assert len(rules) == 3 * 2 + 3
    assert not [rule for rule in rules if 40 in rule]


def test_rules_of_less_support_confidence_or_lift_are_left_out(learn: Learn) -> None:
    assert set(learn(SHOP, min_support=3)) == {(10, 10, 20), (20, 20, 10)}
    assert set(learn(SHOP, min_confidence=0.9)) == {(20, 20, 10), (30, 30, 10), (30, 30, 20), (10, 30, 20), (20, 30, 10)}
    assert set(learn(SHOP, min_lift=1.6)) == {(20, 20, 30), (30, 30, 20), (10, 20, 30), (10, 30, 20)}


def test_baskets_beyond_the_cap_and_before_the_window_are_left_out_of_all_counts(learn: Learn) -> None:
    rows = SHOP + basket(6, 1, 10, 20, 30, 40) + basket(7, 9, 10, 40)
    assert learn(rows, max_basket=3, window_days=8) == learn(SHOP)


def test_score_sums_the_rules_and_two_articles_count_as_the_one_bought_less(
    learn: Learn, make_dataset: Callable[..., Dataset], retrieve: Callable[..., tuple[object, pl.DataFrame]]
) -> None:
    rows = SHOP + basket(6, 1, 10) + basket(6, 8, 20) + basket(7, 1, 40)
    market = make_dataset(
        pl.DataFrame(
            [(customer, article, AS_OF - timedelta(days=ago)) for customer, article, ago in rows],
            schema=["customer", "article", "date"],
            orient="row",
        )
    )
    rules = learn(rows)
    worth = {rule: confidence * log(lift) for rule, (_, confidence, lift) in rules.items()}
    to_30 = worth[10, 10, 30] + worth[20, 20, 30] / 2 + worth[10, 20, 30] / 2
    found = retrieve(source(), market, AS_OF, pl.Series([6, 7], dtype=pl.UInt32))[1]
    assert {row[:2]: row[2] for row in found.rows()} == pytest.approx(
        {(6, 30): to_30, (6, 10): worth[20, 20, 10] / 2, (6, 20): worth[10, 10, 20]}, rel=1e-4
    )


def test_both_articles_of_a_left_side_are_evidence_and_each_has_all_that_its_rules_add(
    learn: Learn, make_dataset: Callable[..., Dataset], history: Callable[[Iterable[Row]], History]
) -> None:
    rows = SHOP + basket(6, 1, 10) + basket(6, 8, 20)
    worth = {rule: confidence * log(lift) for rule, (_, confidence, lift) in learn(rows).items()}
    past = history(rows)
    tables = source().learn(past, earlier=None, seed=0, device="cpu")
    of_6 = History(AS_OF, past.transactions.filter(pl.col("customer") == 6), pl.LazyFrame(), pl.LazyFrame())
    pairs = pl.LazyFrame({"customer": [6], "article": [30]}, schema={"customer": pl.UInt32, "article": pl.UInt32})
    both = worth[10, 20, 30] / 2
    assert source().evidence(tables, of_6, pairs).collect().rows() == [
        (6, 30, 20, pytest.approx(worth[20, 20, 30] / 2 + both, rel=1e-4)),
        (6, 30, 10, pytest.approx(worth[10, 10, 30] + both, rel=1e-4)),
    ]


def rules_slowly(rows: list[Row], *, least: int) -> dict[Rule, tuple[int, float, float]]:
    baskets: dict[tuple[int, int], set[int]] = defaultdict(set)
    for customer, article, ago in rows:
        baskets[customer, ago].add(article)

    def holding(articles: set[int]) -> int:
        return sum(articles <= each for each in baskets.values())

    found = {}
    for size in (2, 3):
        for items in combinations(sorted({article for _, article, _ in rows}), size):
            if holding(set(items)) >= least:
                for article in items:
                    left = set(items) - {article}
                    confidence = holding(set(items)) / holding(left)
                    lift = confidence / (holding({article}) / len(baskets))
                    found[min(left), max(left), article] = (holding(set(items)), confidence, lift)
    return {rule: figures for rule, figures in found.items() if figures[2] >= 1 - 1e-9}


@given(
    rows=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5), st.integers(1, 4)), max_size=40),
    least=st.integers(1, 4),
    block=st.integers(1, 40),
)
def test_rules_are_those_of_all_frequent_sets_counted_one_by_one(learn: Learn, rows: list[Row], least: int, block: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(products, "BLOCK_PRODUCTS", block)
        found = learn(rows, min_support=least, min_lift=1.0)
    expected = rules_slowly(rows, least=least)
    # a lift of exactly 1 may round to either side
    clear = {rule for rule, (_, _, lift) in expected.items() if lift > 1 + 1e-9}
    assert clear <= set(found) <= set(expected)
    assert all(found[rule] == pytest.approx(list(expected[rule])) for rule in found)
