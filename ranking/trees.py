"""The trees of a fitted ranker, asked for more than a score: what they split on, and what each feature added to a score.

Input: Ranker, a matrix of features (ranker.feature_matrix). Output: arrays with a row per pair, or a number per feature.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from ranking.ranker import Ranker

if TYPE_CHECKING:
    import lightgbm

Floats = npt.NDArray[np.float64]
Matrix = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Trees:
    """A ranker ready to be asked many times. threads: of LightGBM; no result depends on it."""

    ranker: Ranker
    threads: int = 0

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The features, in the order of the columns of every matrix."""
        return tuple(self.ranker.features)

    def scores(self, matrix: Matrix) -> Floats:
        """Raw score of each row, as `Ranker.score` gives it before it is rounded to Float32."""
        if not len(matrix):
            return np.empty(0)
        return np.asarray(self._booster.predict(matrix, raw_score=True, num_threads=self.threads), dtype=np.float64)

    def contributions(self, matrix: Matrix) -> Floats:
        """Shape (rows, features + 1): SHAP values, what each feature added to the row's raw score; last, the mean score they start
        from. A row sums to its raw score.

        Lundberg et al., "From local explanations to global understanding with explainable AI for trees", 2020.
        """
        if not len(matrix):
            return np.empty((0, len(self.names) + 1))
        given = self._booster.predict(matrix, pred_contrib=True, num_threads=self.threads)
        return np.asarray(given, dtype=np.float64)

    def split_importance(self, kind: Literal["gain", "split"]) -> Floats:
        """Per feature: the loss that its splits removed in training (gain), or how many splits there are (split)."""
        return np.asarray(self._booster.feature_importance(kind), dtype=np.float64)

    @cached_property
    def thresholds(self) -> tuple[Floats, ...]:
        """Per feature the distinct values at which some tree splits, ascending; a row goes left if its value is at most that.
        Values between two neighbours lead to the same leaves, so a feature without a threshold changes no score."""
        lines = self.ranker.model.splitlines()
        features = np.array(_numbers(lines, "split_feature="), dtype=np.int64)
        values = np.array(_numbers(lines, "threshold="), dtype=np.float64)
        return tuple(np.unique(values[features == place]) for place in range(len(self.names)))

    @cached_property
    def _booster(self) -> "lightgbm.Booster":
        import lightgbm

        return lightgbm.Booster(model_str=self.ranker.model)


def _numbers(lines: list[str], key: str) -> list[float]:
    """What stands behind `key`, tree after tree, in LightGBM's text."""
    return [float(value) for line in lines if line.startswith(key) for value in line.removeprefix(key).split()]
