"""What a rating is without any taste: the mean of all, how much the user is above it, and how much the movie.

Input: Stars. Output: Biases. Koren, "Factor in the Neighbors: Scalable and Accurate Collaborative Filtering", TKDD 2010, by
alternating least squares.
"""

from dataclasses import dataclass

import numpy as np

from benchmarks.ratings.folds import Floats, Stars

SWEEPS = 10
MOVIE_SHRINK, USER_SHRINK = 10.0, 15.0
"""Ratings of 0 bias that each movie and user is taken to have beside its own."""


@dataclass(frozen=True)
class Biases:
    """mean: of all known ratings, in stars. user, movie: what is added for each; 0 where nothing is known. low, high: the least and
    largest known rating."""

    mean: float
    user: Floats
    movie: Floats
    low: float
    high: float

    @staticmethod
    def of(known: Stars, *, sweeps: int = SWEEPS) -> "Biases":
        mean = float(known.stars.mean())
        user, movie, rest = np.zeros(known.users), np.zeros(known.movies), known.stars - mean
        of_user, of_movie = (np.bincount(at, minlength=n) for at, n in ((known.user, known.users), (known.movie, known.movies)))
        for _ in range(sweeps):
            movie = np.bincount(known.movie, rest - user[known.user], known.movies) / (MOVIE_SHRINK + of_movie)
            user = np.bincount(known.user, rest - movie[known.movie], known.users) / (USER_SHRINK + of_user)
        return Biases(mean, user, movie, float(known.stars.min()), float(known.stars.max()))

    def predict(self, asked: Stars) -> Floats:
        """In stars, not clipped."""
        return self.mean + self.user[asked.user] + self.movie[asked.movie]

    def rest(self, known: Stars) -> Floats:
        """What the biases do not explain, in stars."""
        return known.stars - self.predict(known)

    def clipped(self, predicted: Floats) -> Floats:
        """To what a rating can be."""
        return np.clip(predicted, self.low, self.high)

    def turned(self) -> "Biases":
        """Movies in the place of users and the reverse."""
        return Biases(self.mean, self.movie, self.user, self.low, self.high)
