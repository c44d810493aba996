"""Quartiles, box plots and bins from counts, against NumPy on the values written out."""

from collections import Counter
from math import isclose

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookbook.data.profile.distribution import BINS, Distribution, distribution, histogram

NUMBERS = st.lists(st.one_of(st.integers(-50, 50).map(float), st.floats(0.01, 1e5)), min_size=1, max_size=80)


def counted(values: list[float | None]) -> pl.DataFrame:
    counts = Counter(values)
    return pl.DataFrame({"value": list(counts), "rows": list(counts.values())}, schema={"value": pl.Float64, "rows": pl.Int64})


@given(NUMBERS)
def test_statistics_of_counts_are_those_of_the_values_written_out(values: list[float]) -> None:
    found = distribution(counted(values))
    q25, median, q75 = np.quantile(values, [0.25, 0.5, 0.75])
    inside = [v for v in values if q25 - 1.5 * (q75 - q25) <= v <= q75 + 1.5 * (q75 - q25)]
    assert found.rows == len(values)
    assert found.distinct == len(set(values))
    assert (found.min, found.max) == (min(values), max(values))
    for mine, expected in zip((found.q25, found.median, found.q75, found.mean), (q25, median, q75, np.mean(values)), strict=True):
        assert mine is not None
        assert isclose(mine, expected, rel_tol=1e-9, abs_tol=1e-9)
    assert found.sd is not None
    assert isclose(found.sd, np.std(values), rel_tol=1e-6, abs_tol=1e-6)
    assert found.iqr_outliers is not None
    assert abs(found.iqr_outliers - (len(values) - len(inside))) <= sum(isclose(v, f) for v in values for f in fences(q25, q75))


def fences(q25: float, q75: float) -> tuple[float, float]:
    return q25 - 1.5 * (q75 - q25), q75 + 1.5 * (q75 - q25)


def test_values_beyond_the_whiskers_and_beyond_three_deviations_are_counted() -> None:
    found = distribution(counted([*[10.0] * 5, *[11.0] * 10, *[12.0] * 5, 16.0, 100.0]))
    assert (found.q25, found.median, found.q75) == (11.0, 11.0, 12.0)
    assert (found.whisker_low, found.whisker_high) == (10.0, 12.0)
    assert found.iqr_outliers == 2
    assert found.z_outliers == 1


def test_a_whisker_never_ends_inside_the_box() -> None:
    low = distribution(counted([0.0, 10.0, 10.0, 10.0]))
    assert (low.q25, low.whisker_low, low.whisker_high, low.iqr_outliers) == (7.5, 7.5, 10.0, 1)
    high = distribution(counted([0.0, 0.0, 0.0, 10.0]))
    assert (high.q75, high.whisker_high, high.whisker_low, high.iqr_outliers) == (2.5, 2.5, 0.0, 1)


def test_missing_values_count_for_nothing_and_no_value_has_no_statistics() -> None:
    assert distribution(counted([None, None, 3.0])) == distribution(counted([3.0]))
    assert distribution(counted([None])) == Distribution(0, 0)
    assert histogram(counted([None])) == []


@given(NUMBERS)
def test_every_value_falls_into_exactly_one_bin(values: list[float]) -> None:
    bins = histogram(counted(values))
    assert sum(part.rows for part in bins) == len(values)
    assert len(bins) <= BINS
    for place, part in enumerate(bins):
        last = place == len(bins) - 1
        inside = [v for v in values if part.low <= v < part.high or v == part.low == part.high or (last and v == part.high)]
        assert part.rows == len(inside)
    assert bins[0].low == min(values)
    assert bins[-1].high >= max(values)


@pytest.mark.parametrize(
    ("values", "scale", "first_bins"),
    [
        ([float(v) for v in range(30)], "value", [(0, 0, 1), (1, 1, 1)]),
        ([float(v) for v in range(61)], "linear", [(0, 3, 3), (3, 6, 3)]),
        ([*[float(v) for v in range(1, 41)], 100_000.0], "log", [(1, 2, 1), (2, 3, 1), (3, 5, 2), (5, 8, 3), (8, 12, 4)]),
        ([*[float(v) for v in range(41)], 100_000.0], "linear", [(0, 3334, 41)]),
    ],
)
def test_bins_grow_where_values_have_a_long_tail_and_start_at_whole_numbers_of_whole_numbers(
    values: list[float], scale: str, first_bins: list[tuple[float, float, int]]
) -> None:
    bins = histogram(counted(values))
    assert {part.scale for part in bins} == {scale}
    assert [(part.low, part.high, part.rows) for part in bins[: len(first_bins)]] == first_bins


@given(st.integers(-5, 400), st.integers(BINS + 1, 5000), st.booleans())
def test_bins_of_whole_numbers_are_never_narrower_than_the_one_before(low: int, distinct: int, tailed: bool) -> None:
    values = [float(low + n) for n in range(distinct)] + ([1e6] if tailed else [])
    bins = histogram(counted(values))
    widths = [part.high - part.low for part in bins]
    assert len(bins) <= BINS
    assert widths == sorted(widths)
    assert all(part.rows == part.high - part.low for part in bins if part.high <= low + distinct)
    assert bins[-1].low <= max(values) < bins[-1].high
