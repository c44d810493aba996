from collections.abc import Callable
from dataclasses import replace
from datetime import date

import polars as pl
import pytest

from lookbook.data.dataset import Dataset
from lookbook.data.windows import Window
from lookbook.evaluation.baselines.baseline import Known, best_of
from lookbook.evaluation.baselines.chosen import chosen, tried
from lookbook.evaluation.baselines.ranked_pairs import RankedPairs
from lookbook.evaluation.baselines.registry import BASELINES, baseline_recommendations, published, together
from lookbook.evaluation.metrics import customer_metrics

TEST = Window(date(2020, 9, 8))


def test_choices_are_the_same_whatever_is_bought_from_the_test_week_on(
    market: Dataset, scramble_from: Callable[[Dataset, date], Dataset]
) -> None:
    found = chosen(market, BASELINES, before=TEST, weeks=2, k=12)
    assert chosen(scramble_from(market, TEST.as_of), BASELINES, before=TEST, weeks=2, k=12) == found
    past = replace(market, transactions=market.transactions.filter(pl.col("date") < TEST.as_of))
    assert chosen(past, BASELINES, before=TEST, weeks=2, k=12) == found
    assert chosen(market, BASELINES, before=TEST.earlier(1), weeks=2, k=12) != found


def test_the_week_before_the_test_week_is_judged_and_no_later_one(market: Dataset) -> None:
    choice = chosen(market, ["blended"], before=TEST, weeks=2, k=12)["blended"]
    assert choice.weeks == (date(2020, 8, 25), date(2020, 9, 1))


@pytest.mark.parametrize("name", BASELINES)
def test_the_map_of_every_trial_is_that_of_its_recommendations(market: Dataset, name: str) -> None:
    choice = chosen(market, [name], before=TEST, weeks=2, k=12)[name]
    for trial in choice.trials[:6]:
        values = []
        for week in (TEST.earlier(2), TEST.earlier(1)):
            labels = market.labels(week).collect()
            known = Known.of(market.before(week.as_of))
            lists = baseline_recommendations(known, labels["customer"].unique(), [trial.baseline], k=12)[name]
            values += customer_metrics(lists, labels.lazy(), k=12).collect()["average_precision"].to_list()
        assert choice.customers == len(values)
        assert trial.map == pytest.approx(sum(values) / len(values), abs=1e-12)


def test_the_best_is_chosen_and_of_equals_the_first(market: Dataset) -> None:
    for choice in chosen(market, BASELINES, before=TEST, weeks=2, k=12).values():
        best = max(trial.map or 0.0 for trial in choice.trials)
        assert choice.chosen == next(trial.baseline for trial in choice.trials if trial.map == best)


def test_without_a_week_to_judge_by_the_published_parameters_are_chosen(market: Dataset) -> None:
    for before, weeks in ((TEST, 0), (Window(market.first_day), 2)):
        choices = chosen(market, BASELINES, before=before, weeks=weeks, k=12)
        assert [choice.chosen for choice in choices.values()] == list(published(BASELINES))
        assert {trial.map for choice in choices.values() for trial in choice.trials} == {None}


def test_of_many_customers_a_sample_is_judged(market: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    everybody = chosen(market, ["blended"], before=TEST, weeks=1, k=12)["blended"].customers
    monkeypatch.setattr("lookbook.evaluation.baselines.chosen.MOST_CUSTOMERS", 20)
    assert 10 <= chosen(market, ["blended"], before=TEST, weeks=1, k=12)["blended"].customers <= 20 < everybody


def test_the_order_in_which_scores_are_judged_changes_nothing(market: Dataset) -> None:
    labels = market.labels(TEST).collect()
    customers = labels["customer"].unique().sort()
    known = Known.of(market.before(TEST.as_of))
    points = [point for name in ("popularity", "most_bought", "blended") for point in BASELINES[name].tried()]
    (group,) = together(points)
    pairs = group[0].pairs(group, known, customers, k=5)
    forward, backward = RankedPairs.of(pairs, labels), RankedPairs.of(pairs, labels)
    first = {point: forward.average_precision(point.score(), k=5) for point in points}
    assert {point: backward.average_precision(point.score(), k=5) for point in reversed(points)} == first
    for point, values in first.items():
        lists = best_of(pairs, point.score(), k=5)
        assert customer_metrics(lists, labels.lazy(), k=5).collect()["average_precision"].to_list() == pytest.approx(values)


def test_what_was_tried_is_a_table_with_a_row_per_parameters(market: Dataset) -> None:
    choices = chosen(market, ["popularity", "blended"], before=TEST, weeks=1, k=12)
    table = tried(choices)
    assert table["parameters"][:2].to_list() == ["", "half_life_days = 75, weight = 0.6"]
    assert table.filter("chosen")["variant"].to_list() == ["popularity", "blended"]
    assert table.height == sum(len(choice.trials) for choice in choices.values())
