import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from threadpoolctl import threadpool_limits

from lookbook.evaluation import bootstrap
from lookbook.evaluation.bootstrap import Floats, interval, resample_means


def per_customer(n: int, columns: int = 3, seed: int = 5) -> Floats:
    return np.random.default_rng(seed).random((n, columns))


@settings(deadline=None)
@given(arrays(np.float64, st.tuples(st.integers(1, 12), st.integers(1, 4)), elements=st.floats(-50, 50, width=32)))
def test_resampled_means_equal_those_of_drawn_rows(values: Floats) -> None:
    drawn = resample_means(values, resamples=5, seed=3)
    rng = np.random.default_rng(3)
    slow = [values[rng.integers(0, len(values), len(values))].mean(axis=0) for _ in range(5)]
    np.testing.assert_allclose(drawn.means, slow, atol=1e-9)
    np.testing.assert_allclose(drawn.mean, values.mean(axis=0), atol=1e-9)


def test_the_interval_of_a_share_is_near_the_normal_one() -> None:
    share = np.zeros((1000, 1))
    share[:300] = 1
    drawn = resample_means(share, resamples=4000, seed=0)
    error = 1.96 * (0.3 * 0.7 / 1000) ** 0.5
    low, high = interval(drawn.means)
    assert drawn.mean[0] == pytest.approx(0.3)
    assert low[0] == pytest.approx(0.3 - error, abs=0.002)
    assert high[0] == pytest.approx(0.3 + error, abs=0.002)


def test_about_95_of_100_intervals_hold_the_true_mean() -> None:
    rng = np.random.default_rng(11)
    held = 0
    for trial in range(300):
        low, high = interval(resample_means(rng.exponential(1, (150, 1)), resamples=400, seed=trial).means)
        held += bool(low[0] <= 1 <= high[0])
    assert 0.90 <= held / 300 <= 0.98


def test_equal_values_have_an_interval_without_width() -> None:
    drawn = resample_means(np.full((40, 1), 0.25), resamples=200, seed=0)
    low, high = interval(drawn.means)
    assert (drawn.mean[0], low[0], high[0]) == (0.25, 0.25, 0.25)


def test_the_same_seed_gives_the_same_bytes_and_another_does_not() -> None:
    values = per_customer(500)
    first = resample_means(values, resamples=50, seed=1).means
    assert first.tobytes() == resample_means(values, resamples=50, seed=1).means.tobytes()
    assert first.tobytes() != resample_means(values, resamples=50, seed=2).means.tobytes()


def test_threads_and_blocks_do_not_change_a_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    values = per_customer(3000, columns=40)
    many = resample_means(values, resamples=60, seed=1)
    monkeypatch.setattr(bootstrap, "_BLOCK_VALUES", 7 * 3000)
    with threadpool_limits(1):
        one = resample_means(values, resamples=60, seed=1)
    assert many.means.tobytes() == one.means.tobytes()
    assert many.mean.tobytes() == one.mean.tobytes()


def test_a_column_comes_out_the_same_bytes_beside_any_others() -> None:
    values = per_customer(800, columns=9)
    together = resample_means(values, resamples=40, seed=1)
    alone = resample_means(values[:, 4:5], resamples=40, seed=1)
    assert together.means[:, 4].tobytes() == alone.means[:, 0].tobytes()


def test_the_mean_does_not_depend_on_the_row_order_in_its_last_bit() -> None:
    values = per_customer(5000)
    shuffled = np.random.default_rng(0).permutation(values)
    assert (
        resample_means(values, resamples=1, seed=1).mean.tobytes() == resample_means(shuffled, resamples=1, seed=1).mean.tobytes()
    )


def test_nobody_cannot_be_resampled() -> None:
    with pytest.raises(ValueError, match="no customer"):
        resample_means(np.empty((0, 2)), resamples=10, seed=0)
