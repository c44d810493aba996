"""How far predicted stars are from those given, on MovieLens: nearest neighbours and factors against the mean and the biases.

`python -m benchmarks.ratings FOLDER` with the folder or zip file of a MovieLens set (data/README.md). Every rating is predicted
once, from the other folds. Output: a line on stdout for each method with the root mean squared error in stars, mean and standard
deviation over the folds. Elsewhere on ml-100k with 5 folds: users alike about 0.926, movies alike about 0.917, factors about 0.940.
Nothing of lookbook predicts ratings; these are the methods of the textbooks.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated

import numpy as np
from cyclopts import App, Parameter

from benchmarks.ratings import factors, neighbours
from benchmarks.ratings.biases import Biases
from benchmarks.ratings.folds import Floats, Stars, folds, rmse
from lookbook.data.movielens.ratings import read_ratings

app = App(name="python -m benchmarks.ratings", help=__doc__, help_format="plaintext")

Method = Callable[[Stars, Biases, Stars, int], Floats]


def _by_movies(known: Stars, biases: Biases, asked: Stars, _seed: int) -> Floats:
    found = np.empty_like(asked.stars)
    found[np.lexsort((asked.user, asked.movie))] = neighbours.predict(known.turned(), biases.turned(), asked.turned())
    return found


METHODS: Mapping[str, Method] = {
    "mean": lambda known, biases, asked, seed: np.full_like(asked.stars, biases.mean),
    "biases": lambda known, biases, asked, seed: biases.clipped(biases.predict(asked)),
    "users_alike": lambda known, biases, asked, seed: neighbours.predict(known, biases, asked),
    "movies_alike": _by_movies,
    "factors": lambda known, biases, asked, seed: factors.predict(known, biases, asked, seed=seed),
}
"""Every method by its name: the stars of `asked` from what is known and its biases."""


@app.default
def ratings(
    folder: Annotated[Path, Parameter(help="Folder or zip file of a MovieLens set.")],
    *,
    parts: Annotated[int, Parameter(name="--folds", help="Folds.")] = 5,
    seed: Annotated[int, Parameter(help="Seed of the folds and of the factors.")] = 0,
) -> None:
    """Measure and print."""
    stars = Stars.of(read_ratings(folder))
    print(f"{len(stars.stars):,} ratings of {stars.users:,} users and {stars.movies:,} movies, {parts} folds", flush=True)
    errors: dict[str, list[float]] = defaultdict(list)
    seconds: dict[str, float] = defaultdict(float)
    refused: dict[str, str] = {}
    for known, asked in folds(stars, count=parts, seed=seed):
        biases = Biases.of(known)
        for name in (each for each in METHODS if each not in refused):
            started = time.process_time()
            try:
                errors[name].append(rmse(METHODS[name](known, biases, asked, seed), asked.stars))
            except ValueError as error:  # a method that cannot do it says so, and the others go on
                refused[name] = str(error)
            seconds[name] += time.process_time() - started
    for name in METHODS:
        if name in refused:
            print(f"{name:<14} {refused[name]}")
        else:
            print(f"{name:<14} RMSE {np.mean(errors[name]):.4f} ± {np.std(errors[name]):.4f}  {seconds[name]:.1f} CPU-s")


if __name__ == "__main__":
    app()
