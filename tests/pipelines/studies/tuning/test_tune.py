"""A search on a small shop: what it may look at, how it goes on, what it leaves."""

import inspect
import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from lookbook.data.dataset import Dataset
from lookbook.data.windows import Window
from lookbook.pipelines.commands.studies import backtest
from lookbook.pipelines.errors import SettingsError
from lookbook.pipelines.runs.folder import add_to_run
from lookbook.pipelines.settings.config import load_settings, with_values
from lookbook.pipelines.stages.artifacts import verify
from lookbook.pipelines.studies.tuning import tune as tuning
from lookbook.pipelines.studies.tuning.outcome import Outcome
from lookbook.pipelines.studies.tuning.record import Tuning
from lookbook.pipelines.studies.tuning.request import JUDGED, Request, newest_week, seconds_of

WEEK = Window(date(2020, 9, 16))


def tune(shop, space: Path, **changes: object) -> Tuning:
    asked: dict[str, object] = {"space": space, "trials": 2, "weeks": 1, "sampler": "random", "prune": False}
    finished = shop()
    return tuning.tune(finished, Request(**{**asked, **changes}), root=finished.folder.parent)


def without_time(found: Tuning) -> list[tuple[object, ...]]:
    return [(row.number, row.state, row.map, tuple(row.map_by_week), dict(row.parameters)) for row in found.trials]


@pytest.fixture
def windows_asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[date]]:
    """The end of everything whose purchases are looked at."""
    asked: list[date] = []
    labels, before = Dataset.labels, Dataset.before
    monkeypatch.setattr(Dataset, "labels", lambda self, window, *rest: asked.append(window.end) or labels(self, window, *rest))
    monkeypatch.setattr(Dataset, "before", lambda self, as_of: asked.append(as_of) or before(self, as_of))
    return asked


def test_nothing_of_the_newest_weeks_is_looked_at(shop, space, windows_asked):
    found = tune(shop, space, trials=1, weeks=2)
    assert found.weeks == ["2020-08-19", "2020-08-12"]
    assert max(windows_asked) == date(2020, 8, 26)
    assert found.tested == "2020-09-16"


def test_the_weeks_that_a_backtest_judges_are_left_out():
    weeks = inspect.signature(backtest).parameters["weeks"].default
    assert weeks == JUDGED
    assert newest_week(None, WEEK).end == WEEK.earlier(weeks - 1).as_of


def test_until_chooses_a_week_before_the_test_week_and_never_that():
    assert newest_week("2020-09-15", WEEK).end == WEEK.as_of
    with pytest.raises(SettingsError, match="begins on 2020-09-16; expected 2020-09-15 or an earlier day"):
        newest_week("2020-09-16", WEEK)
    with pytest.raises(SettingsError, match="--until today: expected a day such as 2020-09-15"):
        newest_week("today", WEEK)


def test_more_weeks_than_there_are_data_for_are_refused_before_anything_is_tried(shop, space):
    with pytest.raises(SettingsError, match=r"--weeks 40: the data starts on .*; expected \d+ or fewer"):
        tune(shop, space, weeks=40)


def test_a_search_that_was_cut_off_goes_on_as_if_it_had_not_been(shop, space, monkeypatch, tmp_path):
    monkeypatch.setattr("lookbook.pipelines.studies.tuning.search.RANDOM_FIRST", 2)
    whole = tune(shop, space, sampler="tpe", trials=4)
    (tmp_path / "artifacts").rename(tmp_path / "whole")
    tune(shop, space, sampler="tpe", trials=2)
    measured, calls = tuning.measured, []

    def cut_off(*arguments):
        calls.append(arguments)
        if len(calls) == 2:  # the fourth trial
            raise KeyboardInterrupt
        return measured(*arguments)

    monkeypatch.setattr(tuning, "measured", cut_off)
    with pytest.raises(KeyboardInterrupt):
        tune(shop, space, sampler="tpe", trials=4)
    kept = json.loads((tmp_path / "artifacts" / "run" / "tuning.json").read_text())
    assert [row["number"] for row in kept["trials"]] == [1, 2, 3]
    monkeypatch.setattr(tuning, "measured", measured)
    assert without_time(tune(shop, space, sampler="tpe", trials=4)) == without_time(whole)


def test_a_search_that_has_its_trials_computes_nothing(shop, space):
    first = tune(shop, space)
    finished = shop()
    again = tuning.tune(finished, Request((), space, "random", 2, None, 1, None, False), root=finished.folder.parent)
    assert again == first
    assert finished.system.artifacts.reporter.computed == {}


def test_another_space_sampler_or_number_of_weeks_is_another_search(shop, space, tmp_path):
    for changes in ({}, {"groups": ("ranker",)}, {"sampler": "tpe"}, {"weeks": 2}):
        tune(shop, space, trials=1, seconds=0.0, **changes)
    assert len(list((tmp_path / "artifacts" / "tuning").iterdir())) == 4


def test_a_grid_covers_every_point_once(shop, space):
    found = tune(shop, space, sampler="grid", groups=("ranker",), trials=None, weeks=1)
    points = [tuple(row.parameters.values()) for row in found.trials]
    assert sorted(points) == [(leaves, share) for leaves in (3, 5, 7, 9) for share in (0.3, 0.6)]
    assert found.wanted == 8


