from collections.abc import Mapping, Sequence
from itertools import permutations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from lookbook.data.schema import CANDIDATES, LABELS
from lookbook.evaluation.sources.candidates import pairs_of
from lookbook.evaluation.sources.shapley import (
    SHAPLEY,
    all_sets,
    finder_counts,
    sample_orders,
    set_name,
    sets_of,
    shapley_of_map,
    shapley_of_recall,
)
from lookbook.evaluation.variants import Judged, judge_variants

SOURCES = ("a", "b", "c")
Pairs = set[tuple[int, int]]


def counts(retrieved: Mapping[str, Pairs], labels: Pairs) -> pl.DataFrame:
    tables = {s: pl.LazyFrame([(c, a, 1.0, 1) for c, a in f], schema=CANDIDATES, orient="row") for s, f in retrieved.items()}
    return finder_counts(pairs_of(tables), pl.LazyFrame(list(labels), schema=LABELS, orient="row")).collect()


def shapley_by_enumeration(sources: Sequence[str], worth: Mapping[frozenset[str], float]) -> dict[str, float]:
    """The mean of what each source adds over all orders, each order walked."""
    added: dict[str, list[float]] = {source: [] for source in sources}
    for order in permutations(sources):
        for place, source in enumerate(order):
            added[source].append(worth[frozenset(order[: place + 1])] - worth[frozenset(order[:place])])
    return {source: float(np.mean(values)) for source, values in added.items()}


pair = st.tuples(st.integers(0, 3), st.integers(0, 5))
retrieved_by = st.fixed_dictionaries({source: st.sets(pair) for source in SOURCES})


@settings(deadline=None)
@given(retrieved_by, st.sets(pair, min_size=1))
def test_shares_of_recall_equal_shapley_values_over_all_subsets(retrieved: dict[str, Pairs], labels: Pairs) -> None:
    table = shapley_of_recall(counts(retrieved, labels), SOURCES, resamples=20, seed=0)
    worth = {
        frozenset(chosen): len(labels & set().union(*(retrieved[source] for source in chosen))) / len(labels)
        for chosen in all_sets(SOURCES)
    }
    expected = shapley_by_enumeration(SOURCES, worth)
    assert table.schema == pl.Schema(SHAPLEY)
    assert dict(table.select("source", "value").rows()) == pytest.approx(expected, abs=1e-12)
    assert table["value"].sum() == pytest.approx(worth[frozenset(SOURCES)], abs=1e-12)
    assert (table["low"] <= table["high"]).all()
    assert table["share"].is_null().all() == (worth[frozenset(SOURCES)] == 0)


def test_a_label_found_by_two_sources_counts_half_for_each() -> None:
    found = counts({"a": {(1, 5)}, "b": {(1, 5), (1, 6)}, "c": {(2, 9)}}, {(1, 5), (1, 6), (1, 7), (2, 8)})
    table = shapley_of_recall(found, SOURCES, resamples=20, seed=0)
    assert table["value"].to_list() == [0.125, 0.375, 0.0]
    assert table["share"].to_list() == [0.25, 0.75, 0.0]
    assert table["standard_error"].to_list() == [None] * 3


def test_weeks_put_together_are_pooled_and_no_row_order_matters() -> None:
    week = counts({"a": {(1, 5), (2, 6)}, "b": {(2, 6)}, "c": set()}, {(1, 5), (2, 6), (3, 1)})
    both = pl.concat([week, week])
    once, twice = (shapley_of_recall(table, SOURCES, resamples=20, seed=0) for table in (week, both))
    assert_frame_equal(once, twice)
    mixed = shapley_of_recall(both.sample(fraction=1, shuffle=True, seed=1), SOURCES, resamples=20, seed=0)
    assert_frame_equal(mixed, twice, check_exact=True)


def judged_sets(worth: Mapping[str, float], spread: float = 0.0) -> Judged:
    """Twenty customers whose values for a set vary around its worth."""
    rng = np.random.default_rng(0)
    week = {
        name: pl.DataFrame({"customer": range(20), "average_precision": value + spread * rng.standard_normal(20)})
        for name, value in worth.items()
    }
    return judge_variants([week], resamples=50, seed=0)


@settings(deadline=None)
@given(st.lists(st.floats(0, 1), min_size=8, max_size=8))
def test_shapley_of_map_equals_the_mean_over_all_orders(values: list[float]) -> None:
    worth = {set_name(chosen): value for chosen, value in zip(all_sets(SOURCES), values, strict=True)}
    table = shapley_of_map(judged_sets(worth), SOURCES, orders=None)
    expected = shapley_by_enumeration(SOURCES, {frozenset(chosen): worth[set_name(chosen)] for chosen in all_sets(SOURCES)})
    assert dict(table.select("source", "value").rows()) == pytest.approx(expected, abs=1e-9)
    assert table["value"].sum() == pytest.approx(worth["a+b+c"] - worth[""], abs=1e-9)


def test_its_interval_is_that_of_the_value_of_every_resample() -> None:
    judged = judged_sets({set_name(chosen): len(chosen) / 5 for chosen in all_sets(SOURCES)}, spread=0.1)
    table = shapley_of_map(judged, SOURCES, orders=None)
    drawn = [
        shapley_by_enumeration(
            SOURCES, {frozenset(s): judged.means[r, judged.variants.index(set_name(s))] for s in all_sets(SOURCES)}
        )
        for r in range(50)
    ]
    for source, low, high in table.select("source", "low", "high").rows():
        assert (low, high) == pytest.approx(tuple(np.quantile([values[source] for values in drawn], [0.025, 0.975])))


def test_all_orders_as_a_sample_give_the_exact_values() -> None:
    judged = judged_sets({set_name(chosen): len(set(chosen) & {"a", "b"}) ** 0.5 for chosen in all_sets(SOURCES)}, spread=0.1)
    exact = shapley_of_map(judged, SOURCES, orders=None)
    sampled = shapley_of_map(judged, SOURCES, orders=list(permutations(SOURCES)))
    assert sampled["value"].to_list() == pytest.approx(exact["value"].to_list())
    assert sampled["low"].to_list() == pytest.approx(exact["low"].to_list())


def test_the_standard_error_says_how_far_a_sample_of_orders_is_off() -> None:
    judged = judged_sets({set_name(chosen): max((ord(s) for s in chosen), default=96) - 96.0 for chosen in all_sets(SOURCES)})
    exact = dict(shapley_of_map(judged, SOURCES, orders=None).select("source", "value").rows())
    off = []
    for seed in range(100):
        table = shapley_of_map(judged, SOURCES, orders=sample_orders(SOURCES, orders=12, seed=seed))
        off += [(value - exact[s]) / error for s, value, error in table.select("source", "value", "standard_error").rows() if error]
    assert 0.85 < np.sqrt(np.mean(np.square(off))) < 1.3


def test_sampled_orders_are_seeded_and_name_the_sets_they_pass_through() -> None:
    assert sample_orders(SOURCES, orders=5, seed=1) == sample_orders(SOURCES, orders=5, seed=1)
    assert {frozenset(order) for order in sample_orders(SOURCES, orders=5, seed=1)} == {frozenset(SOURCES)}
    assert sets_of([("c", "a", "b"), ("b", "a", "c")], SOURCES) == [(), ("b",), ("c",), ("a", "b"), ("a", "c"), ("a", "b", "c")]
