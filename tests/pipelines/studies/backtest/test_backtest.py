"""A backtest on a small shop, against runs of the same weeks and against the arithmetic it stands for."""

import json
from dataclasses import replace
from datetime import date

import polars as pl
import pytest

from lookbook.data.dataset import Dataset
from lookbook.data.windows import Window
from lookbook.evaluation.baselines.registry import BASELINES
from lookbook.evaluation.metrics import customer_metrics
from lookbook.pipelines.errors import SettingsError
from lookbook.pipelines.runs.finished import FinishedRun
from lookbook.pipelines.stages.artifacts import write_manifest
from lookbook.pipelines.stages.evaluate import SYSTEM
from lookbook.pipelines.stages.rank import listed
from lookbook.pipelines.stages.shards import Target, judged_weeks
from lookbook.pipelines.studies.backtest.backtest import backtest, newest_week
from lookbook.pipelines.studies.backtest.display import backtest_tables
from lookbook.pipelines.studies.backtest.methods import ask, methods, recommend
from lookbook.pipelines.studies.backtest.record import Backtest
from lookbook.pipelines.terminal.table import PlainConsole

RUN = Window(date(2020, 9, 16))


@pytest.fixture(scope="module")
def found(fates: FinishedRun) -> Backtest:
    write_manifest(fates.folder, {"run": "fates"}, leave_out="")
    return backtest(fates, weeks=3)


@pytest.fixture(scope="module")
def weeks(fates: FinishedRun) -> list[Target]:
    return judged_weeks(fates.system, fates.week, 3)


def precisions(fates: FinishedRun, target: Target, method: str) -> pl.Series:
    labels = fates.system.dataset.labels(target.window)
    return customer_metrics(listed(ask(fates.system, target, method, oldest=Window(date(2020, 9, 2)))), labels, k=3).collect()[
        "average_precision"
    ]


def test_every_customer_week_counts_alike(fates: FinishedRun, found: Backtest, weeks: list[Target]) -> None:
    for row in found.methods:
        each = [precisions(fates, week, row.method) for week in weeks]
        assert row.map_by_week == pytest.approx([values.mean() for values in each])
        assert row.map == pytest.approx(pl.concat(each).mean())
    assert found.n_customer_weeks == sum(len(shard.customers) for week in weeks for shard in week.shards)


def test_the_newest_week_of_the_system_is_the_test_week_of_its_run(fates: FinishedRun, found: Backtest) -> None:
    reached = fates.verdict.table("metrics").filter(variant=SYSTEM, metric="map", segment="all").collect()["value"][0]
    assert found.newest[0].map == pytest.approx(reached, abs=1e-12)
    assert found.weeks == ["2020-09-16", "2020-09-09", "2020-09-02"]


def test_the_system_comes_first_then_the_others_by_their_map(fates: FinishedRun, found: Backtest) -> None:
    first, *others = found.methods
    assert (first.method, first.lookbook) == (SYSTEM, None)
    assert {row.method for row in found.methods} == set(methods(fates.system))
    assert [row.map for row in others] == sorted((row.map for row in others), reverse=True)
    assert found.best_baseline == others[0].method
    for row in others:
        assert row.lookbook is not None
        assert row.lookbook.difference == pytest.approx(first.map - row.map)
        assert row.lookbook.ratio == pytest.approx(first.map / row.map)


def test_segments_of_customers_hold_every_customer_week_once(found: Backtest) -> None:
    for by in ("days since last purchase", "purchase days in 90"):
        assert sum(row.n_customer_weeks for row in found.segments if row.by == by) == found.n_customer_weeks


