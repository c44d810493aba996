"""What a distribution looks like: quartiles, box plot, outliers, histogram.

Input: distinct values and how often each occurs. Output: Distribution, bins.
Outliers: Tukey, "Exploratory Data Analysis", 1977 (fences at 1.5 interquartile ranges); z-scores beyond 3.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from math import ceil, fsum

import numpy as np
import numpy.typing as npt
import polars as pl

from lookbook.data.schema import Schema

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]

FENCE_RANGES = 1.5
Z_LIMIT = 3.0
BINS = 30
LONG_TAIL = 20
"""From a largest value of this many medians on, bins grow geometrically, if all values are positive."""


@dataclass(frozen=True)
class Distribution:
    """Statistics of `rows` values, `distinct` of them different; all others null where rows is 0.

    q25, median, q75: linear between neighbours (NumPy's default). whisker_low, whisker_high: ends of a box plot, the last values
    within 1.5 (q75 - q25) of the box, or the end of the box where there is none outside it; iqr_outliers: values beyond. sd:
    divided by rows. z_outliers: values more than 3 sd from the mean.
    """

    rows: int
    distinct: int
    min: float | None = None
    whisker_low: float | None = None
    q25: float | None = None
    median: float | None = None
    q75: float | None = None
    whisker_high: float | None = None
    max: float | None = None
    mean: float | None = None
    sd: float | None = None
    iqr_outliers: int | None = None
    z_outliers: int | None = None

    def as_dict(self) -> dict[str, float | int | None]:
        return asdict(self)


DISTRIBUTION: Schema = {
    "rows": pl.Int64,
    "distinct": pl.Int64,
    **dict.fromkeys(("min", "whisker_low", "q25", "median", "q75", "whisker_high", "max", "mean", "sd"), pl.Float64),
    "iqr_outliers": pl.Int64,
    "z_outliers": pl.Int64,
}
"""The columns of a table of Distributions."""


@dataclass(frozen=True)
class Bin:
    """rows: values in [low, high); the last bin holds its high end too, and a bin with low = high holds that value."""

    scale: str
    low: float
    high: float
    rows: int


def distribution(counts: pl.DataFrame) -> Distribution:
    """counts: value, rows; missing values are left out, each other value stands once, in any order."""
    values, rows = _arrays(counts)
    n = int(rows.sum())
    if n == 0:
        return Distribution(0, 0)
    q25, median, q75 = (_quantile(values, rows, share) for share in (0.25, 0.5, 0.75))
    fence = FENCE_RANGES * (q75 - q25)
    inside = (values >= q25 - fence) & (values <= q75 + fence)
    mean = fsum(values * rows) / n
    sd = float(np.sqrt(fsum((values - mean) ** 2 * rows) / n))
    return Distribution(
        rows=n,
        distinct=len(values),
        min=float(values[0]),
        whisker_low=min(float(values[inside][0]), q25),
        q25=q25,
        median=median,
        q75=q75,
        whisker_high=max(float(values[inside][-1]), q75),
        max=float(values[-1]),
        mean=mean,
        sd=sd,
        iqr_outliers=int(rows[~inside].sum()),
        z_outliers=int(rows[np.abs(values - mean) > Z_LIMIT * sd].sum()),
    )


def histogram(counts: pl.DataFrame) -> list[Bin]:
    """At most BINS bins over all values: one for each value if they are few, else equal ("linear") or growing ("log") ones.

    counts: as of `distribution`.
    """
    values, rows = _arrays(counts)
    if len(values) <= BINS:
        return [Bin("value", float(value), float(value), int(n)) for value, n in zip(values, rows, strict=True)]
    growing = bool(values[0] > 0 and values[-1] > LONG_TAIL * _quantile(values, rows, 0.5))
    edges = (_whole_edges if np.all(values == np.floor(values)) else _edges)(float(values[0]), float(values[-1]), growing=growing)
    at = np.minimum(np.searchsorted(edges, values, side="right") - 1, len(edges) - 2)
    held = np.zeros(len(edges) - 1, np.int64)
    np.add.at(held, at, rows)
    scale = "log" if growing else "linear"
    return [Bin(scale, float(low), float(high), int(n)) for low, high, n in zip(edges, edges[1:], held, strict=False)]


def _edges(low: float, high: float, *, growing: bool) -> Floats:
    """Ends of BINS bins, the last one `high`."""
    edges = (np.geomspace if growing else np.linspace)(low, high, BINS + 1)
    edges[0], edges[-1] = low, high
    return edges


def _whole_edges(low: float, high: float, *, growing: bool) -> Floats:
    """Ends of at most BINS bins of whole numbers, the last one above `high`.

    Each bin is as wide as the one before it, or wider if they grow: with 1 and 2 numbers by turns, even values would look like
    a comb.
    """
    width, factor = ceil((high + 1 - low) / BINS), ((high + 1) / low) ** (1 / BINS) if growing else 1.0
    edges = [low]
    while edges[-1] <= high:
        edges.append(ceil(edges[-1] * factor) if growing else edges[-1] + width)
    return np.array(edges, np.float64)


def table_of(rows: list[Mapping[str, object]], schema: Schema) -> pl.DataFrame:
    """Rows as a table of exactly these columns and types."""
    return pl.DataFrame([{column: row[column] for column in schema} for row in rows], schema=dict(schema), orient="row")


def _arrays(counts: pl.DataFrame) -> tuple[Floats, Counts]:
    present = counts.drop_nulls("value").sort("value")
    return present["value"].to_numpy(), present["rows"].to_numpy()


def _quantile(values: Floats, rows: Counts, share: float) -> float:
    """The `share` quantile of every value repeated `rows` times."""
    ends = np.cumsum(rows)
    place = share * (int(ends[-1]) - 1)
    low, high = values[np.searchsorted(ends, [np.floor(place), np.ceil(place)], side="right")]
    return float(low + (high - low) * (place - np.floor(place)))