def test_a_trial_that_is_clearly_worse_after_a_week_ends_there(shop, space, monkeypatch):
    asked = iter([True, False])
    monkeypatch.setattr(tuning, "clearly_worse", lambda *arguments: next(asked))
    found = tune(shop, space, prune=True, weeks=2)
    assert [(row.state, len(row.map_by_week)) for row in found.trials] == [("ended early", 1), ("finished", 2)]
    assert found.best_trial == 2


def test_clearly_worse_is_below_on_the_same_customers_and_not_only_on_average(shop):
    def reached(*values: float) -> Outcome:
        week = pl.DataFrame({"customer": range(len(values)), "average_precision": values}, schema_overrides={"customer": pl.UInt32})
        return Outcome([week])

    rival, settings = reached(*[0.2, 0.4] * 20), shop().system.settings
    assert tuning.clearly_worse(reached(*[0.19, 0.38] * 20), rival, settings)
    assert not tuning.clearly_worse(reached(*[0.2, 0.4] * 19, 0.9, 0.2), rival, settings)
    assert not tuning.clearly_worse(reached(*[0.5, 0.0] * 20), rival, settings)


def test_the_best_trial_is_told_from_the_settings_of_the_run_on_the_same_customers(shop, space):
    found = tune(shop, space)
    best = max(found.trials, key=lambda row: (row.map, -row.number))
    assert (found.best_trial, found.best.map, dict(found.best.parameters)) == (best.number, best.map, dict(best.parameters))
    assert found.gain.difference == pytest.approx(found.best.map - found.run.map)
    assert found.gain.low <= found.gain.difference <= found.gain.high
    assert [row.gain for row in found.trials] == pytest.approx([row.map - found.run.map for row in found.trials])
    assert found.trials[-1].best_gain == max(0.0, *(row.gain for row in found.trials))


def test_best_toml_gives_the_settings_of_the_best_trial(shop, space, monkeypatch):
    reached = iter([0.125, 0.25, 0.5, 0.25])

    def measured(*_: object) -> pl.DataFrame:
        values = {"customer": [1, 2], "average_precision": [next(reached)] * 2}
        return pl.DataFrame(values, schema_overrides={"customer": pl.UInt32})

    monkeypatch.setattr(tuning, "measured", measured)
    found = tune(shop, space, trials=3)
    assert (found.best_trial, found.best.map, found.better) == (2, 0.5, True)
    file = shop().folder / "best.toml"
    wanted = with_values(shop().system.settings, found.best.parameters, where="")
    assert load_settings(file).tables == wanted.tables
    assert "num_leaves" in file.read_text()
    assert "rrf_constant" not in file.read_text()


def test_settings_of_another_search_do_not_stay_beside_one_that_found_nothing(shop, space):
    folder = shop().folder
    add_to_run(folder, "best.toml", "[run]\nseed = 1\n")
    tune(shop, space, seconds=0.0)
    assert not (folder / "best.toml").exists()
    verify(folder)


def test_what_trials_computed_does_not_stay(shop, space, tmp_path):
    tune(shop, space)
    (study,) = (tmp_path / "artifacts" / "tuning").iterdir()
    assert not (study / "cache").exists()
    assert len(list((study / "outcomes").iterdir())) <= 2


def test_while_a_search_goes_on_only_the_stages_of_its_best_trial_are_kept(shop, space, tmp_path, monkeypatch):
    kept: list[set[str]] = []
    told = tuning._told

    def looked(tuner, *rest):
        outcome = tuner.outcome(tuning.best_of(tuner.search.tried()).number)
        there = {str(file.parent.relative_to(tuner.own.root)) for file in tuner.own.root.rglob("MANIFEST.json")}
        kept.append(there)
        assert there == set(outcome.stages)
        return told(tuner, *rest)

    monkeypatch.setattr(tuning, "_told", looked)
    tune(shop, space)
    assert len(kept) == 2
    assert all(kept)


def test_no_stage_is_begun_after_the_time_limit_and_the_same_command_goes_on(shop, space):
    nothing = tune(shop, space, seconds=0.0)
    assert (nothing.trials, nothing.best, nothing.better) == ([], None, False)
    assert [row.number for row in tune(shop, space).trials] == [1, 2]


def test_the_time_limit_is_a_number_with_a_unit():
    assert [seconds_of(limit) for limit in (None, "90s", "30m", "1.5h")] == [None, 90, 1800, 5400]
    with pytest.raises(SettingsError, match="--time-limit 90: expected a time such as 90s, 30m or"):
        seconds_of("90")


def test_the_cache_of_other_commands_is_read_and_not_written(shop, space, tmp_path):
    tune(shop, space, trials=1)
    before = set((tmp_path / "artifacts" / "cache").rglob("MANIFEST.json"))
    tune(shop, space, trials=3)
    assert set((tmp_path / "artifacts" / "cache").rglob("MANIFEST.json")) == before


def test_every_announced_step_is_done(shop, space):
    finished = shop()
    tuning.tune(finished, Request((), space, "random", 2, None, 2, None, True), root=finished.folder.parent)
    reporter = finished.system.artifacts.reporter
    assert reporter.finished == reporter.total
