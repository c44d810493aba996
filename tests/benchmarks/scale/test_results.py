from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.scale.phases import START
from benchmarks.scale.results import ScaleResult, growth, growth_exponent, load, save

positive = st.floats(1e-3, 1e6)


@pytest.mark.parametrize(
    ("costs", "sizes", "exponent"),
    [((3.0, 30.0), (10, 100), 1.0), ((3.0, 300.0), (10, 100), 2.0), ((5.0, 5.0), (10, 100), 0.0), ((30.0, 3.0), (100, 10), 1.0)],
)
def test_the_exponent_is_the_power_of_the_size(costs, sizes, exponent):
    assert growth_exponent(costs, sizes) == pytest.approx(exponent)


@given(unit=positive, power=st.floats(-1, 3), size=positive, factor=st.floats(1.5, 100))
def test_the_exponent_of_a_power_law_is_its_power(unit, power, size, factor):
    costs = (unit * size**power, unit * (size * factor) ** power)
    assert growth_exponent(costs, (size, size * factor)) == pytest.approx(power, abs=1e-6)


@pytest.mark.parametrize(("costs", "sizes"), [((0.0, 1.0), (1, 2)), ((1.0, 1.0), (2, 2)), ((1.0, 1.0), (0, 2))])
def test_an_exponent_that_does_not_exist_is_refused(costs, sizes):
    with pytest.raises(ValueError, match="above 0"):
        growth_exponent(costs, sizes)


def test_growth_is_told_between_neighbouring_scales(two_scales):
    assert growth(two_scales, "rank") == [pytest.approx(1.30103)]
    assert growth(two_scales, "data") == [pytest.approx(1.0)]
    assert growth(two_scales[:1], "rank") == []


def test_the_start_of_a_phase_does_not_hide_its_growth(two_scales):
    grown = [with_start(two_scales[0], 90.0), with_start(two_scales[1], 0.0)]
    assert growth(grown, "data") == [pytest.approx(2.0)]  # from 10 to 1,000 s
    assert growth(grown, "data", with_start=True) == [pytest.approx(1.0)]
    assert growth(grown, "simulate") == [pytest.approx(0.0)]
    assert growth([with_start(two_scales[0], 100.0), two_scales[1]], "data") == [None]


def with_start(result: ScaleResult, seconds: float) -> ScaleResult:
    return replace(result, costs={**result.costs, START: replace(result.costs[START], cpu_s=seconds)})


def test_a_phase_that_was_not_measured_at_both_scales_has_no_exponent(two_scales):
    del two_scales[0].costs["simulate"]
    assert growth(two_scales, "simulate") == [None]


def test_the_ratio_is_to_all_floors_of_the_phase_together(two_scales):
    assert two_scales[1].ratio("rank") == pytest.approx(2000 / 50)
    assert two_scales[1].ratio("fit") is None


def test_what_was_saved_is_read_again_smallest_scale_first(two_scales, tmp_path):
    save(two_scales[::-1], tmp_path / "results.json")
    assert load(tmp_path / "results.json") == two_scales
