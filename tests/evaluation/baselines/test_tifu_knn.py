from collections import Counter
from collections.abc import Callable
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from lookbook.data.customer_rows.tifu import WEIGHT_UNIT
from lookbook.evaluation.baselines.baseline import Known
from lookbook.evaluation.baselines.tifu_knn import FINER, TifuKnn

Purchase = tuple[int, int, int]
Bought = Callable[[list[Purchase]], Known]
ListsOf = Callable[..., dict[int, list[int]]]


def popular(rows: list[Purchase]) -> list[int]:
    buyers, ever = Counter(a for _, a in {(c, a) for c, a, d in rows if d <= 28}), Counter(a for _, a, _ in rows)
    return sorted(ever, key=lambda a: (-buyers[a], -ever[a], a))


def groups_of(of: TifuKnn, days: list[int]) -> list[tuple[int, list[int]]]:
    """How old each group is, and the days of its baskets, latest first; `days`: of all baskets, latest first."""
    if len(days) < of.groups:
        return [(of.groups - len(days) + i, [day]) for i, day in enumerate(days)]
    sizes = [len(days) // of.groups + (age < len(days) % of.groups) for age in range(of.groups)]
    return [(age, days[sum(sizes[:age]) :][:size]) for age, size in enumerate(sizes)]


def vector(of: TifuKnn, rows: list[Purchase], customer: int) -> Counter[int]:
    groups = groups_of(of, sorted({d for c, _, d in rows if c == customer}))
    found = Counter[int]()
    for age, days in groups:
        for later, day in enumerate(days):
            weight = of.basket_decay**later * of.group_decay**age / len(days) / len(groups)
            found.update({a: round(weight * WEIGHT_UNIT) for c, a, d in rows if (c, d) == (customer, day)})
    return found


def slow(of: TifuKnn, rows: list[Purchase], customer: int, k: int) -> list[int]:
    vectors = {c: vector(of, rows, c) for c in sorted({c for c, _, _ in rows})}
    own = vectors.pop(customer, Counter())
    near = (
        sorted(vectors, key=lambda c: sum((own[a] - vectors[c][a]) ** 2 for a in own | vectors[c]))[: of.neighbours] if own else []
    )
    mean = {a: round(Fraction(sum(vectors[c][a] for c in near) * FINER, len(near) or 1)) for a in popular(rows)}
    score = {a: round(of.own_share * own[a] * FINER + (1 - of.own_share) * mean[a]) for a in mean}
    return sorted(popular(rows), key=lambda a: -score[a])[:k]


parameters = st.builds(
    TifuKnn,
    neighbours=st.integers(1, 7),
    basket_decay=st.just(0.5),
    group_decay=st.just(0.75),
    own_share=st.sampled_from([0.0, 0.25, 0.5, 1.0]),
    groups=st.integers(1, 4),
)


@given(data=st.data(), of=parameters)
@settings(max_examples=150, deadline=None)
def test_it_equals_a_slow_reference(
    bought: Bought, lists_of: ListsOf, small_markets: st.SearchStrategy[list[Purchase]], data: st.DataObject, of: TifuKnn
) -> None:
    rows = data.draw(small_markets)
    found = lists_of(of, bought(rows), [6, 5, 4, 3, 2, 1, 0], 5)
    assert found == {customer: slow(of, rows, customer, 5) for customer in range(7)}
