"""Ratings as arrays, in folds of which one after the other is predicted from the rest.

Input: RATINGS (data/movielens/ratings.py). Output: Stars, the known ones and those to be predicted.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Stars:
    """One entry per rating, sorted by user and movie; both are numbered from 0 in the order of GroupLens' numbers. users, movies:
    how many there are of each in the whole set, with a rating here or not."""

    user: Ints
    movie: Ints
    stars: Floats
    users: int
    movies: int

    @staticmethod
    def of(ratings: pl.DataFrame) -> "Stars":
        user, movie = (ratings[name].rank("dense").cast(pl.Int64).to_numpy() - 1 for name in ("user", "movie"))
        rows = Stars(user, movie, ratings["rating"].to_numpy(), int(user.max()) + 1, int(movie.max()) + 1)
        return rows.only(np.lexsort((movie, user)))

    def only(self, rows: Ints) -> "Stars":
        return Stars(self.user[rows], self.movie[rows], self.stars[rows], self.users, self.movies)

    def turned(self) -> "Stars":
        """Movies in the place of users and the reverse."""
        order = np.lexsort((self.user, self.movie))
        return Stars(self.movie[order], self.user[order], self.stars[order], self.movies, self.users)


def folds(ratings: Stars, *, count: int, seed: int) -> Iterator[tuple[Stars, Stars]]:
    """Known and to be predicted, `count` times; every rating is to be predicted once. Folds are drawn at random, without regard to
    users or time, and differ by one rating in size at most.

    Raises:
        ValueError: there are fewer ratings than folds, or only one fold.
    """
    if not 2 <= count <= len(ratings.stars):
        raise ValueError(f"{count} folds of {len(ratings.stars)} ratings; expected at least 2, and a rating in each")
    fold = np.random.default_rng(seed).permutation(len(ratings.stars)) % count
    for number in range(count):
        yield ratings.only(np.flatnonzero(fold != number)), ratings.only(np.flatnonzero(fold == number))


def rmse(predicted: Floats, stars: Floats) -> float:
    """Root of the mean squared error, in stars."""
    return float(np.sqrt(np.mean((predicted - stars) ** 2)))
