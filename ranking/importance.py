"""How much each feature, feature group and source matters to the ranker, by four methods that answer different questions.

Input: Trees, the SHAP contributions of some pairs, what permuting did to a metric. Output: IMPORTANCE.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import fsum
from typing import Literal

import numpy as np
import numpy.typing as npt
import polars as pl

from lookbook.data.schema import Schema
from lookbook.ranking.trees import Floats, Trees

Level = Literal["feature", "group", "source"]

IMPORTANCE: Schema = {
    "level": pl.String,
    "name": pl.String,
    "method": pl.String,
    "value": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "share": pl.Float64,
}
"""One row per level (feature, group, source), name and method; `value` by method:

gain: loss that splits on these columns removed in training; split: how many splits there are;
permutation: how far the metric of the test week falls when these columns are dealt out anew together, negative where it rises;
shap: mean over pairs of the absolute sum of what these columns added to the score, less what they added to the pairs of the same
customer on average (`less_the_mean`): what lifts all articles of a customer alike decides nothing.
low, high: ends of a 95 % interval, null for methods without one. share: value / sum over the same level and method, values
below 0 counting as 0; null where that sum is 0. Sources and groups overlap: shares add up to 1 in each level alone."""


@dataclass(frozen=True)
class FeatureSet:
    """Columns that are judged together. A set of level "feature" holds its own column alone."""

    level: Level
    name: str
    columns: tuple[str, ...]


@dataclass(frozen=True)
class Drop:
    """How far the metric falls, and the ends of its 95 % interval."""

    value: float
    low: float
    high: float


def importance(sets: Sequence[FeatureSet], trees: Trees, contributions: Floats, drops: Sequence[Drop]) -> pl.DataFrame:
    """IMPORTANCE of each set by each method, in the order of `sets`, then of the methods.

    Args:
        sets: what is judged; every level and name once.
        trees: the ranker.
        contributions: of a sample of pairs, a column per feature of `trees`, less the mean of the customer.
        drops: of each set, in the order of `sets`.
    """
    places = {name: place for place, name in enumerate(trees.names)}
    columns = [[places[column] for column in each.columns] for each in sets]
    gain, split = trees.split_importance("gain"), trees.split_importance("split")
    values: Mapping[str, list[float]] = {
        "gain": [fsum(gain[chosen]) for chosen in columns],
        "split": [fsum(split[chosen]) for chosen in columns],
        "permutation": [drop.value for drop in drops],
        "shap": [_mean_of_sums(contributions, chosen) for chosen in columns],
    }
    shares = {method: _shares(sets, of) for method, of in values.items()}
    rows = [
        {
            "level": each.level,
            "name": each.name,
            "method": method,
            "value": values[method][at],
            "low": drops[at].low if method == "permutation" else None,
            "high": drops[at].high if method == "permutation" else None,
            "share": shares[method][at],
        }
        for at, each in enumerate(sets)
        for method in values
    ]
    return pl.DataFrame(rows, schema=IMPORTANCE)


def less_the_mean(contributions: Floats, customers: npt.NDArray[np.uint32]) -> Floats:
    """Contributions less the mean over all rows of the same customer. customers: of each row, equal ones together.

    Measured from the customer's first row, so that what is the same in all of them leaves exactly 0.
    """
    if not len(customers):
        return contributions
    starts = np.flatnonzero(np.r_[True, customers[1:] != customers[:-1]])
    sizes = np.diff(np.r_[starts, len(customers)])
    beyond = contributions - np.repeat(contributions[starts], sizes, axis=0)
    means = np.add.reduceat(beyond, starts, axis=0) / sizes[:, None]
    return np.asarray(beyond - np.repeat(means, sizes, axis=0))


def strongest(table: pl.DataFrame, method: str, *, level: Level = "feature") -> list[str]:
    """Names of one level, the largest value by `method` first, ties by name."""
    chosen = table.filter((pl.col("level") == level) & (pl.col("method") == method))
    return chosen.sort("value", "name", descending=[True, False])["name"].to_list()


def _mean_of_sums(contributions: Floats, columns: list[int]) -> float:
    """Exactly rounded, so that the order of the pairs changes nothing."""
    sums = np.abs(contributions[:, sorted(columns)].sum(axis=1))
    return fsum(sums) / len(sums) if len(sums) else 0.0


def _shares(sets: Sequence[FeatureSet], values: Sequence[float]) -> list[float | None]:
    totals = {level: fsum(max(v, 0.0) for s, v in zip(sets, values, strict=True) if s.level == level) for level in _levels(sets)}
    return [
        max(value, 0.0) / totals[each.level] if totals[each.level] > 0 else None for each, value in zip(sets, values, strict=True)
    ]


def _levels(sets: Sequence[FeatureSet]) -> set[Level]:
    return {each.level for each in sets}