def test_repeated_and_new_labels_are_those_bought_before_and_not(fates: FinishedRun, found: Backtest, weeks: list[Target]) -> None:
    counts = {"bought before": 0, "new to the customer": 0}
    for week in weeks:
        labels = fates.system.dataset.labels(week.window).collect()
        before = fates.system.dataset.before(week.window.as_of).transactions.select("customer", "article").collect()
        for name, how in (("bought before", "semi"), ("new to the customer", "anti")):
            counts[name] += labels.join(before, on=["customer", "article"], how=how)["customer"].n_unique()
    assert {row.segment: row.n_customer_weeks for row in found.segments if row.by == "labels"} == counts


def test_the_cost_of_a_week_is_that_of_all_stages_behind_its_lists(fates: FinishedRun, weeks: list[Target]) -> None:
    system = fates.system
    alone = recommend(system, weeks[0], "popularity", oldest=weeks[-1].window)
    whole = recommend(system, weeks[0], SYSTEM, oldest=weeks[-1].window)
    assert 0 < alone.cpu_seconds < whole.cpu_seconds
    assert alone.peak_memory_mb > 0


def test_a_week_without_results_on_disk_is_computed_once(fates: FinishedRun, found: Backtest) -> None:
    before = dict(fates.system.artifacts.reporter.computed)
    assert backtest(fates, weeks=3) == found
    assert dict(fates.system.artifacts.reporter.computed) == before


def test_a_run_with_a_share_of_new_articles_is_judged_without_it_too(fates: FinishedRun, found: Backtest) -> None:
    settings = fates.system.settings
    newer_settings = settings.model_copy(update={"ranking": settings.ranking.model_copy(update={"new_share": 0.5})})
    newer = backtest(replace(fates, system=replace(fates.system, settings=newer_settings)), weeks=3)
    rows = {row.method: row for row in newer.methods}
    price = rows["lookbook, new_share 0"]
    assert price.map_by_week == found.methods[0].map_by_week
    assert price.lookbook is not None
    assert price.lookbook.difference == pytest.approx(rows[SYSTEM].map - price.map)
    assert rows[SYSTEM].map != price.map
    assert newer.best_baseline in BASELINES


def test_a_run_with_a_plan_is_judged_without_it_too_and_the_plan_is_no_baseline(
    fates: FinishedRun, found: Backtest, planned_market: Dataset
) -> None:
    dataset = replace(fates.system.dataset, plan=planned_market.plan)
    planned = backtest(replace(fates, system=replace(fates.system, dataset=dataset)), weeks=3)
    rows = {row.method: row for row in planned.methods}
    assert rows["lookbook, no plan"].map_by_week == found.methods[0].map_by_week
    assert rows[SYSTEM].map_by_week != found.methods[0].map_by_week
    assert planned.best_baseline == found.best_baseline


def test_until_names_the_last_day_of_the_newest_week(found: Backtest, fates: FinishedRun) -> None:
    earlier = backtest(fates, weeks=1, until="2020-09-15")
    assert earlier.weeks == ["2020-09-09"]
    assert earlier.methods[0].map == pytest.approx(found.methods[0].map_by_week[1])
    assert newest_week(None, RUN) == RUN
    with pytest.raises(SettingsError, match="--until 2020-09-23: the test week of the run ends on 2020-09-22"):
        newest_week("2020-09-23", RUN)
    with pytest.raises(SettingsError, match="--until yesterday: expected a day such as 2020-09-22"):
        newest_week("yesterday", RUN)


def test_tables_fit_80_columns_and_nothing_in_them_is_cut(found: Backtest) -> None:
    out = PlainConsole(width=80)
    with out.capture() as shown:
        for made in backtest_tables(found, width=80):
            assert out.measure(made).minimum <= 80, made.title
            out.print(made)
    text = " ".join(shown.get().split())
    for row in found.methods:
        assert f"[{row.low:.4f}, {row.high:.4f}]" in text
        assert row.parameters in text


def test_the_file_holds_what_was_found(fates: FinishedRun, found: Backtest) -> None:
    backtest(fates, weeks=3)
    assert json.loads((fates.folder / "backtest.json").read_text())["methods"][0]["map"] == found.methods[0].map
