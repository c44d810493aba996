"""The ratings of a MovieLens set as they are: what benchmarks of predicted ratings and of the last rating start from.

Input: a folder or zip file, see data/movielens/files.py. Output: RATINGS.
"""

from pathlib import Path

import polars as pl

from lookbook.data.errors import DataError, Where
from lookbook.data.movielens.files import find_set
from lookbook.data.reading.tally import Tally
from lookbook.data.schema import Schema

RATINGS: Schema = {"user": pl.Int64, "movie": pl.Int64, "rating": pl.Float64, "moment": pl.Int64}
"""One row per rating, sorted by user and movie: GroupLens' numbers, stars (0.5 to 5), seconds since 1970-01-01 00:00 UTC."""
COLUMNS = {"user": "userId", "movie": "movieId", "rating": "rating", "moment": "timestamp"}


def read_ratings(place: Path) -> pl.DataFrame:
    """RATINGS of the set at `place`.

    Raises:
        DataError: see find_set; a value is no number, or a user rates a movie twice.
    """
    found = find_set(place)
    file = found.paths["transactions"]
    batches = [batch.with_columns(_numbers()) for batch in found.read("transactions", COLUMNS, Tally(), known=frozenset())]
    table = pl.concat(batches)
    broken = table.filter(pl.any_horizontal(pl.col(name).is_null() for name in RATINGS))
    if broken.height:
        raise DataError("a rating has a value that is no number", Where(file, broken["line"][0]), fix="get the set again")
    again = table.filter(pl.struct("user", "movie").is_first_distinct().not_())
    if again.height:
        raise DataError("a user rates a movie twice", Where(file, again["line"][0]), expected="one rating each")
    return table.select(*RATINGS).sort("user", "movie")


def _numbers() -> list[pl.Expr]:
    return [pl.col(name).cast(dtype, strict=False) for name, dtype in RATINGS.items()]
