"""How the system stands against the best baseline, from cells written by hand."""

import pytest

from lookbook.evaluation.standing import Standing


def standing(map_of_system: float, low: float | None, high: float | None, ratio: float | None = 1.5) -> Standing:
    maps = {"lookbook": map_of_system, "popularity": 0.05, "most_bought": 0.2, "mf_alone": 0.9}
    metrics = {
        name: {"all": {"map": {"value": value, "low": None, "high": None, "n_customers": 40}}} for name, value in maps.items()
    }
    cell = {"value": 0.0, "low": low, "high": high, "ratio": ratio, "ratio_low": None, "ratio_high": None, "n_customers": 40}
    differences = {name: {"all": {"map": cell}} for name in maps if name != "lookbook"}
    return Standing.of(metrics, differences, system="lookbook")


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.01, 0.2, "ahead"),
        (-0.2, -0.01, "behind"),
        (-0.1, 0.1, "cannot tell"),
        (0.0, 0.1, "cannot tell"),
        (0.1, 0.1, "cannot tell"),  # of one customer
        (-0.1, -0.1, "cannot tell"),
        (None, None, "cannot tell"),
    ],
)
def test_the_interval_of_the_difference_decides(low: float | None, high: float | None, expected: str) -> None:
    assert standing(0.3, low, high).standing == expected


def test_the_best_baseline_is_neither_the_system_nor_a_source_alone() -> None:
    found = standing(0.3, 0.01, 0.2)
    assert (found.baseline, found.baseline_map, found.ratio, found.n_customers) == ("most_bought", 0.2, 1.5, 40)


def test_a_baseline_that_is_ahead_is_said_with_what_to_try() -> None:
    first, then = standing(0.08, -0.2, -0.05).sentences(k=12)
    assert first == "A baseline is ahead: most bought reaches MAP@12 0.2000, lookbook 0.0800, difference [-0.2000, -0.0500]."
    assert "lookbook ablate" in then


def test_few_customers_are_said_to_be_too_few_also_without_an_interval() -> None:
    assert "40 customers with purchases in the week are too few to tell" in standing(0.3, -0.1, 0.3).sentences(k=12)[0]
    assert standing(0.3, None, None).sentences(k=3)[0].endswith("MAP@3 0.3000 against 0.2000.")


def test_a_lead_is_one_sentence() -> None:
    (told,) = standing(0.3, 0.01, 0.2).sentences(k=12)
    assert told.startswith("lookbook is ahead of the best baseline, most bought: MAP@12 0.3000 against 0.2000")
