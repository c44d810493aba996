"""Matrix factorization: what the biases leave of a rating is the dot product of a vector of the user and one of the movie.

Input: Stars, Biases. Output: predicted stars. Alternating least squares with a penalty for each rating: Zhou, Wilkinson, Schreiber,
Pan, "Large-scale Parallel Collaborative Filtering for the Netflix Prize", AAIM 2008; biases as in Koren, Bell, Volinsky, "Matrix
Factorization Techniques for Recommender Systems", Computer 2009.
"""

import numpy as np

from benchmarks.ratings.biases import Biases
from benchmarks.ratings.folds import Floats, Ints, Stars

FACTORS = 20
PENALTY = 0.1
"""Of a squared length, for each rating of the user or movie."""
SWEEPS = 15
START = 0.1
"""Standard deviation of the numbers that the vectors of movies start with."""


def predict(known: Stars, biases: Biases, asked: Stars, *, seed: int) -> Floats:
    """Stars for each of `asked`; who has no known rating has the vector 0, so that the bias stays. The same to the bit for any
    number of threads."""
    user, movie = factorize(known, biases.rest(known), seed=seed)
    return biases.clipped(biases.predict(asked) + (user[asked.user] * movie[asked.movie]).sum(axis=1))


def factorize(known: Stars, rest: Floats, *, seed: int, sweeps: int = SWEEPS) -> tuple[Floats, Floats]:
    """The vectors of users and movies, of which the latter were fitted last. rest: what they are to explain of each rating."""
    from threadpoolctl import threadpool_limits

    movie = np.random.default_rng(seed).normal(0.0, START, (known.movies, FACTORS))
    turned = np.lexsort((known.user, known.movie))
    with threadpool_limits(1):
        for _ in range(sweeps):
            user = fitted(known.user, known.movie, rest, movie, known.users)
            movie = fitted(known.movie[turned], known.user[turned], rest[turned], user, known.movies)
    return user, movie


def fitted(row: Ints, column: Ints, rest: Floats, vectors: Floats, rows: int) -> Floats:
    """The vector of each row that explains `rest` best by `vectors` of the columns, with the penalty. row: rising."""
    found = np.zeros((rows, vectors.shape[1]))
    starts = np.searchsorted(row, np.arange(rows + 1))
    for place in np.flatnonzero(np.diff(starts)):
        here = slice(starts[place], starts[place + 1])
        seen = vectors[column[here]]
        normal = seen.T @ seen + PENALTY * len(seen) * np.eye(seen.shape[1])
        found[place] = np.linalg.solve(normal, seen.T @ rest[here])
    return found
