from collections.abc import Callable
from datetime import date, timedelta
from math import sqrt

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from lookbook.data.dataset import Dataset
from lookbook.retrieval.alike import Alike
from lookbook.retrieval.source import DECAY_UNITS, CandidateSource

AS_OF = date(2020, 9, 23)
Learned = dict[str, pl.DataFrame]
Retrieve = Callable[..., tuple[Learned, pl.DataFrame]]
WithSettings = Callable[..., CandidateSource]
Vectors = dict[int, dict[int, int]]

PURCHASES = pl.DataFrame(
    # 1 and 2 share article 10, 3 shares nothing with anybody
    [(1, 10, 1), (1, 11, 1), (2, 10, 8), (2, 12, 8), (3, 13, 1)],
    schema=["customer", "article", "days_ago"],
    orient="row",
).with_columns(date=pl.lit(AS_OF) - pl.duration(days=pl.col("days_ago")))


@pytest.fixture
def shop(make_dataset: Callable[..., Dataset]) -> Dataset:
    return make_dataset(PURCHASES.drop("days_ago"))


def pairs(found: pl.DataFrame) -> dict[tuple[int, int], float]:
    return {(c, a): score for c, a, score in found.select("customer", "article", "score").rows()}


def test_weights_halve_and_only_the_latest_buyers_of_an_article_are_found_through_it(
    shop: Dataset, retrieve: Retrieve, with_settings: WithSettings
) -> None:
    learned, _ = retrieve(with_settings("user_neighbours", similarity="cosine", half_life_days=7.0, co_buyers=1), shop, AS_OF)
    assert learned["customer_weights"].with_columns(pl.col("weight") / DECAY_UNITS).rows() == [
        (1, 10, 1.0, True),
        (1, 11, 1.0, True),
        (2, 10, 0.5, False),
        (2, 12, 0.5, True),
        (3, 13, 1.0, True),
    ]


def test_a_customer_gets_their_own_articles_and_those_of_who_bought_the_same(
    shop: Dataset, retrieve: Retrieve, with_settings: WithSettings
) -> None:
    source = with_settings("user_neighbours", similarity="cosine", half_life_days=1e9, own_weight=2.0)
    assert pairs(retrieve(source, shop, AS_OF)[1]) == {
        (1, 10): 3.0, (1, 11): 2.0, (1, 12): 1.0,
        (2, 10): 3.0, (2, 12): 2.0, (2, 11): 1.0,
        (3, 13): 2.0,
    }  # fmt: skip


def test_without_own_weight_only_neighbours_say_something(shop: Dataset, retrieve: Retrieve, with_settings: WithSettings) -> None:
    source = with_settings("user_neighbours", similarity="cosine", half_life_days=1e9, own_weight=0.0)
    assert pairs(retrieve(source, shop, AS_OF)[1]) == {(1, 10): 1.0, (1, 12): 1.0, (2, 10): 1.0, (2, 11): 1.0}


def test_purchases_before_history_days_are_not_looked_at(shop: Dataset, retrieve: Retrieve, with_settings: WithSettings) -> None:
    for similarity in ("tifu", "cosine", "pearson"):
        found = retrieve(with_settings("user_neighbours", similarity=similarity, history_days=7), shop, AS_OF)[1]
        assert set(found["customer"]) == {1, 3}
        assert not set(found["article"]) & {12}


def slow(
    vectors: Vectors, lately: set[tuple[int, int]], similarity: str, customer: int, *, neighbours: int, own: float
) -> dict[int, float]:
    mine, sold = vectors[customer], len({a for each in vectors.values() for a in each})

    def common(other: int) -> int:
        return sum(w * vectors[other][a] for a, w in mine.items() if (other, a) in lately)

    def spread(of: dict[int, int]) -> float:
        return sum(w * w for w in of.values()) - sum(of.values()) ** 2 / sold

    def alike(other: int) -> float:
        its = vectors[other]
        if similarity == "tifu":
            return 2 * common(other) - sum(w * w for w in its.values())
        if similarity == "cosine":
            return common(other) / sqrt(sum(w * w for w in mine.values()) * sum(w * w for w in its.values()))
        both = spread(mine) * spread(its)
        return (common(other) - sum(mine.values()) * sum(its.values()) / sold) / sqrt(both) if both > 0 else 0.0

    others = {other: alike(other) for other in vectors if other != customer and common(other)}
    if similarity != "tifu":
        others = {other: value for other, value in others.items() if value > 0}
    near = sorted(others, key=lambda other: (-others[other], other))[:neighbours]
    counts = {other: 1.0 if similarity == "tifu" else others[other] for other in near}
    score = {a: own * w for a, w in mine.items()}
    for other in near:
        for a, w in vectors[other].items():
            score[a] = score.get(a, 0.0) + counts[other] / sum(counts.values()) * w
    return {a: value for a, value in score.items() if value > 0}


@given(
    rows=st.dictionaries(
        st.tuples(st.integers(0, 6), st.integers(0, 8)), st.tuples(st.integers(1, 5), st.booleans()), min_size=1, max_size=30
    ),
    similarity=st.sampled_from(["tifu", "cosine", "pearson"]),
    neighbours=st.integers(1, 4),
    own=st.sampled_from([0.0, 0.5, 2.0]),
)
@settings(max_examples=200, deadline=None)
def test_it_equals_a_slow_reference(
    rows: dict[tuple[int, int], tuple[int, bool]], similarity: str, neighbours: int, own: float
) -> None:
    table = pl.DataFrame(
        [(*pair, *said) for pair, said in rows.items()], schema=["customer", "article", "weight", "lately"], orient="row"
    )
    vectors: Vectors = {c: {a: w for (other, a), (w, _) in rows.items() if other == c} for c, _ in rows}
    lately = {pair for pair, (_, is_lately) in rows.items() if is_lately}
    alike = Alike.of(table, similarity=similarity, neighbours=neighbours)  # type: ignore[arg-type]
    customers = pl.Series(sorted(vectors))
    found = {int(c[0]): dict(zip(a, s, strict=True)) for c, a, s in alike.scores(customers, own_weight=own, k=99) if len(c)}
    for customer in vectors:
        assert found.get(customer, {}) == pytest.approx(slow(vectors, lately, similarity, customer, neighbours=neighbours, own=own))


@pytest.mark.parametrize("similarity", ["tifu", "cosine", "pearson"])
def test_the_strengths_of_the_purchases_add_up_to_the_score(
    similarity: str, market: Dataset, retrieve: Retrieve, with_settings: WithSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = with_settings("user_neighbours", similarity=similarity, neighbours=7, co_buyers=12)
    as_of = market.last_day - timedelta(days=20)
    learned, found = retrieve(source, market, as_of)
    monkeypatch.setattr("lookbook.retrieval.source.strongest_evidence.__defaults__", (1000,))
    tables = {name: table.lazy() for name, table in learned.items()}
    said = source.evidence(tables, market.before(as_of), found.lazy().select("customer", "article"))
    summed = said.group_by("customer", "article").agg(score=pl.col("strength").sum()).sort("customer", "article").collect()
    assert_frame_equal(summed, found.drop("rank").sort("customer", "article"), rel_tol=1e-5)
