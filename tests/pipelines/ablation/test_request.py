"""What the flags of an ablation may say."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from lookbook.data.dataset import Dataset
from lookbook.data.windows import Window
from lookbook.pipelines.ablation.ablate import requested
from lookbook.pipelines.errors import SettingsError
from lookbook.pipelines.settings.config import load_settings
from lookbook.pipelines.stages.artifacts import Artifacts
from lookbook.pipelines.stages.shards import judged_weeks
from lookbook.pipelines.stages.system import System
from lookbook.pipelines.terminal.progress import Reporter

WEEK = Window(date(2020, 9, 16))


def opened(dataset: Dataset, root: Path) -> System:
    settings = load_settings(overrides={"ranking.training_weeks": 2, "run.shard_customers": 20})
    return System(dataset, root, settings, Artifacts(root, Reporter("quiet")), "cpu", WEEK.earlier(2))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"modes": "alone,single"}, "--mode: unknown 'single'; known: leave-one-out, alone, greedy, features"),
        ({"budgets": "free"}, "--budget: unknown 'free'; known: fixed, union"),
        ({"weeks": 0}, "--weeks 0: expected 1 or more"),
        ({"orders": 1}, "--orders 1: expected 2 or more"),
    ],
)
def test_a_wrong_request_is_refused_with_what_is_allowed(changed: dict[str, object], message: str) -> None:
    usual = {"modes": "alone", "budgets": "fixed", "features": False, "weeks": 1, "shapley": False, "orders": 2}
    with pytest.raises(SettingsError, match=message):
        requested(**{**usual, **changed})  # type: ignore[arg-type]


def test_features_may_be_asked_for_by_flag_or_by_mode() -> None:
    flag, mode = (
        requested(modes=modes, budgets="union", features=features, weeks=1, shapley=False, orders=2)
        for modes, features in (("greedy", True), ("features,greedy", False))
    )
    assert flag == mode
    assert flag.modes == ("greedy", "features")


def test_weeks_are_judged_as_long_as_the_oldest_training_week_has_a_week_before_it(market: Dataset, tmp_path: Path) -> None:
    weeks = judged_weeks(opened(market, tmp_path), WEEK, 14)
    assert [week.window for week in weeks] == [WEEK.earlier(back) for back in range(14)]
    assert market.first_day == date(2020, 5, 26)
    assert weeks[-1].window.earlier(2).as_of == date(2020, 6, 3)
    with pytest.raises(SettingsError, match=r"--weeks 15: the data starts on 2020-05-26; expected 14 or fewer"):
        judged_weeks(opened(market, tmp_path), WEEK, 15)


def test_a_week_without_purchases_is_refused(market: Dataset, tmp_path: Path) -> None:
    empty = pl.col("date").is_between(date(2020, 9, 2), date(2020, 9, 8))
    gap = opened(replace(market, transactions=market.transactions.filter(~empty)), tmp_path)
    assert len(judged_weeks(gap, WEEK, 2)) == 2
    with pytest.raises(SettingsError, match=r"--weeks 3: no purchase in the week of 2020-09-02; expected 2 or fewer"):
        judged_weeks(gap, WEEK, 3)
