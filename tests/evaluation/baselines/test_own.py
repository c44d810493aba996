from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lookbook.evaluation.baselines.baseline import UNIT, Baseline, Known
from lookbook.evaluation.baselines.blended import Blended
from lookbook.evaluation.baselines.most_bought import MostBought
from lookbook.evaluation.baselines.own import Popularity
from lookbook.evaluation.baselines.personal_top import PersonalTop
from lookbook.evaluation.baselines.popularity import article_popularity
from lookbook.evaluation.baselines.repurchase_popularity import RepurchasePopularity

Purchase = tuple[int, int, int]
Bought = Callable[[list[Purchase]], Known]
ListsOf = Callable[[Baseline, Known, list[int], int], dict[int, list[int]]]


def slow(of: Baseline, rows: list[Purchase], customer: int, k: int) -> list[int]:
    recent = {(c, a) for c, a, d in rows if d <= 28}
    buyers, ever = Counter(a for _, a in recent), Counter(a for _, a, _ in rows)
    everybody = len({c for c, _ in recent})
    popular = sorted(ever, key=lambda a: (-buyers[a], -ever[a], a))
    days = {a: sorted({d for c, b, d in rows if (c, b) == (customer, a)}) for a in popular}

    def score(article: int) -> tuple[float, ...]:
        mine = days[article]
        match of:
            case RepurchasePopularity(half_life):
                return (sum(round(0.5 ** (d / half_life) * UNIT) for d in mine),)
            case Blended(half_life, weight):
                share = round(buyers[article] * UNIT / max(1, everybody))
                return (sum(round(0.5 ** (d / half_life) * UNIT) for d in mine) + round(weight * share),)
            case MostBought(window):
                inside = [d for d in mine if d <= window]
                return (len(inside), -min(inside, default=0))
            case PersonalTop(window):
                return (sum(d <= (window or 999) for d in mine),)
        return ()

    return sorted(popular, key=lambda a: tuple(-each for each in score(a)))[:k]


@pytest.mark.parametrize(
    "of",
    [
        Popularity(),
        RepurchasePopularity(20.0),
        MostBought(30),
        PersonalTop(0),
        PersonalTop(30),
        Blended(20.0, 0.5),
        Blended(5.0, 2.0),
    ],
    ids=str,
)
@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_it_equals_a_slow_reference(
    bought: Bought, lists_of: ListsOf, small_markets: st.SearchStrategy[list[Purchase]], of: Baseline, data: st.DataObject
) -> None:
    rows = data.draw(small_markets)
    assert lists_of(of, bought(rows), [6, 5, 4, 3, 2, 1, 0], 5) == {customer: slow(of, rows, customer, 5) for customer in range(7)}


def test_most_bought_counts_days_and_breaks_ties_by_the_latest(bought: Bought, lists_of: ListsOf) -> None:
    rows = [(1, 4, 9), (1, 4, 9), (1, 3, 8), (1, 7, 30), (1, 7, 20), (2, 9, 1)]
    assert lists_of(MostBought(180), bought(rows), [1], 5) == {1: [7, 3, 4, 9]}


def test_most_bought_counts_the_window_only(bought: Bought, lists_of: ListsOf) -> None:
    rows = [(1, 4, 181), (1, 4, 182), (1, 5, 180), (1, 6, 3)]
    assert lists_of(MostBought(180), bought(rows), [1], 2) == {1: [6, 5]}


def test_repurchase_prefers_the_recent_and_two_old_purchases_to_one_as_old(bought: Bought, lists_of: ListsOf) -> None:
    rows = [(1, 4, 200), (1, 5, 1), (1, 6, 200), (1, 6, 199)]
    assert lists_of(RepurchasePopularity(60.0), bought(rows), [1], 3) == {1: [5, 6, 4]}


def test_what_many_buy_overtakes_an_old_purchase_when_blended_only(bought: Bought, lists_of: ListsOf) -> None:
    rows = [(1, 4, 150), *((customer, 5, 2) for customer in range(2, 9))]
    known = bought(rows)
    assert lists_of(RepurchasePopularity(75.0), known, [1], 2) == {1: [4, 5]}
    assert lists_of(Blended(75.0, 0.6), known, [1], 2) == {1: [5, 4]}


def test_popularity_counts_buyers_of_28_days_and_knows_articles_sold_before(bought: Bought) -> None:
    rows = [(1, 1, 1), (1, 1, 2), (1, 1, 3), (1, 2, 28), (2, 2, 27), (3, 3, 29), (4, 3, 29), (1, 4, 40)]
    known = bought(rows)
    assert article_popularity(known.history).collect().rows() == [(2, 2, 1), (1, 1, 2), (3, 0, 3), (4, 0, 4)]
    assert known.buyers == 2
