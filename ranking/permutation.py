"""What the scores would be if features said nothing: their values are dealt out anew among all pairs.

Input: Trees, FEATURES as a matrix. Output: scores with some columns permuted. How much a metric falls with them is the
features' permutation importance (Breiman, "Random forests", 2001); the metric belongs to the caller.

Only rows that can score differently are scored again, those in which a value has moved past a threshold of some tree; and only by
the trees that split on these features: what the other trees give stays.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from lookbook.ranking.trees import Floats, Matrix, Trees

Rows = npt.NDArray[np.int64]
BLOCK_ROWS = 16_384
"""Rows that are scored again at a time: their memory is used again and again, not asked of the system anew."""


@dataclass(frozen=True)
class Permutation:
    """matrix: all pairs among which values are dealt out; rows: those whose scores are wanted; seed: of the dealing."""

    trees: Trees
    matrix: Matrix
    rows: Rows
    seed: int

    @cached_property
    def unchanged(self) -> Matrix:
        """Scores of `rows` as they are, Float32 like those of the ranker."""
        return self._exact.astype(np.float32)

    def scores(self, columns: Sequence[str], *, repeats: int) -> Iterator[Matrix]:
        """`repeats` times the scores of `rows` after `columns` were permuted over all pairs, in one piece: the values that a
        pair gets for them all come from one other pair. The same columns, in any order, are dealt out the same way."""
        places = [place for place, name in enumerate(self.trees.names) if name in columns and len(self.trees.thresholds[place])]
        if not places:
            yield from (self.unchanged for _ in range(repeats))
            return
        legs = np.stack([_between(self.matrix[:, place], self.trees.thresholds[place]) for place in places], axis=1)
        concerned = self.trees.splitting_on(places)
        others = self._exact - concerned.scores(self._own)
        for repeat in range(repeats):
            dealt = _generator(columns, self.seed, repeat).permutation(len(self.matrix))[self.rows]
            moved = np.flatnonzero((legs[dealt] != legs[self.rows]).any(axis=1))
            scores = self.unchanged.copy()
            for start in range(0, len(moved), BLOCK_ROWS):
                block = moved[start : start + BLOCK_ROWS]
                again = self._own[block]
                again[:, places] = self.matrix[dealt[block][:, None], places]
                scores[block] = self._rounded(others[block] + concerned.scores(again), again)
            yield scores

    @cached_property
    def _own(self) -> Matrix:
        return self.matrix[self.rows]

    @cached_property
    def _exact(self) -> Floats:
        return self.trees.scores(self._own)

    def _rounded(self, sums: Floats, matrix: Matrix) -> Matrix:
        """The Float32 scores of the rows of `matrix`, known as `sums` that were added up in another order than the ranker's. The
        few that lie so near the middle between two Float32 that the order could decide are scored by all trees."""
        scores = sums.astype(np.float32)
        slack = self.trees.rounding
        unsure = (sums - slack).astype(np.float32) != (sums + slack).astype(np.float32)
        scores[unsure] = self.trees.scores(matrix[unsure])
        return scores


def _between(values: Matrix, thresholds: npt.NDArray[np.float64]) -> npt.NDArray[np.int32]:
    """How many thresholds are below each value; missing values, which trees send their own way, have a number of their own."""
    below = np.searchsorted(thresholds, values.astype(np.float64), side="left")
    return np.where(np.isnan(values), len(thresholds) + 1, below).astype(np.int32)


def _generator(columns: Sequence[str], seed: int, repeat: int) -> np.random.Generator:
    names = hashlib.sha256("\n".join(sorted(columns)).encode()).digest()
    return np.random.default_rng([seed, repeat, *np.frombuffer(names[:16], dtype=np.uint32).tolist()])
