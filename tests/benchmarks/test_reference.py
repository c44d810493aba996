import pytest

from benchmarks.reference import Measure, load_reference, measures, reference, save_reference, worse


def test_measures_are_ratios_to_floors_and_exponents(two_scales):
    found = measures(two_scales)
    assert found["rank over floor"] == pytest.approx(40)
    assert found["rank exponent"] == pytest.approx(1.30103)
    assert "fit over floor" not in found
    assert measures(two_scales[:1]) == {}


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        ("rank over floor", [10.0, 12.0, 10.0], Measure(10.0, 10.0, 12.0, limit=14.0)),  # twice the difference
        ("rank over floor", [10.0, 10.5, 10.0], Measure(10.0, 10.0, 10.5, limit=12.5)),  # a quarter of the median
        ("rank exponent", [0.5, 0.5, 0.6], Measure(0.5, 0.5, 0.6, limit=0.7)),
        ("rank exponent", [0.5, 0.5, 0.5], Measure(0.5, 0.5, 0.5, limit=0.6)),
    ],
)
def test_the_limit_is_above_the_median_by_what_repeating_shows_and_never_by_nothing(name, values, expected):
    assert reference([{name: value} for value in values]) == {name: expected}


def test_only_what_every_run_measured_is_in_the_reference():
    assert list(reference([{"a exponent": 1.0, "b exponent": 1.0}, {"a exponent": 1.0}])) == ["a exponent"]


def test_what_is_above_its_limit_or_missing_is_told_and_nothing_else():
    known = {name: Measure(1.0, 0.9, 1.1, limit=1.25) for name in ("kept", "better", "worse", "missing")}
    lines = worse({"kept": 1.25, "better": 0.1, "worse": 1.26, "new": 9.0}, known)
    assert lines == ["worse: 1.26; the reference is 1, the limit 1.25", "missing: not measured; the reference is 1.0"]


def test_a_reference_that_was_saved_is_read_again(tmp_path):
    known = reference([{"rank over floor": 3.0}])
    save_reference(known, tmp_path / "reference.json", about={"scales": (0.005, 0.02)})
    assert load_reference(tmp_path / "reference.json") == known
