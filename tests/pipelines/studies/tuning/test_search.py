"""What is tried next, without the system: trials reach what a formula says."""

from pathlib import Path

import pytest

from lookbook.pipelines.studies.tuning.search import IMPORTANCE_FROM, SAMPLERS, Sampler, Search
from lookbook.pipelines.studies.tuning.space import Choices, Point, Range, Space

SPACE = Space(
    {"leaves": Range(1, 9, False, 1, True), "rate": Range(0.01, 1.0, True, None, False), "windows": Choices(([7], [7, 28]))}
)


def reached(point: Point) -> float:
    return 1 - abs(int(str(point["leaves"])) - 6) / 10 - (0.01 if point["windows"] == [7] else 0.0)


def go_on(search: Search, trials: int) -> list[Point]:
    while len(search.tried()) < trials:
        trial = search.ask()
        value = reached(search.point_of(trial))
        early = value < 0.6
        search.tell(trial, [value] * (1 if early else 2), early=early, map_by_week=[value] * (1 if early else 2), seconds=1.0)
    return [each.point for each in search.tried()]


def opened(file: Path, sampler: Sampler = "tpe", seed: int = 0) -> Search:
    return Search.open(file / "study.db", SPACE, sampler, seed)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_trials_are_the_same_after_an_end_in_the_middle_of_one(sampler, tmp_path):
    whole = go_on(opened(tmp_path / "whole", sampler), 14)
    begun = opened(tmp_path / "cut", sampler)
    go_on(begun, 12)
    begun.ask()  # killed here
    assert go_on(opened(tmp_path / "cut", sampler), 14) == whole


def test_what_the_run_reached_is_known_to_the_sampler_and_is_no_trial(tmp_path):
    search = opened(tmp_path)
    for _ in range(2):
        search.tell_run({"leaves": 6, "rate": 0.1, "windows": [7, 28]}, 1.0)
    search.tell_run({"leaves": 60, "rate": 0.1, "windows": [7, 28]}, 1.0)
    assert search.tried() == []
    assert [trial.value for trial in search.study.trials] == [1.0]


def test_another_seed_gives_other_trials(tmp_path):
    assert go_on(opened(tmp_path / "a", seed=1), 2) != go_on(opened(tmp_path / "b", seed=2), 2)


def test_trials_that_ended_early_are_told_apart_and_keep_what_they_reached(tmp_path):
    search = opened(tmp_path, "grid")
    go_on(search, 13)
    assert {(each.early, len(each.map_by_week)) for each in search.tried()} == {(True, 1), (False, 2)}
    assert [each.map for each in search.tried()] == pytest.approx([reached(each.point) for each in search.tried()])


def test_importance_names_what_decides_once_enough_is_known(tmp_path):
    search = opened(tmp_path, "random")
    go_on(search, 4)
    assert search.importance() == {}
    go_on(search, 40)
    assert sum(not each.early for each in search.tried()) >= IMPORTANCE_FROM
    shares = search.importance()
    assert next(iter(shares)) == "leaves"
    assert set(shares) == set(SPACE.domains)
    assert sum(shares.values()) == pytest.approx(1)
