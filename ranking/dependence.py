"""How the score follows one feature: the mean score of many pairs while the feature is set to one value after another.

Input: Trees, FEATURES as a matrix. Output: PARTIAL_DEPENDENCE.
Friedman, "Greedy function approximation: a gradient boosting machine", 2001.
"""

from collections.abc import Sequence

import numpy as np
import polars as pl

from lookbook.data.schema import Schema
from lookbook.ranking.trees import Floats, Matrix, Trees

PARTIAL_DEPENDENCE: Schema = {"feature": pl.String, "value": pl.Float64, "score": pl.Float64}
"""One row per feature and value: the mean raw score of all pairs when each had that value; null = the value is missing.
Sorted by value within a feature, the missing value last; features in the order asked for."""


def partial_dependence(trees: Trees, matrix: Matrix, features: Sequence[str], *, points: int) -> pl.DataFrame:
    """At most `points` values per feature, which pairs really have, at equal steps of their share; and the missing value if
    some pair has it. Other features keep their values, which may give pairs that do not occur."""
    tables = [pl.DataFrame(schema=PARTIAL_DEPENDENCE)]
    changed = matrix.copy()
    for feature in features:
        place = trees.names.index(feature)
        values = _values(matrix[:, place], points)
        means = []
        for value in values:
            changed[:, place] = value
            means.append(float(trees.scores(changed).mean()))
        changed[:, place] = matrix[:, place]
        columns = {"feature": [feature] * len(values), "value": values, "score": means}
        tables.append(pl.DataFrame(columns, schema=PARTIAL_DEPENDENCE, nan_to_null=True))
    return pl.concat(tables)


def _values(column: Matrix, points: int) -> Floats:
    """Distinct quantiles of the known values, ascending, then NaN if some are missing."""
    missing = np.isnan(column)
    known = column[~missing]
    steps = np.linspace(0, 1, points)
    quantiles = np.unique(np.quantile(known, steps, method="inverted_cdf")) if len(known) else known
    return np.append(quantiles, np.float32(np.nan)).astype(np.float64) if missing.any() else quantiles.astype(np.float64)
