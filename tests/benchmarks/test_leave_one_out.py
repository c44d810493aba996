"""Judged on a small set whose users like their own half of the movies, so that neighbours find what popularity cannot."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from benchmarks.leave_one_out.__main__ import compare
from benchmarks.leave_one_out.events import Rated, read_rated
from benchmarks.leave_one_out.lists import baseline_lists, shards, source_lists
from lookbook.evaluation.baselines.own import Popularity
from lookbook.evaluation.leave_one_out import LeaveOneOut, leave_one_out
from lookbook.pipelines.settings.config import choose_sources, load_settings

USERS, MOVIES, TODAY = 60, 40, date(2026, 1, 1)


@pytest.fixture(scope="module")
def folder(write_movielens: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """ml-100k in small: odd users rate odd movies, even users even ones, 6 to 15 each, and all rate the first two movies."""
    rng = np.random.default_rng(4)
    rows = []
    for user in range(1, USERS + 1):
        own = [movie for movie in range(3, MOVIES + 1) if movie % 2 == user % 2]
        movies = [1, 2, *rng.choice(own, 4 + user % 10, replace=False).tolist()]
        moments = 880_000_000 + rng.permutation(len(movies)) * 60 + user * 90_000
        stars = rng.integers(1, 6, len(movies))
        rows += [(user, int(m), int(s), int(t)) for m, s, t in zip(movies, stars, moments, strict=True)]
    movies = {n: (f"Movie {n} (1990)", "Drama" if n % 2 else "Comedy") for n in range(1, MOVIES + 1)}
    users = {n: (20 + n % 50, "F", "artist") for n in range(1, USERS + 1)}
    place = tmp_path_factory.mktemp("set")
    return write_movielens(place / "ml-100k", "ml-100k", ratings=rows, movies=movies, users=users)


@pytest.fixture(scope="module")
def rated(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Rated:
    data = load_settings(overrides={"data.dataset": "movielens", "data.data_dir": str(folder), "data.movielens.liked": 0.0}).data
    return read_rated(data, tmp_path_factory.mktemp("scratch"), today=TODAY)


@pytest.fixture(scope="module")
def task(rated: Rated) -> LeaveOneOut:
    return leave_one_out(rated.events, days="same", customers=rated.customers.lazy(), articles=rated.articles.lazy())


def test_events_carry_the_moment_and_stars_of_every_rating(rated: Rated, folder: Path) -> None:
    raw = [line.split("\t") for line in (folder / "u.data").read_text().splitlines()]
    by_text = {text: code for code, text in enumerate(sorted({row[0] for row in raw}))}
    found = rated.events.select("customer", "tie", "price", "moment").rows()
    assert sorted(found) == sorted((by_text[user], int(movie), float(stars), int(at)) for user, movie, stars, at in raw)
    assert rated.articles.height == MOVIES


@pytest.mark.parametrize("most_rows", [1, 300, 10_000])
def test_shards_hold_everybody_once_and_lists_are_longer_than_what_is_left_out(task: LeaveOneOut, most_rows: int) -> None:
    parts = list(shards(task, k=10, most_rows=most_rows))
    assert sorted(pl.concat([part.customers for part in parts])) == task.labels["customer"].to_list()
    counts = dict(task.bought.group_by("customer").len().rows())
    for part in parts:
        assert part.depth == min(MOVIES, 10 + max(counts[customer] for customer in part.customers))
        assert len(part.customers) * part.depth <= most_rows or len(part.customers) == 1
        assert part.customers.is_sorted()


def test_lists_are_full_and_hold_nothing_that_was_rated_before(task: LeaveOneOut) -> None:
    (popularity,) = choose_sources(load_settings(), only="popularity", drop=None).sources()
    for lists in (source_lists(popularity, task, k=10, seed=0), baseline_lists(Popularity(), task, k=10)):
        assert lists.join(task.bought, on=["customer", "article"], how="semi").is_empty()
        assert lists.group_by("customer").len()["len"].unique().to_list() == [10]
        assert lists["customer"].n_unique() == USERS


def test_popularity_is_the_order_of_a_count(task: LeaveOneOut) -> None:
    counts = dict(task.bought.group_by("article").len().rows())
    order = sorted(range(MOVIES), key=lambda article: (-counts.get(article, 0), article))
    bought = set(task.bought.rows())
    expected = [
        (customer, article)
        for customer in task.labels["customer"]
        for article in [each for each in order if (customer, each) not in bought and each in counts][:10]
    ]
    assert baseline_lists(Popularity(), task, k=10).select("customer", "article").rows() == expected


def test_a_source_that_sees_who_buys_what_together_beats_popularity(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    compare(folder, sources="popularity,co_purchase", baselines="popularity", k=5)
    head, *lines = capsys.readouterr().out.splitlines()
    assert head.endswith(f"{USERS} users and {MOVIES} movies; {USERS} users are judged; days: same")
    rates = {line[:34].strip(): float(line.split("HR@5 ")[1].split()[0]) for line in lines}
    assert list(rates) == ["popularity (baseline)", "popularity", "co_purchase"]
    assert rates["co_purchase"] > 1.2 * rates["popularity (baseline)"] > 0


def test_a_method_that_refuses_says_why_and_the_others_go_on(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> pl.DataFrame:
        raise ValueError("it would take 9 TB")

    monkeypatch.setattr("benchmarks.leave_one_out.lists.source_lists", refuse)
    compare(folder, sources="popularity", baselines="popularity", k=5)
    lines = capsys.readouterr().out.splitlines()
    assert "HR@5" in lines[1]
    assert lines[2].endswith("it would take 9 TB")


def test_an_unknown_name_is_refused_with_the_known_ones(folder: Path) -> None:
    with pytest.raises(SystemExit, match=r"unknown source 'item_neighbors'; known: .*co_purchase"):
        compare(folder, sources="item_neighbors")


def test_an_unknown_name_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="unknown source 'x'"):
        compare(tmp_path / "nowhere", baselines="all", sources="x")


def test_what_is_wrong_with_the_files_is_said_without_a_traceback(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="no MovieLens files are there"):
        compare(tmp_path)
    with pytest.raises(SystemExit, match=r"liked 6\.0; allowed"):
        compare(tmp_path, liked=6.0)


def test_a_set_in_which_everybody_has_one_rating_is_refused(write_movielens: Callable[..., Path], tmp_path: Path) -> None:
    ratings = [(1, 1, 5, 880_000_000), (2, 1, 5, 880_000_000)]
    movies, users = {1: ("Movie (1990)", "Drama")}, {1: (20, "F", "artist"), 2: (30, "M", "artist")}
    folder = write_movielens(tmp_path / "ml", "ml-100k", ratings=ratings, movies=movies, users=users)
    with pytest.raises(SystemExit, match="no user has two ratings"):
        compare(folder)
