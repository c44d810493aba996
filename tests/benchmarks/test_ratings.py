from collections.abc import Callable
from math import sqrt
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from threadpoolctl import threadpool_limits

from benchmarks.ratings import factors, neighbours
from benchmarks.ratings.__main__ import METHODS, ratings
from benchmarks.ratings.biases import MOVIE_SHRINK, USER_SHRINK, Biases
from benchmarks.ratings.folds import Stars, folds, rmse


def table(rows: dict[tuple[int, int], float]) -> pl.DataFrame:
    return pl.DataFrame({"user": [u for u, _ in rows], "movie": [m for _, m in rows], "rating": list(rows.values())})


def some(seed: int, users: int = 25, movies: int = 18, share: float = 0.5) -> Stars:
    rng = np.random.default_rng(seed)
    rows = {(u, m): float(rng.integers(1, 6)) for u in range(users) for m in range(movies) if rng.random() < share}
    return Stars.of(table(rows))


pairs = st.dictionaries(st.tuples(st.integers(1, 6), st.integers(1, 7)), st.sampled_from([0.5, 1.0, 3.5, 4.0, 5.0]), min_size=4)


@given(pairs, st.integers(2, 4), st.randoms())
def test_every_rating_is_asked_for_once_and_known_otherwise(rows, count, random) -> None:  # type: ignore[no-untyped-def]
    shuffled = dict(random.sample(list(rows.items()), len(rows)))
    stars = Stars.of(table(shuffled))
    user_numbers, movie_numbers = (sorted({key[place] for key in rows}) for place in (0, 1))
    asked_for = []
    for known, asked in folds(stars, count=count, seed=1):
        for part in (known, asked):
            keys = list(zip(part.user, part.movie, strict=True))
            assert keys == sorted(keys)
        here = [(user_numbers[u], movie_numbers[m], s) for u, m, s in zip(asked.user, asked.movie, asked.stars, strict=True)]
        there = [(user_numbers[u], movie_numbers[m], s) for u, m, s in zip(known.user, known.movie, known.stars, strict=True)]
        assert sorted(here + there) == sorted((*key, value) for key, value in rows.items())
        asked_for += here
    assert len(asked_for) == len(set(asked_for)) == len(rows)


@pytest.mark.parametrize("count", [1, 6])
def test_folds_that_cannot_be_are_refused(count: int) -> None:
    with pytest.raises(ValueError, match=f"{count} folds of 5 ratings"):
        list(folds(Stars.of(table({(1, n): 3.0 for n in range(5)})), count=count, seed=0))


def test_biases_solve_the_normal_equations_of_their_penalty() -> None:
    known = some(1)
    columns = np.concatenate([np.eye(known.users)[known.user], np.eye(known.movies)[known.movie]], axis=1)
    penalty = np.diag([USER_SHRINK] * known.users + [MOVIE_SHRINK] * known.movies)
    exact = np.linalg.solve(columns.T @ columns + penalty, columns.T @ (known.stars - known.stars.mean()))
    found = Biases.of(known, sweeps=200)
    np.testing.assert_allclose(np.concatenate([found.user, found.movie]), exact, atol=1e-9)
    assert (found.low, found.high) == (1.0, 5.0)


def by_hand(known: Stars, biases: Biases, user: int, movie: int, count: int) -> float:
    """The prediction, from dictionaries."""
    left: dict[int, dict[int, float]] = {u: {} for u in range(known.users)}
    for u, m, s in zip(known.user.tolist(), known.movie.tolist(), known.stars.tolist(), strict=True):
        left[u][m] = s - biases.mean - biases.user[u] - biases.movie[m]
    found = []
    for other in range(known.users):
        if movie not in left[other]:
            continue
        common = left[user].keys() & left[other].keys()
        scale = sqrt(sum(left[user][m] ** 2 for m in common) * sum(left[other][m] ** 2 for m in common))
        if len(common) > 1 and scale > 0:
            correlation = sum(left[user][m] * left[other][m] for m in common) / scale
            found.append((correlation * (len(common) - 1) / (len(common) - 1 + 100), -other))
    nearest = [(alike, left[-number][movie]) for alike, number in sorted(found, reverse=True)[:count] if alike > 0]
    own = biases.mean + biases.user[user] + biases.movie[movie]
    whole = sum(alike for alike, _ in nearest)
    return min(5.0, max(1.0, own + (sum(alike * rest for alike, rest in nearest) / whole if whole else 0.0)))


