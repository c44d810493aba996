from collections import Counter
from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from lookbook.evaluation.baselines.baseline import UNIT, Known
from lookbook.evaluation.baselines.up_cf import UpCf

Purchase = tuple[int, int, int]
Bought = Callable[[list[Purchase]], Known]
ListsOf = Callable[..., dict[int, list[int]]]


def popular(rows: list[Purchase]) -> list[int]:
    buyers, ever = Counter(a for _, a in {(c, a) for c, a, d in rows if d <= 28}), Counter(a for _, a, _ in rows)
    return sorted(ever, key=lambda a: (-buyers[a], -ever[a], a))


def slow(of: UpCf, rows: list[Purchase], customer: int, k: int) -> list[int]:
    everybody = sorted({c for c, _, _ in rows})
    held = {c: {a for d, a, _ in rows if d == c} for c in everybody}
    alike = {c: 1.0 if c == customer else 0.0 for c in everybody if customer in held}
    for other in alike.keys() - {customer}:
        both = len(held[customer] & held[other])
        alike[other] = both / (len(held[customer]) ** of.asymmetry * len(held[other]) ** (1 - of.asymmetry))
    near = sorted((c for c in alike if c != customer and alike[c]), key=lambda c: (-alike[c], c))[: of.neighbours]
    score = Counter[int]()
    for c in [*near, *([customer] if alike else [])]:
        days = sorted({d for who, _, d in rows if who == c})
        recent = days[: of.recent_baskets] if of.recent_baskets else days
        for article, count in Counter(a for a, _ in {(a, d) for who, a, d in rows if who == c and d in recent}).items():
            score[article] += round(alike[c] ** of.locality * UNIT) * round(count * UNIT / len(recent))
    return sorted(popular(rows), key=lambda a: -score[a])[:k]


parameters = st.builds(
    UpCf,
    recent_baskets=st.integers(0, 4),
    locality=st.sampled_from([1, 2, 10]),
    asymmetry=st.sampled_from([0.0, 0.25, 0.5, 1.0]),
    neighbours=st.integers(1, 7),
)


@given(data=st.data(), of=parameters)
@settings(max_examples=100, deadline=None)
def test_it_equals_a_slow_reference(
    bought: Bought, lists_of: ListsOf, small_markets: st.SearchStrategy[list[Purchase]], data: st.DataObject, of: UpCf
) -> None:
    rows = data.draw(small_markets)
    found = lists_of(of, bought(rows), [6, 5, 4, 3, 2, 1, 0], 5)
    assert found == {customer: slow(of, rows, customer, 5) for customer in range(7)}


def test_what_was_bought_before_the_last_baskets_counts_for_likeness_only(bought: Bought, lists_of: ListsOf) -> None:
    rows = [(1, 5, 60), (1, 6, 2), (2, 5, 50), (2, 7, 3)]
    assert lists_of(UpCf(1, 1, 0.5, 9), bought(rows), [1], 2) == {1: [6, 7]}
