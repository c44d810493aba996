"""What each section says in a sentence follows from its numbers, at the edges too."""

import html
import re
from collections.abc import Callable

import pytest

from lookbook.report.fact import Fact, root
from lookbook.report.html import join
from lookbook.report.section import Section
from lookbook.report.sections.candidates import funnel, sources
from lookbook.report.sections.data.profile import data_profile
from lookbook.report.sections.importance import dependence, importance
from lookbook.report.sections.lost import lost_labels
from lookbook.report.sections.results import results, segments
from lookbook.report.sections.settings import settings
from lookbook.report.sections.studies.ablation import ablation, shapley
from lookbook.report.sections.studies.leaderboard import leaderboard
from lookbook.report.sections.studies.tuning import tuning


def said(section: Callable[[dict[str, Fact]], Section], contents: dict[str, object]) -> str:
    made = section({name: root(name, content) for name, content in contents.items()})
    return html.unescape(re.sub("<[^>]*>", "", join(made.says).markup))


@pytest.mark.parametrize(
    ("standing", "verdict"),
    [
        ("ahead", "lookbook is better by more than chance explains"),
        ("behind", "lookbook is worse by more than chance explains"),
        ("cannot tell", "this week cannot tell the two apart"),
    ],
)
def test_the_result_is_told_by_the_standing(contents, standing, verdict):
    contents["metrics.json"]["standing"]["standing"] = standing
    assert said(results, contents).endswith(f", so {verdict}.")


def test_segments_are_sorted_into_better_worse_and_not_told_apart(contents):
    differences = contents["metrics.json"]["differences"]["popularity"]
    for group, low, high in (("<=7", 0.1, 0.2), ("8-30", -0.2, -0.1), ("never", 0.3, 0.3)):
        differences[group]["map"] |= {"low": low, "high": high}
    assert said(segments, contents) == (
        "By the last purchase, lookbook is better than popularity for ≤ 7 days; worse than popularity for 8–30 days; "
        "not told apart from it for never."
    )
    for group in ("<=7", "8-30"):
        differences[group]["map"] |= {"low": -0.1, "high": 0.1}
    assert said(segments, contents) == "In no segment is the difference to popularity larger than chance explains."


def test_without_a_standing_nothing_is_compared(contents):
    del contents["metrics.json"]["standing"]
    assert said(results, contents) == "Lookbook reaches MAP@12 of 0.2000 [0.1890, 0.2130] on 50 customers with purchases. "
    assert said(segments, contents) == ""


def test_lists_of_another_length_are_named_by_it(contents):
    contents["run.json"]["k"] = 3
    assert "MAP@3" in said(results, contents)
    assert said(funnel, contents).endswith("28.6% were recommended in the first 3.")


def test_a_single_source_is_compared_with_no_other(contents):
    rows = contents["metrics.json"]["sources"]
    contents["metrics.json"]["sources"] = [rows[0], rows[-1]]
    assert said(sources, contents) == "Repurchase is the only source: it finds 30.0% of them."


def test_sources_that_find_nothing_are_not_praised(contents):
    rows = contents["metrics.json"]["sources"]
    rows[0]["positive_rate"] = None
    for row in rows:
        row["found_only"] = 0
    assert said(sources, contents) == (
        "Repurchase finds the most, 30.0% of the purchases; none finds any that no other finds. "
        "A candidate of brand new source is bought most often, 3.7% of the time."
    )
    for row in rows:
        row |= {"recall": 0.0, "positive_rate": None}
    assert said(sources, contents) == "No source found any of the purchases."


def test_shapley_values_that_are_all_nothing_name_no_source(contents):
    for row in contents["ablation.json"]["shapley"]:
        row["value"] = row["value"] if row["of"] == "recall" else 0.0
    assert said(shapley, contents) == (
        "Of the recall of the candidates, brand new source brings the most: 32%. To the MAP no source adds anything. "
    )


def test_an_ablation_is_told_for_every_way_to_leave_one_out(contents):
    content = contents["ablation.json"]
    content["variants"] += [{**content["variants"][1], "budget": "union", "verdict": "cannot tell"}]
    content["greedy"] = [{"budget": "union", "kept": ["co_purchase", "repurchase"], "steps": []}]
    assert said(ablation, contents) == (
        "Without one source, free places filled with other candidates: worse without repurchase; better without co purchase; "
        "no clear difference without brand new source. "
        "Without one group of features, free places filled with other candidates: no clear difference without customer. "
        "Without one source, free places left empty: no clear difference without co purchase. "
        "Adding the source that helps most, free places left empty: co purchase and repurchase. "
        "The smallest change that could have been seen is 0.0040."
    )


