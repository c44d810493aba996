"""Drawings hold the exact values, nothing that is loaded, and the same numbers as a table."""

import json

import pytest

from lookbook.report import plots
from lookbook.report.chart import MOST_ROWS, Column, figure, specified, tag_free
from lookbook.report.fact import Fact

FORMS = {
    "intervals": plots.intervals("MAP", kinds=["a"], zero_line=True),
    "grouped": plots.grouped_intervals("MAP", groups=["g"], kinds=["a"]),
    "bars": plots.labelled_bars("labels"),
    "bars with limits": plots.labelled_bars("labels", limits=True),
    "heat": plots.heat_map(["a", "b"]),
    "stacked": plots.stacked_shares(["g"], ["a", "b"]),
    "curves": plots.curves("x", "y", kinds=["a", "b"]),
    "bins": plots.bins(log=True),
    "time": plots.over_time("y"),
    "scatter": plots.scatter("y"),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_specification_is_as_wide_as_the_page_and_names_no_place(form):
    rows = [{"name": "a", "group": "g", "source": "a", "value": Fact(0.1 + 0.2, "a.json#/x")}]
    specification = specified(FORMS[form], rows)
    assert specification["width"] == "container"
    assert specification["datasets"] == {"rows": [{**rows[0], "value": 0.1 + 0.2}], "one": [{}]}
    assert "http" not in json.dumps(specification)


@pytest.mark.parametrize("form", [form for form in FORMS if form in ("intervals", "grouped", "curves")])
def test_what_differs_in_colour_differs_in_shape_or_dash_too(form):
    written = json.dumps(specified(FORMS[form], []))
    assert '"shape"' in written or '"strokeDash"' in written


def test_json_that_ends_no_script_element_reads_back_as_it_was():
    text = json.dumps({"name": "</script><!-- & -->"})
    safe = tag_free(text)
    assert not set("<>&") & set(safe)
    assert json.loads(safe) == json.loads(text)


def test_a_figure_repeats_its_numbers_as_a_table_and_says_what_it_shows():
    rows = [{"name": "a", "value": Fact(1 / 3, "a.json#/rows/0/x")}]
    markup = figure(
        plots.labelled_bars("n"), rows, [Column("name", "who"), Column("value", "n", ".2f")], title="T", label="L."
    ).markup
    assert 'role="img" aria-label="T. L."' in markup
    assert f'data-value="{1 / 3}" data-from="a.json#/rows/0/x">0.33</span>' in markup
    assert "<details><summary>Numbers</summary>" in markup


def test_very_many_points_are_named_instead_of_repeated():
    rows = [{"x": Fact(n, f"a.json#/points/{n}/x"), "y": Fact(n, "")} for n in range(MOST_ROWS + 1)]
    markup = figure(plots.scatter("y"), rows, [Column("x", "x")], title="T", label="L.").markup
    assert "<table" not in markup
    assert f"{MOST_ROWS + 1} points, in a.json under points." in markup
