"""Figures as text: digits, percent, bars."""

import pytest

from lookbook.pipelines.terminal.figures import bars, box_plot, count, decimals, number, share, whole


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (0, "0"),
        (0.0123456, "0.0123"),
        (2.5, "2.5"),
        (12.0, "12"),
        (999.6, "1,000"),
        (2.0001, "2"),
        (float("nan"), "nan"),
        (1234.5, "1,234"),
        (3e15, "3e+15"),
    ],
)
def test_numbers_have_three_digits_or_all_before_the_point(value: float | None, text: str) -> None:
    assert number(value) == text


def test_large_numbers_are_short_where_there_is_little_room() -> None:
    assert (number(999_999, powers_from=1e6), number(763_700_000, powers_from=1e6)) == ("1e+06", "7.64e+08")


def test_none_is_nothing_and_shares_are_percent() -> None:
    assert (share(None), share(0.12345), share(1)) == ("", "12.3 %", "100.0 %")
    assert (whole(None), whole(1234567)) == ("", "1,234,567")


def test_a_bar_is_as_high_as_its_part_of_the_highest_and_empty_only_for_nothing() -> None:
    assert bars([0, 0.001, 50, 100]) == "▁▂▅█"
    assert bars([0, 0]) == "▁▁"
    assert bars([]) == ""


def test_next_to_nothing_and_next_to_all_are_not_shown_as_nothing_and_all() -> None:
    assert (share(0), share(0.0004), share(0.0005)) == ("0.0 %", "<0.1 %", "0.1 %")
    assert (share(0.9994), share(0.9996), share(1)) == ("99.9 %", ">99.9 %", "100.0 %")


@pytest.mark.parametrize(
    ("places", "drawn"),
    [
        ((0, 1, 3, 5, 6, 8, 9), "·├─▒▒┃▒─┤·"),
        ((0, 0, 3, 5, 6, 9, 9), "├──▒▒┃▒──┤"),
        ((0, 0, 0, 0.5, 3, 4, 9), "┃▒▒▒┤    ·"),
        ((2, 2, 2, 2, 2, 2, 2), "  ┃       "),
    ],
)
def test_a_box_plot_stands_on_the_bins_of_its_histogram(places: tuple[float, ...], drawn: str) -> None:
    names = ("min", "whisker_low", "q25", "median", "q75", "whisker_high", "max")
    assert box_plot(dict(zip(names, places, strict=True)), list(range(10))) == drawn


def test_one_of_a_thing_is_not_several() -> None:
    assert [count(number, "article") for number in (0, 1, 2, 1234)] == ["0 articles", "1 article", "2 articles", "1,234 articles"]
    assert count(2, "purchase of a day", "purchases of a day") == "2 purchases of a day"


def test_nothing_is_minus_zero() -> None:
    assert (decimals(-0.00001), decimals(-0.06, 1), decimals(None)) == ("0.0000", "-0.1", "")
