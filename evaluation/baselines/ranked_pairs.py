"""The average precision of many scores of the same pairs, one after the other: what was best by one score bounds the search by the
next.

Input: SCORED pairs, LABELS. Output: average precision of each customer.
"""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import polars as pl

from lookbook.data.customer_rows.rows import Rows
from lookbook.data.schema import PAIR


@dataclass
class RankedPairs:
    """pairs: SCORED. line: which customer, 0, 1, ..., each pair is of, rising. place: its popularity. bought: whether it is a
    label. labels: how many each customer has, rising by id. best: the pairs that were best by the last score, by line; none =
    no score yet, so that the most popular stand in."""

    pairs: pl.DataFrame
    line: Rows
    place: Rows
    bought: npt.NDArray[np.bool_]
    labels: Rows
    best: Rows = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    @staticmethod
    def of(pairs: pl.DataFrame, labels: pl.DataFrame) -> "RankedPairs":
        """pairs and labels are of the same customers: every customer has some of either."""
        known = labels.select(PAIR).unique().with_columns(bought=True)
        marked = pairs.select(*PAIR, "place").join(known, on=PAIR, how="left", maintain_order="left", validate="1:1")
        return RankedPairs(
            pairs,
            line=marked["customer"].rle_id().cast(pl.Int64).to_numpy(),
            place=marked["place"].cast(pl.Int64).to_numpy(),
            bought=marked["bought"].fill_null(False).to_numpy(),
            labels=known.group_by("customer").len().sort("customer")["len"].cast(pl.Int64).to_numpy(),
        )

    def average_precision(self, score: pl.Expr, *, k: int) -> list[float]:
        """Of the `k` pairs with the highest `score`, of equals the most popular; by customer id. As metrics.customer_metrics."""
        lines, ranks, bought = self._ranked(self.pairs.with_columns(score=score)["score"].to_numpy(), k=k)
        lines, ranks = lines[bought], ranks[bought]
        nth = np.arange(1, len(lines) + 1) - np.searchsorted(lines, lines)
        sums = np.bincount(lines, weights=nth / ranks, minlength=len(self.labels))
        return [float(value) for value in sums / np.minimum(self.labels, k)]

    def _ranked(self, scores: Rows, *, k: int) -> tuple[Rows, Rows, npt.NDArray[np.bool_]]:
        """line, rank and bought of the best pairs, by line and rank.

        The last of any `k` pairs of a customer is no better than the k-th best: only what is as good needs sorting.
        """
        best = self.best if len(self.best) else np.flatnonzero(self.place <= k)
        starts = np.flatnonzero(np.diff(self.line[best], prepend=-1))
        least = np.minimum.reduceat(scores[best], starts)[self.line]
        places = np.where(scores[best] == least[best], self.place[best], 0)
        near = np.flatnonzero(scores >= least)
        last = np.maximum.reduceat(places, starts)[self.line[near]]
        near = near[(scores[near] > least[near]) | (self.place[near] <= last)]
        near = near[np.lexsort((self.place[near], -scores[near], self.line[near]))]
        lines = self.line[near]
        rank = np.arange(1, len(near) + 1) - np.searchsorted(lines, lines)
        first = rank <= k
        self.best = near[first]
        return lines[first], rank[first], self.bought[self.best]
