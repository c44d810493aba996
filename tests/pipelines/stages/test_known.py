"""run.test_week: a run that judges an earlier week is the run of somebody who has no later data."""

from pathlib import Path

import polars as pl
import pytest

import lookbook
from lookbook.data.dataset import Dataset
from lookbook.pipelines.errors import SettingsError
from lookbook.pipelines.run import recommend_only, run
from lookbook.pipelines.runs.folder import read_about
from lookbook.pipelines.settings.config import load_settings
from lookbook.pipelines.stages.data import known
from lookbook.pipelines.terminal.progress import Reporter

SETTINGS = {
    "data.dataset": "csv",
    "data.csv.transactions": "log.csv",
    "retrieval.sources": ["repurchase", "popularity"],
    "run.k": 3,
    "run.shard_customers": 25,
    "run.names": "no",
    "ranking.training_weeks": 2,
    "ranking.lambdarank.min_examples_in_leaf": 5,
    "ranking.lambdarank.max_trees": 4,
    "evaluation.bootstrap_resamples": 100,
}
WEEK, LAST_DAY = "2020-09-01", "2020-09-07"


@pytest.fixture(scope="module")
def shop(market: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shop")
    market.transactions.select("customer", "article", "date", "price").sink_csv(folder / "log.csv")
    return folder


@pytest.fixture(scope="module")
def earlier(shop: Path) -> Path:
    settings = load_settings(overrides={**SETTINGS, "data.data_dir": str(shop), "run.test_week": WEEK})
    return run(settings, Reporter("quiet"), root=shop / "hidden")


def test_hidden_days_change_nothing_against_days_that_are_not_there(shop: Path, earlier: Path) -> None:
    settings = load_settings(overrides={**SETTINGS, "data.data_dir": str(shop), "data.last_day": LAST_DAY})
    without = run(settings, Reporter("quiet"), root=shop / "without")
    for name in ("metrics.json", "submission.csv", "test_submission.csv", "models/final/ranker.txt"):
        assert (earlier / name).read_bytes() == (without / name).read_bytes(), name


def test_the_run_tells_the_weeks_and_the_last_day_it_knew(earlier: Path) -> None:
    about = read_about(earlier)
    assert (about.test_week, about.final_week, str(about.last_day)) == (WEEK, "2020-09-08", LAST_DAY)


def test_a_run_opened_again_recommends_the_week_after_its_test_week(earlier: Path) -> None:
    opened = lookbook.open_run(earlier)
    assert str(opened.week.as_of) == "2020-09-08"
    asked = opened.recommend(["1", "2"]).group_by("customer").agg(prediction=pl.col("article").str.join(" "))
    listed = dict(pl.read_csv(earlier / "submission.csv", infer_schema=False).iter_rows())
    assert dict(asked.iter_rows()) == {customer: listed[customer] for customer in ("1", "2")}


def test_recommending_again_with_the_settings_of_such_a_run_knows_no_more(shop: Path, earlier: Path) -> None:
    settings = load_settings(below=earlier / "config.resolved.toml")
    reporter = Reporter("quiet")
    again = recommend_only(settings, reporter, root=shop / "hidden", trees=read_about(earlier).trees)
    assert (again / "submission.csv").read_bytes() == (earlier / "submission.csv").read_bytes()


@pytest.mark.parametrize("week", ["2020-09-17", "2019-01-01"])
def test_a_week_that_the_data_do_not_hold_is_refused(market: Dataset, week: str) -> None:
    with pytest.raises(SettingsError, match=rf"run.test_week = {week}: the data go from .* up to 2020-09-16"):
        known(market, load_settings(overrides={"run.test_week": week}))


def test_a_test_week_that_is_no_day_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"setting run.test_week = 'christmas': expected a day such as 2017-12-18"):
        load_settings(overrides={"run.test_week": "christmas"})
