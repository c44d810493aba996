"""The trees of a fitted ranker, asked for more than a score: what they split on, and what each feature added to a score.

Input: Ranker, a matrix of features (ranker.feature_matrix). Output: arrays with a row per pair, or a number per feature.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import cached_property
from math import fsum
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from lookbook.ranking.ranker import Ranker

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

    def splitting_on(self, places: Collection[int]) -> "Trees":
        """Those trees alone that split on one of the features at `places`: nothing else of a score changes with their values."""
        head, trees, tail = self._text
        chosen = [tree for tree in trees if not set(_numbers(tree.splitlines(), "split_feature=")).isdisjoint(places)]
        text = head + "".join(chosen) + tail
        return replace(self, ranker=replace(self.ranker, trees=len(chosen), model=text))

    @cached_property
    def rounding(self) -> float:
        """More than two sums of the trees' values in Float64 can differ because these were added or taken away in another order,
        each at most twice: 4 (trees + 1) units of rounding times the largest sum there can be."""
        lines = [line for line in self.ranker.model.splitlines() if line.startswith("leaf_value=")]
        largest = fsum(max(map(abs, _numbers([line], "leaf_value="))) for line in lines)
        return 4 * (len(lines) + 1) * float(np.finfo(np.float64).eps) * largest

    @cached_property
    def _text(self) -> tuple[str, list[str], str]:
        """What stands before the trees, each tree, what stands after them. The sizes of the trees, which LightGBM does not need,
        are left out."""
        head, *trees = re.split(r"^(?=Tree=)", self.ranker.model, flags=re.MULTILINE)
        trees[-1], end, tail = trees[-1].partition("end of trees")
        return re.sub(r"^tree_sizes=.*\n", "", head, flags=re.MULTILINE), trees, end + tail

    @cached_property
    def _booster(self) -> "lightgbm.Booster":
        from lookbook.ranking.lightgbm_alone import lightgbm

        return lightgbm.Booster(model_str=self.ranker.model)


def _numbers(lines: list[str], key: str) -> list[float]:
    """What stands behind `key`, tree after tree, in LightGBM's text."""
    return [float(value) for line in lines if line.startswith(key) for value in line.removeprefix(key).split()]