def test_a_leaderboard_names_the_best_the_one_that_finds_most_and_what_others_add(contents):
    content = contents["leaderboard.json"]
    content["methods"][2]["recall"]["value"] = 0.5
    assert said(leaderboard, contents) == (
        "Repurchase has the highest MAP@12 alone, 0.1600 [0.1500, 0.1700]; brand new source finds the most in 100 places, 50.0%. "
        "Beside repurchase and co purchase, the source that finds the most that none of them does is brand new source: "
        "7 of 1,000 labels."
    )
    for row in content["methods"]:
        row["n_only"] = 0
    assert said(leaderboard, contents).endswith("50.0%. Beside repurchase and co purchase, no other source finds anything more.")
    content["methods"] = content["methods"][3:]
    assert said(leaderboard, contents) == "No method could be judged."


def test_importance_names_the_column_that_costs_most_when_shuffled(contents):
    rows = contents["importance.json"]["importance"]
    rows[:] = [{**row, "doc": "Sales in n days; null = none."} for row in rows]
    worst = next(row for row in rows if (row["name"], row["method"]) == ("article_sales_7d", "permutation"))
    worst["value"] = 10.5
    assert said(importance, contents) == (
        "By SHAP the articles of a customer are set apart most by article_sales_1d (sales in n days), then by article_sales_2d and "
        "article_sales_3d. "
        "MAP drops most, by 10.5000, when the values of article_sales_7d are shuffled."
    )
    for row in rows:
        row |= {"value": None, "low": -0.1}
    assert said(importance, contents) == (
        "By SHAP no feature sets the articles of a customer apart. "
        "Shuffling the values of no single feature costs more MAP than chance explains."
    )


def test_the_feature_whose_curve_spans_most_is_named(contents):
    contents["importance.json"]["partial_dependence"] = [
        {"feature": name, "value": n, "score": score} for n, (name, score) in enumerate((("a", 1), ("a", 0), ("b", 2), ("b", -1)))
    ]
    assert said(dependence, contents) == "b moves the score furthest: the mean score lies between −1.00 and 2.00."
    for row in contents["importance.json"]["partial_dependence"]:
        row["score"] = 0.5
    assert said(dependence, contents) == "None of these columns moves the mean score."


def test_lost_purchases_are_told_by_the_stage_that_loses_most(contents):
    rows = contents["importance.json"]["lost_labels"]
    assert said(lost_labels, contents) == "The largest loss is “ranked 13-50”: 23.8% of all purchases."
    for row in rows:
        row["labels"] = 10 if row["stage"] == "recommended" else 0
    assert said(lost_labels, contents) == "Every purchase was recommended."
    for row in rows:
        row["labels"] = 0
    assert said(lost_labels, contents) == "Nobody bought anything."


def test_the_days_of_the_data_and_a_first_week_that_is_cut_are_told(contents):
    contents["profile.json"]["dataset"] = {"first_day": "2020-06-07", "last_day": "2020-09-22"}
    contents["profile.json"]["weeks"][0]["days"] = 3
    assert said(data_profile, contents).startswith(
        "The data go from 2020-06-07 to 2020-09-22. The first week is cut: the data hold 3 of its 7 days. In the last week, 50% "
    )


@pytest.mark.parametrize(
    ("seeds", "start"),
    [
        ([], "None of the 0 settings differ from the defaults. "),
        ([1, 2], "One of the 2 settings differs from its default. "),
        ([2, 2], "2 of the 2 settings differ from the defaults. "),
    ],
)
def test_settings_that_differ_are_counted_and_the_costliest_stages_named(contents, seeds, start):
    contents["report.json"]["settings"] = [{"key": f"a.{n}", "value": seed, "default": 1} for n, seed in enumerate(seeds)]
    stages = contents["run.json"]["stages"]
    stages["learn"] = {**stages["learn"], "seconds_when_computed": 83.6, "peak_memory_mb": 1615}
    stages["fit"] = {**stages["fit"], "seconds_when_computed": 61.0, "peak_memory_mb": 2158}
    assert said(settings, contents) == (f"{start}The longest stage is learn, 84 seconds; the largest is fit, 2,158 MB of memory.")


def test_a_search_says_whether_its_best_is_ahead_or_a_tie(contents):
    weeks = "On 2 validation weeks, from that of 2020-08-12 to that of 2020-08-19, "
    start = f"{weeks}the settings of the run reach MAP@12 0.1800 [0.1700, 0.1900]"
    tie = "; the best of 3 trials, number 3, 0.1900: +0.0100 [−0.0020, +0.0220], a tie with the settings of the run. "
    assert said(tuning, contents) == f"{start}{tie}It was chosen on these weeks, so that later ones show less of it."
    contents["tuning.json"] |= {"best": None, "gain": None}
    assert said(tuning, contents) == f"{start}; no trial was finished yet."
