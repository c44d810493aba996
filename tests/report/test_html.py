"""Text is escaped, numbers are rounded for people and exact for programs."""

import pytest

from lookbook.report.fact import Fact
from lookbook.report.html import Html, between, join, number, table, tag, with_interval


def test_text_is_escaped_and_markup_is_kept():
    made = tag("p", {"title": 'a "b" & <c>'}, "1 < 2 & 3", tag("b", {}, "</p>"))
    assert made.markup == '<p title="a &quot;b&quot; &amp; &lt;c&gt;">1 &lt; 2 &amp; 3<b>&lt;/p&gt;</b></p>'
    assert join(["<", Html("<br>")], " & ").markup == "&lt; &amp; <br>"


@pytest.mark.parametrize(
    ("value", "form", "shown"),
    [
        (0.163334, ".4f", "0.1633"),
        (1234567, ",.0f", "1,234,567"),
        (-0.00414, "+.4f", "−0.0041"),
        (0.4542819, ".1%", "45.4%"),
        (-0.0000001, "+.4f", "0.0000"),
    ],
)
def test_a_number_is_rounded_and_keeps_its_exact_value_and_origin(value, form, shown):
    markup = number(Fact(value, "a.json#/x"), form).markup
    assert markup == f'<span class="n" data-value="{value}" data-from="a.json#/x">{shown}</span>'


@pytest.mark.parametrize("value", [None, "many", True, [1]])
def test_what_is_no_number_is_a_dash(value):
    assert number(Fact(value, "a.json#/x"), ".4f").markup == '<span class="none" role="img" aria-label="unknown">–</span>'


def test_an_interval_with_an_unknown_end_is_left_out():
    row = Fact({"value": 0.5, "low": None, "high": 0.7}, "a.json#")
    assert between(row["low"], row["high"], ".1f").markup == ""
    assert with_interval(row, ".1f").markup.count("data-value") == 1


def test_a_table_names_its_columns_and_rows_for_screen_readers():
    markup = table("Sums", ["name", "sum"], [["a", "1"], ["b", "2"]]).markup
    assert "<caption><span>Sums</span></caption>" in markup
    assert markup.count('scope="col"') == 2
    assert markup.count('scope="row"') == 2
    assert 'role="region" aria-label="Sums"' in markup
    assert 'tabindex="0"' in markup


def test_a_table_whose_rows_say_enough_has_no_empty_headings():
    markup = table("Facts", ["", ""], [["device", "cpu"]], texts=2).markup
    assert "<thead>" not in markup
    assert '<th scope="row" class="text">device</th><td class="text">cpu</td>' in markup


def test_a_row_of_the_wrong_length_is_refused():
    with pytest.raises(ValueError, match="shorter"):
        table("Sums", ["name", "sum"], [["a"]])
