from collections.abc import Mapping

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lookbook.evaluation.segments import ALL
from lookbook.evaluation.summary import paired_difference, summarise
from lookbook.evaluation.variants import VISIBLE_ERRORS, Difference, Judged, Ratio, judge_variants

Week = Mapping[str, Mapping[int, float]]


def frames(week: Week) -> dict[str, pl.DataFrame]:
    return {
        variant: pl.DataFrame({"customer": list(values), "average_precision": list(values.values())}, schema_overrides=TYPES)
        for variant, values in week.items()
    }


TYPES = {"customer": pl.UInt32, "average_precision": pl.Float64}


def random_week(seed: int, customers: int = 40) -> Week:
    rng = np.random.default_rng(seed)
    return {variant: {c: float(rng.random()) for c in range(customers)} for variant in ("whole", "a", "b")}


def test_one_week_gives_the_numbers_of_the_summary_to_the_last_digit() -> None:
    week = frames(random_week(0))
    judged = judge_variants([week], resamples=200, seed=3)
    everybody = week["a"].select("customer", segment=pl.lit(ALL))
    means, _ = summarise(week, everybody, {"map": "average_precision"}, system=None, k=12, resamples=200, seed=3)
    expected = {row["variant"]: (row["value"], row["low"], row["high"]) for row in means.iter_rows(named=True)}
    for variant in week:
        mean = judged.of(variant)
        assert (mean.value, mean.low, mean.high) == expected[variant]
    paired = paired_difference(week["whole"], week["b"], ["average_precision"], resamples=200, seed=3).row(0, named=True)
    found = judged.difference("whole", "b")
    assert (found.value, found.low, found.high) == (paired["value"], paired["low"], paired["high"])


def test_which_other_variants_are_judged_changes_nothing() -> None:
    week = frames(random_week(1))
    few = judge_variants([{name: week[name] for name in ("whole", "b")}], resamples=100, seed=0)
    assert few.difference("whole", "b") == judge_variants([week], resamples=100, seed=0).difference("whole", "b")


ap = st.floats(0, 1).map(lambda value: round(value, 3))
a_week = st.dictionaries(st.integers(0, 6), st.tuples(ap, ap), min_size=1)


@settings(deadline=None)
@given(st.lists(a_week, min_size=1, max_size=3))
def test_a_resample_draws_customers_with_all_their_weeks(weeks: list[dict[int, tuple[float, float]]]) -> None:
    tables = [frames({"whole": {c: v[0] for c, v in w.items()}, "less": {c: v[1] for c, v in w.items()}}) for w in weeks]
    judged = judge_variants(tables, resamples=30, seed=5)
    customers = sorted({customer for week in weeks for customer in week})
    rng = np.random.default_rng(5)
    for resample in range(30):
        drawn = [customers[place] for place in rng.integers(0, len(customers), len(customers))]
        rows = [week[customer] for customer in drawn for week in weeks if customer in week]
        assert judged.means[resample] == pytest.approx(np.mean(rows, axis=0))
    assert judged.mean == pytest.approx(np.mean([value for week in weeks for value in week.values()], axis=0))
    assert judged.n_customers == len(customers)
    assert judged.n_customer_weeks == sum(map(len, weeks))


def test_the_order_of_rows_changes_no_bit() -> None:
    weeks = [frames(random_week(seed)) for seed in (1, 2, 3)]
    shuffled = [{v: f.sample(fraction=1, shuffle=True, seed=n) for n, (v, f) in enumerate(week.items())} for week in weeks]
    plain, mixed = (judge_variants(each, resamples=50, seed=0) for each in (weeks, shuffled))
    assert np.array_equal(plain.means, mixed.means)
    assert np.array_equal(plain.mean, mixed.mean)


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (0.01, 0.03, "helps"),
        (-0.03, -0.01, "hurts"),
        (-0.01, 0.02, "cannot tell"),
        (0.0, 0.02, "cannot tell"),
        (0, 0, "cannot tell"),
    ],
)
def test_the_verdict_is_read_from_the_interval(low: float, high: float, verdict: str) -> None:
    assert Difference(0.01, low, high, 0.02).verdict == verdict


def test_one_customer_tells_nothing() -> None:
    found = judge_variants([frames({"whole": {1: 0.9}, "less": {1: 0.1}})], resamples=20, seed=0).difference("whole", "less")
    assert (found.value, found.low, found.smallest_visible) == (pytest.approx(0.8), pytest.approx(0.8), 0)
    assert found.verdict == "cannot tell"


def test_a_difference_of_the_smallest_visible_size_is_found_in_four_of_five_tests() -> None:
    rng = np.random.default_rng(0)
    found = 0
    true = judged_on(rng, 0.0).difference("whole", "less").smallest_visible
    for _ in range(200):
        found += judged_on(rng, true).difference("whole", "less").verdict == "helps"
    assert 0.7 < found / 200 < 0.9
    assert VISIBLE_ERRORS == 2.8


def judged_on(rng: np.random.Generator, difference: float) -> Judged:
    """60 customers whose values differ by `difference` on average."""
    less = rng.normal(0.5, 0.1, 60)
    values = {"whole": less + rng.normal(difference, 0.1, 60), "less": less}
    return judge_variants([frames({name: dict(enumerate(column)) for name, column in values.items()})], resamples=200, seed=1)


def test_variants_measured_on_different_customers_are_refused() -> None:
    with pytest.raises(ValueError, match="'whole' and 'a' were measured on different customers"):
        judge_variants([frames({"whole": {1: 0.5}, "a": {2: 0.5}})], resamples=10, seed=0)


def test_every_customer_week_counts_the_same() -> None:
    judged = judge_variants([frames(week) for week in ({"a": {1: 0.4, 2: 1.0}}, {"a": {1: 0.1}})], resamples=10, seed=0)
    assert judged.of("a").value == pytest.approx(0.5)


def test_a_ratio_is_that_of_two_means_and_of_every_resample_of_them() -> None:
    week = frames(random_week(2))
    judged = judge_variants([week], resamples=50, seed=0)
    found = judged.ratio("a", "b")
    a, b = (judged.variants.index(name) for name in ("a", "b"))
    assert found.value == pytest.approx(week["a"]["average_precision"].mean() / week["b"]["average_precision"].mean())
    assert (found.low, found.high) == pytest.approx(tuple(np.quantile(judged.means[:, a] / judged.means[:, b], [0.025, 0.975])))


def test_a_ratio_to_nothing_is_unknown() -> None:
    nothing = frames({"a": {1: 0.5, 2: 0.0}, "none": {1: 0.0, 2: 0.0}, "rare": {1: 0.25, 2: 0.0}})
    judged = judge_variants([nothing], resamples=50, seed=0)
    assert judged.ratio("a", "none") == Ratio(None, None, None)
    assert judged.ratio("a", "rare") == Ratio(2.0, None, None)
