"""UP-CF@r: what customers with the same articles bought lately; the more alike they are, the more it counts.

Faggioli, Polato, Aiolli, "Recency aware collaborative filtering for next basket recommendation", UMAP 2020.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import polars as pl

from lookbook.data.customer_rows.baskets import baskets
from lookbook.data.customer_rows.rows import (
    Block,
    Line,
    Rowed,
    Rows,
    batches,
    from_lines,
    line,
    numbers_of_pairs,
    smallest,
    stacked,
)
from lookbook.data.schema import PAIR
from lookbook.evaluation.baselines.baseline import UNIT, Baseline, Known, filled

if TYPE_CHECKING:
    from scipy.sparse import csr_array


@dataclass(frozen=True)
class UpCf:
    """Sum over customers, the customer included, of similarity ** locality x the share of their last baskets that held the article.

    The similarity of u to v is |both| / (|u| ** asymmetry x |v| ** (1 - asymmetry)), where |u| counts the articles that u ever
    bought and |both| those that u and v did; of u to u it is 1.

    recent_baskets: how many are the last; 0 = all. neighbours: how many others count at most, the most similar, of equals those
    with the smaller ids.
    """

    name: ClassVar[str] = "up_cf"

    recent_baskets: int
    locality: int
    asymmetry: float
    neighbours: int

    @staticmethod
    def tried() -> tuple["UpCf", ...]:
        """First what is published for the groceries of Dunnhumby."""
        published = UpCf(recent_baskets=25, locality=10, asymmetry=0.75, neighbours=2000)
        return (published, *(UpCf(r, q, a, 100) for a, q, r in product((0.75,), (3, 10), (10, 15, 25, 50))))

    def shared(self) -> "UpCf":
        return replace(self, recent_baskets=0, locality=1)

    def pairs(self, together: Sequence[Baseline], known: Known, customers: pl.Series, *, k: int) -> pl.DataFrame:
        points = {each.column: each for each in together if isinstance(each, UpCf)}
        bought = baskets(known.history)
        rowed = Rowed.of(bought)
        held = rowed.matrix(bought.select(PAIR).unique().with_columns(held=1), "held")
        recent = {each.recent_baskets: rowed.matrix(each.shares(bought), "share") for each in points.values()}
        place, others = known.places(rowed.articles), held.T.tocsr()
        found = [stacked([], numbers_of_pairs(points))]
        for rows in batches(held, rowed.rows_of(customers)):
            weights = self._weights(held, others, rows, {each.locality for each in points.values()})
            scores = {name: weights[each.locality] @ recent[each.recent_baskets] for name, each in points.items()}
            found.append(_best(scores, rowed.customers[rows], place, k=k))
        return filled(pl.concat(found).lazy(), known, customers, k=k)

    @property
    def column(self) -> str:
        return f"near_{self.recent_baskets}_{self.locality}"

    def shares(self, bought: pl.DataFrame) -> pl.DataFrame:
        """PAIR and share, in units of 1 / UNIT: of the customer's recent baskets those that held the article."""
        recent = pl.col("baskets").clip(upper_bound=self.recent_baskets) if self.recent_baskets else pl.col("baskets")
        return (
            bought.lazy()
            .filter(pl.col("later") < recent)
            .group_by(PAIR)
            .agg(held=pl.len(), of=recent.first())
            .with_columns(share=(pl.col("held") * UNIT / pl.col("of")).round())
            .collect()
        )

    def score(self) -> pl.Expr:
        return pl.col(self.column)

    def _weights(self, held: "csr_array", others: "csr_array", rows: Rows, localities: set[int]) -> Mapping[int, "csr_array"]:
        """A line for each of `rows` with what every customer counts, in whole units of 1 / UNIT, by locality."""
        sizes = np.diff(held.indptr).astype(np.float64)
        both = held[rows] @ others
        lines: list[Line] = []
        for place, row in enumerate(rows):
            columns, common = line(both, place)
            alike = common / (sizes[row] ** self.asymmetry * sizes[columns] ** (1 - self.asymmetry))
            alike[columns == row] = 0.0
            near = smallest(-alike, columns, k=self.neighbours)
            near = near[alike[near] > 0]
            lines.append((np.append(columns[near], row), np.append(alike[near], 1.0)))
        return {q: from_lines([(who, np.rint(alike**q * UNIT)) for who, alike in lines], len(sizes)) for q in localities}


def _best(scores: Mapping[str, "csr_array"], customers: Rows, place: Rows, *, k: int) -> pl.DataFrame:
    """Every score of the articles that are among the `k` best by one of `scores`, which have a line for each of `customers`."""
    parts: list[Block] = []
    for at, customer in enumerate(customers):
        dense, among = np.zeros((len(scores), len(place))), []
        for values, matrix in zip(dense, scores.values(), strict=True):
            columns, found = line(matrix, at)
            values[columns] = found
            among.append(columns[smallest(-found, place[columns], k=k)])
        articles = np.unique(np.concatenate(among))
        parts.append((np.full(len(articles), customer), articles, *dense[:, articles]))
    return stacked(parts, numbers_of_pairs(scores))
