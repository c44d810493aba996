"""The first screen: its three answers follow from what was found and from what was not asked yet."""

import html
import re

import pytest

from lookbook.report.fact import Fact, root
from lookbook.report.html import times
from lookbook.report.sections.results import results
from lookbook.report.sections.summary import summary


def lines(contents: dict[str, object]) -> list[str]:
    """The texts of its paragraphs and list items, in their order."""
    made = summary({name: root(name, content) for name, content in contents.items()}).html().markup
    parts = re.findall(r"<(?:p|li)\b[^>]*>(.*?)</(?:p|li)>", made)
    return [html.unescape(re.sub("<[^>]*>", "", part)) for part in parts]


def difference(contents: dict[str, object], **ratios: float | None) -> None:
    contents["metrics.json"]["differences"]["popularity"]["all"]["map"] |= {"ratio_low": None, "ratio_high": None, **ratios}


@pytest.mark.parametrize(
    ("standing", "words"),
    [
        ("ahead", "Ahead of the best baseline"),
        ("behind", "Behind the best baseline"),
        ("cannot tell", "Too few customers to tell it from the best baseline"),
    ],
)
def test_the_verdict_comes_with_ratio_and_interval(contents, standing, words):
    contents["metrics.json"]["standing"]["standing"] = standing
    value, verdict, *_ = lines(contents)
    assert value == "MAP@12 0.2000 [0.1890, 0.2130]"
    assert verdict == f"{words}, popularity (MAP 0.1830): 1.200 × [1.100, 1.300] its MAP."


@pytest.mark.parametrize(
    ("ratio", "baseline", "end"),
    [
        (371.847, 0.00021, ", which found next to nothing (MAP 0.000210)."),
        (None, 0.0, ", which found nothing."),
        (38.028, 0.0009, " (MAP 0.0009): 38.0 × its MAP."),
    ],
)
def test_a_baseline_of_next_to_nothing_is_said_as_such(contents, ratio, baseline, end):
    contents["metrics.json"]["standing"] |= {"baseline_map": baseline}
    difference(contents, ratio=ratio)
    assert lines(contents)[1] == f"Ahead of the best baseline, popularity{end}"
    contents["metrics.json"]["metrics"]["popularity"]["all"]["map"]["value"] = baseline
    table = results({name: root(name, content) for name, content in contents.items()}).html().markup
    assert ("<small>of next to nothing</small>" in table) == (ratio == 371.847)
    assert ("<small>of nothing</small>" in table) == (ratio is None)


@pytest.mark.parametrize(
    ("ratio", "ends", "shown"),
    [
        (1.2, (1.1, 1.3), "1.200 × [1.100, 1.300]"),
        (12.345, (2.0, 50.0), "12.3 × [2.0, 50.0]"),
        (371.847, (None, None), "372 ×"),
        (None, (None, None), ""),
    ],
)
def test_a_ratio_has_fewer_digits_the_larger_it_is(ratio, ends, shown):
    row = Fact({"ratio": ratio, "ratio_low": ends[0], "ratio_high": ends[1]}, "metrics.json#")
    assert re.sub("<[^>]*>", "", times(row).markup) == shown


def test_what_drives_it_names_sources_that_help_and_groups_that_cost_when_shuffled(contents):
    found = lines(contents)
    assert "repurchase: 0.0500 [0.0470, 0.0530]" in found
    assert "article: 10.0000 [0.1000, 0.4000]" in found
    assert not any(line.startswith(("co purchase: ", "brand new source: ")) for line in found)  # hurts, cannot tell
    for row in contents["ablation.json"]["variants"]:
        row["verdict"] = "cannot tell"
    for row in contents["importance.json"]["importance"]:
        row["low"] = -0.1
    found = lines(contents)
    assert "No single source is missed: without any one of them MAP falls by no more than chance explains." in found
    assert "No feature group stands out: shuffling any one of them costs no more MAP than chance explains." in found


def test_what_was_not_asked_yet_is_offered_as_a_command_about_this_run(contents):
    contents["report.json"]["flags"] = {"run": ["--run", "2026-x", "--artifacts", "a b"], "settings": ["--config", "c.toml"]}
    del contents["ablation.json"]
    del contents["importance.json"]
    found = lines(contents)
    assert "See what each source is worth: lookbook ablate --run 2026-x --artifacts 'a b'." in found
    assert "Not asked yet. What each source is worth: lookbook ablate --run 2026-x --artifacts 'a b'." in found
    assert "See what the ranker looks at and where purchases get lost: lookbook explain --run 2026-x --artifacts 'a b'." in found


def test_a_source_that_hurts_is_to_be_left_out(contents):
    assert "Leave out co purchase: without it MAP was 0.2100. lookbook run --drop co_purchase" in lines(contents)


def test_where_a_baseline_is_ahead_or_cannot_be_told_apart_the_next_step_says_so(contents):
    contents["metrics.json"]["standing"]["standing"] = "behind"
    assert any(line.startswith("Recommend with popularity, which is ahead; or try --preset best") for line in lines(contents))
    contents["metrics.json"]["standing"]["standing"] = "cannot tell"
    judge = "Judge several weeks, for narrower intervals: lookbook backtest --weeks 4."
    assert judge in lines(contents)
    contents["backtest.json"]["weeks"] = ["2020-09-16", "2020-09-09", "2020-09-02", "2020-08-26"]
    assert judge not in lines(contents)


@pytest.mark.parametrize(
    ("retrieved", "kept", "top", "step"),
    [
        (0.3, 0.28, 0.2, "Only 30.0% of the purchases were retrieved by any source; 20.0% are of articles that nobody had bought "
         "before. Co purchase fills its places: raise retrieval.co_purchase.k (now 42)."),
        (0.9, 0.3, 0.2, "Of the purchases 90.0% were retrieved, 30.0% kept after the cut. Raise retrieval.max_candidates."),
        (0.9, 0.8, 0.2, "Of the purchases 80.0% could be ranked, 20.0% were recommended. Try --preset best or more "
         "ranking.training_weeks."),
    ],
)  # fmt: skip
def test_the_setting_to_change_is_that_of_the_step_that_loses_most(contents, retrieved, kept, top, step):
    contents["metrics.json"]["sources"][-1]["recall"] = retrieved
    contents["metrics.json"]["union"][-1]["recall"] = kept
    for row in contents["importance.json"]["lost_labels"]:
        row["share"] = top
    assert step in lines(contents)


def test_where_no_source_fills_its_places_another_source_is_advised(contents):
    contents["report.json"]["settings"] = [{"key": "retrieval.co_purchase.k", "value": 60, "default": 60}]
    advice = "Add a source to retrieval.sources: those of this run have places left."
    assert any(line.endswith(advice) for line in lines(contents))


def test_the_warnings_of_the_run_are_shown(contents):
    contents["run.json"]["warnings"] = ["source x retrieved nothing; it needs baskets"]
    found = lines(contents)
    assert "See to what the run warned of (below)." in found
    assert found[-1] == "Source x retrieved nothing; it needs baskets"
    contents["run.json"]["warnings"] = []
    assert not any("warn" in line for line in lines(contents))


def test_a_run_that_judged_no_week_is_to_be_judged(contents):
    contents["report.json"]["flags"] = {"run": ["--run", "x"], "settings": ["--config", "c.toml"]}
    found = lines({"run.json": {**contents["run.json"], "warnings": []}, "report.json": contents["report.json"]})
    assert "This run judged no week." in found
    assert found[-1] == "Judge these settings on the last week of data: lookbook run --config c.toml."