@pytest.mark.parametrize("block", [1, 70, 1 << 23])
@pytest.mark.parametrize("count", [3, 40])
def test_neighbours_predict_what_a_slow_reference_does(block: int, count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbours, "BLOCK_VALUES", block)
    known, asked = next(folds(some(2), count=4, seed=0))
    biases = Biases.of(known)
    expected = [by_hand(known, biases, u, m, count) for u, m in zip(asked.user.tolist(), asked.movie.tolist(), strict=True)]
    np.testing.assert_allclose(neighbours.predict(known, biases, asked, neighbours=count), expected, atol=1e-9)


def test_movies_alike_are_users_alike_with_both_turned() -> None:
    known, asked = next(folds(some(3), count=4, seed=0))
    biases = Biases.of(known)
    turned = known.turned()
    expected = [by_hand(turned, biases.turned(), m, u, 40) for u, m in zip(asked.user.tolist(), asked.movie.tolist(), strict=True)]
    np.testing.assert_allclose(METHODS["movies_alike"](known, biases, asked, 0), expected, atol=1e-9)


def test_too_many_comparisons_are_refused_with_their_number(monkeypatch: pytest.MonkeyPatch) -> None:
    known = some(2)
    monkeypatch.setattr(neighbours, "MOST_COMPARISONS", 10)
    with pytest.raises(ValueError, match=r"it would compare [\d,]+ pairs of ratings; allowed: 10"):
        neighbours.predict(known, Biases.of(known), known)


def test_each_vector_is_the_best_for_the_vectors_of_the_others() -> None:
    known = some(4)
    rest = Biases.of(known).rest(known)
    user, movie = factors.factorize(known, rest, seed=3, sweeps=4)
    width = user.shape[1]
    for place in range(known.movies):
        here = known.movie == place
        seen, aim = user[known.user[here]], rest[here]
        root = np.sqrt(factors.PENALTY * here.sum()) * np.eye(width)
        best, *_ = np.linalg.lstsq(np.concatenate([seen, root]), np.concatenate([aim, np.zeros(width)]), rcond=None)
        np.testing.assert_allclose(movie[place], best, atol=1e-9)


def test_factors_find_tastes_that_biases_cannot_and_threads_change_no_bit() -> None:
    rng = np.random.default_rng(5)
    taste, kind = rng.choice([-1.0, 1.0], (60, 1)), rng.choice([-1.0, 1.0], (1, 50))
    seen = rng.random((60, 50)) < 0.5
    stars = Stars.of(table({(u, m): float(3 + 1.5 * taste[u, 0] * kind[0, m]) for u, m in zip(*np.nonzero(seen), strict=True)}))
    known, asked = next(folds(stars, count=5, seed=0))
    biases = Biases.of(known)
    found = factors.predict(known, biases, asked, seed=0)
    assert rmse(found, asked.stars) < 0.3 * rmse(biases.predict(asked), asked.stars)
    with threadpool_limits(1):
        assert factors.predict(known, biases, asked, seed=0).tobytes() == found.tobytes()


def test_who_has_no_known_rating_keeps_the_mean() -> None:
    whole = some(6)
    known, asked = whole.only(np.flatnonzero(whole.user > 0)), whole.only(np.flatnonzero(whole.user == 0))
    biases = Biases.of(known)
    for name in ("biases", "users_alike", "factors"):
        np.testing.assert_allclose(METHODS[name](known, biases, asked, 0), biases.mean + biases.movie[asked.movie])


def test_every_method_is_measured_and_one_that_refuses_says_why(
    write_movielens: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    stars = some(7)
    rows = [(int(u), int(m), float(s), 0) for u, m, s in zip(stars.user, stars.movie, stars.stars, strict=True)]
    movies = {m: (f"Movie {m} (1990)", "Drama") for m in range(stars.movies)}
    folder = write_movielens(tmp_path / "ml", "ml-25m", ratings=rows, movies=movies, users={})
    ratings(folder, parts=3)
    head, *lines = capsys.readouterr().out.splitlines()
    assert head == f"{len(rows)} ratings of {stars.users} users and {stars.movies} movies, 3 folds"
    assert [line.split()[0] for line in lines] == list(METHODS)
    deviation = float(np.std(stars.stars))
    assert float(lines[0].split("RMSE ")[1].split()[0]) == pytest.approx(deviation, abs=0.02)
    monkeypatch.setattr(neighbours, "MOST_COMPARISONS", 10)
    ratings(folder, parts=2)
    assert "it would compare" in capsys.readouterr().out.splitlines()[3]
