"""Nearest neighbours: what the users most alike gave the movie, or what the user gave the movies most alike.

Input: Stars, Biases. Output: predicted stars. Similarity is Pearson's correlation of what the biases leave, over what both rated,
shrunk where that is little; Koren, "Factor in the Neighbors: Scalable and Accurate Collaborative Filtering", TKDD 2010. Of movies:
the same with `turned` ratings.
"""

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.ratings.biases import Biases
from benchmarks.ratings.folds import Floats, Ints, Stars

if TYPE_CHECKING:
    from scipy.sparse import csr_array

NEIGHBOURS = 40
SHRINK = 100.0
"""Common ratings at which a similarity counts about half."""
BLOCK_VALUES = 1 << 23
"""Similarities held at a time: 64 MB for each array of them."""
MOST_COMPARISONS = 2 * 10**10
"""Pairs of ratings compared for all similarities; about a minute each 10**10."""


def predict(known: Stars, biases: Biases, asked: Stars, *, neighbours: int = NEIGHBOURS) -> Floats:
    """Stars for each of `asked`: its bias, and the mean of what the biases leave of the ratings of the movie by the `neighbours`
    most similar users (ties: the smaller number), weighted by similarity. Only similarities above 0 count; without one, the bias
    stays.

    Raises:
        ValueError: it would take more than MOST_COMPARISONS.
    """
    comparisons = int((np.bincount(known.movie).astype(np.int64) ** 2).sum())
    if comparisons > MOST_COMPARISONS:
        raise ValueError(f"it would compare {comparisons:,} pairs of ratings; allowed: {MOST_COMPARISONS:,}")
    rest = biases.rest(known)
    by_movie = np.lexsort((known.user, known.movie))
    raters, left = known.user[by_movie], rest[by_movie]
    starts = np.searchsorted(known.movie[by_movie], np.arange(known.movies + 1))
    predicted = biases.predict(asked)
    rows = max(1, BLOCK_VALUES // known.users)
    matrices = _matrices(known, rest)
    for first in range(0, known.users, rows):
        begin, end = np.searchsorted(asked.user, [first, first + rows])
        if begin == end:
            continue
        alike = similarities(matrices, np.arange(first, min(first + rows, known.users)))
        for place in range(begin, end):
            here = slice(starts[asked.movie[place]], starts[asked.movie[place] + 1])
            found = alike[asked.user[place] - first, raters[here]]
            nearest = np.argsort(-found, kind="stable")[:neighbours]
            weight = np.maximum(found[nearest], 0.0)
            if weight.any():
                predicted[place] += float((weight * left[here][nearest]).sum() / weight.sum())
    return biases.clipped(predicted)


def similarities(matrices: "tuple[csr_array, csr_array, csr_array]", rows: Ints) -> Floats:
    """Rows x users: the similarity of each of `rows` to every user, -1 to 1; 0 without two movies in common. Nobody's similarity to
    themselves is used: a rating that is asked for is not known."""
    rest, squares, ones = matrices
    together = (rest[rows] @ rest.T).toarray()
    own = (squares[rows] @ ones.T).toarray()  # of the row's ratings those that the other has too
    other = (ones[rows] @ squares.T).toarray()
    common = (ones[rows] @ ones.T).toarray()
    scale = np.sqrt(own * other)
    correlation = np.divide(together, scale, out=np.zeros_like(together), where=scale > 0)
    few = np.maximum(common - 1.0, 0.0)
    shrunk: Floats = correlation * few / (few + SHRINK)
    return shrunk


def _matrices(known: Stars, rest: Floats) -> "tuple[csr_array, csr_array, csr_array]":
    """Users x movies: what the biases leave, its square, and 1."""
    from scipy.sparse import csr_array

    shape, places = (known.users, known.movies), (known.user, known.movie)
    return (
        csr_array((rest, places), shape=shape),
        csr_array((rest**2, places), shape=shape),
        csr_array((np.ones_like(rest), places), shape=shape),
    )
