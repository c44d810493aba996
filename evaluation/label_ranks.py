"""The ranks of the labels among their customers' pairs, for one set of scores after another.

Input: the (customer, article) pairs, LABELS. Output: RECOMMENDATIONS that hold the labels only, which is all that
`metrics.customer_metrics` looks at. Customers none of whose labels is a pair have no hit, whatever the scores.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from lookbook.data.schema import PAIR

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True)
class LabelRanks:
    """Scores are laid out with a line per customer and a column per pair, by rrf and then by article: of ties the first wins.

    rows: the rows of the pairs whose scores decide, those of the customers with a label among their pairs, ascending.
    line, column: where each of them stands. found: customer and article of each label that is a pair; own: its place in `rows`.
    """

    rows: Rows
    line: Rows
    column: Rows
    found: pl.DataFrame
    own: Rows

    @staticmethod
    def of(pairs: pl.DataFrame, labels: pl.DataFrame) -> "LabelRanks":
        """pairs: unique, sorted by customer and article; rrf decides between equal scores, the higher one first."""
        numbered = pairs.select(*PAIR, "rrf").with_row_index("row")
        bought = numbered.join(labels.select(PAIR).unique(), on=PAIR, how="semi", maintain_order="left")
        deciding = numbered.join(bought, on="customer", how="semi", maintain_order="left").select(
            *PAIR,
            "row",
            line=pl.col("customer").rle_id(),
            column=pl.col("rrf").rank("ordinal", descending=True).over("customer") - 1,
        )
        own = deciding.with_row_index("place").join(bought, on=PAIR, how="semi", maintain_order="left")["place"]
        rows, line, column = (deciding[name].cast(pl.Int64).to_numpy() for name in ("row", "line", "column"))
        return LabelRanks(rows, line, column, bought.select(PAIR), own.cast(pl.Int64).to_numpy())

    def hits(self, scores: npt.NDArray[np.float32], *, k: int) -> pl.DataFrame:
        """customer, article, rank (UInt8) of the labels among the first `k` pairs of their customer; higher scores come first,
        ties go to the higher rrf, then to the smaller article. scores: one for each of `rows`, finite."""
        if not len(self.rows):
            return self.found.with_columns(rank=pl.lit(None, dtype=pl.UInt8))
        table = np.full((self.line[-1] + 1, max(k, self.column.max() + 1)), -np.inf, dtype=np.float32)
        table[self.line, self.column] = scores
        last = np.partition(table, -k, axis=1)[:, -k]  # the k-th best of each customer: nothing below it needs a rank
        near = scores[self.own] >= last[self.line[self.own]]
        places = self.own[near]
        mine, theirs = scores[places][:, None], table[self.line[places]]
        earlier = np.arange(table.shape[1]) < self.column[places][:, None]
        rank = 1 + ((theirs > mine) | ((theirs == mine) & earlier)).sum(axis=1)
        return (
            self.found.filter(pl.Series(near))
            .with_columns(rank=pl.Series(rank))
            .filter(pl.col("rank") <= k)
            .cast({"rank": pl.UInt8})
        )
