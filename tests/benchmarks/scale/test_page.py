import re
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.scale.outlook import dominates, limits, next_factor
from benchmarks.scale.page import floor_table, growth_table, page, table, whole
from benchmarks.scale.plot import DARK, growth_plot
from benchmarks.scale.results import load
from lookbook.pipelines.stages.phases import PHASES

ROOT = Path(__file__).parents[3]


def cells(markdown: str, first: str) -> list[str]:
    line = next(line for line in markdown.splitlines() if line.startswith(f"| {first} |"))
    return [cell.strip() for cell in line.strip("|").split("|")][1:]


def test_the_page_is_made_of_the_figures_in_the_repository():
    assert (ROOT / "docs" / "benchmarks.md").read_text() == page(load(ROOT / "benchmarks" / "results.json"))


def test_a_page_has_no_gap(two_scales):
    assert re.findall(r"[{}]|\bNone\b|\bnan\b", page(two_scales)) == []


def test_the_whole_is_the_sum_of_the_phases_and_their_highest_peak(two_scales):
    assert cells(whole(two_scales), "1")[-3:] == ["6.0 min", "116.7 min", "1,000 MiB"]  # six phases of a minute


def test_growth_has_a_column_for_each_scale_and_for_each_step(two_scales):
    assert cells(growth_table(two_scales), "rank") == ["100 s", "2,000 s", "1.30"]


def test_the_ratio_stands_beside_the_last_floor_of_its_phase(two_scales):
    lines = floor_table(two_scales).splitlines()
    assert lines[-2:] == ["| rank | copying | 0.0 s | 10.0 s |  |  |", "| rank | LightGBM's predict | 0.0 s | 40.0 s |  | 40.0 |"]


def test_limits_are_judged_at_scale_1_only(two_scales):
    assert limits(two_scales[0]) == "Scale 1 is not among these figures."
    assert "6.0 minutes (kept) and 1.0 GB (kept)" in limits(two_scales[1])
    slow = {name: replace(cost, wall_s=301.0, peak_mb=6000) for name, cost in two_scales[1].costs.items()}
    assert "30.1 minutes (not kept) and 6.3 GB (not kept)" in limits(replace(two_scales[1], costs=slow))


def test_what_dominates_is_told_until_nine_tenths_are_named(two_scales):
    costs = {"data": 10.0, "learn": 50.0, "retrieve": 5.0, "examples": 5.0, "fit": 30.0, "rank": 900.0}
    measured = {name: replace(cost, cpu_s=costs.get(name, 0.0)) for name, cost in two_scales[1].costs.items()}
    assert "time: rank 90 %." in dominates(replace(two_scales[1], costs=measured))
    assert "Of rank, LightGBM's predict is 2 %." in dominates(two_scales[1])


def test_ten_times_more_is_told_by_the_growth_of_each_phase(two_scales):
    told = next_factor(two_scales)
    assert "about 25.0 hours" in told  # five phases of 10,000 s, and one of 2,000 s times 10 ** 1.30103
    assert "rank (1.30)" in told
    assert next_factor(two_scales[:1]) == "One scale says nothing about growth."


def test_columns_of_numbers_are_aligned_to_the_right():
    assert table(["a", "b"], [["x", "1.0 s"], ["y", ""]]).splitlines()[1] == "| --- | ---: |"


@pytest.mark.parametrize("phase", PHASES)
def test_the_drawing_names_every_phase(two_scales, phase):
    assert f">{phase}</text>" in growth_plot(two_scales)


def test_every_colour_of_the_drawing_has_one_for_dark_screens(two_scales):
    drawn = growth_plot(two_scales).split("</style>")[1]
    assert set(re.findall(r'(?:fill|stroke)="(#?\w+)"', drawn)) - {"none", "transparent"} <= set(DARK)
