"""The pairs of the test week that the ranker is explained by: all candidates of its customers, or of some of them.

Input: FinishedRun. Output: keys and features of the pairs, read from the stage tables when they are first asked for.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import polars as pl

from lookbook.data.schema import PAIR
from lookbook.evaluation.label_ranks import LabelRanks
from lookbook.pipelines.runs.finished import FinishedRun
from lookbook.pipelines.stages.digest import digest
from lookbook.pipelines.stages.features import features, seen
from lookbook.pipelines.stages.rank import listed
from lookbook.ranking.permutation import Permutation
from lookbook.ranking.ranker import Ranker, feature_matrix
from lookbook.ranking.trees import Matrix, Trees


@dataclass(frozen=True)
class ExplainedPairs:
    """customers: sorted ids."""

    finished: FinishedRun
    customers: pl.Series

    @staticmethod
    def of(finished: FinishedRun, *, customers: int) -> "ExplainedPairs":
        """The pairs of at most `customers` of the customers with labels. Who is chosen depends on the ids and the seed alone."""
        ids = pl.concat([shard.customers for shard in finished.buyers]).rename("customer").to_frame()
        turn = pl.col("customer").hash(finished.system.settings.run.seed)
        return ExplainedPairs(finished, ids.sort(turn, "customer").head(customers)["customer"].sort())

    @cached_property
    def trees(self) -> Trees:
        return Trees(Ranker.load(self.finished.ranked.fitted.ranker.folder), self.finished.system.settings.run.threads)

    @cached_property
    def key(self) -> dict[str, object]:
        """What the pairs and the ranker were computed from, for the keys of stages."""
        return {
            "ranker": self.finished.ranked.fitted.ranker.key,
            "features": [features(self.finished.system, shard).key for shard in self.finished.buyers],
            "customers": digest({"ids": self.customers.to_list()}),
            "seed": self.finished.system.settings.run.seed,
        }

    @property
    def labels(self) -> pl.DataFrame:
        """LABELS of the customers."""
        return self.finished.system.dataset.labels(self.finished.week).collect().join(self._chosen, on="customer", how="semi")

    @property
    def filled_up(self) -> pl.DataFrame:
        """RECOMMENDATIONS to the customers that no score decided: those from the fallback list."""
        lists = listed(self.finished.ranked.recommendations)
        return lists.filter(pl.col("score").is_null()).collect().join(self._chosen, on="customer", how="semi")

    @property
    def pairs(self) -> pl.DataFrame:
        """customer, article, rrf; sorted by the first two."""
        return self._read[0]

    @property
    def matrix(self) -> Matrix:
        """Features of the pairs, a row for each, columns as in `trees.names`."""
        return self._read[1]

    @cached_property
    def label_ranks(self) -> LabelRanks:
        return LabelRanks.of(self.pairs, self.labels)

    @cached_property
    def permutation(self) -> Permutation:
        """Of the pairs whose scores decide the ranks of labels."""
        return Permutation(self.trees, self.matrix, self.label_ranks.rows, self.finished.system.settings.run.seed)

    def sample_customers(self, size: int) -> npt.NDArray[np.int64]:
        """Rows of all pairs of some customers, at most `size` pairs but at least one customer, in the order of the pairs. Who is
        chosen depends on the ids and the seed alone."""
        turn = pl.col("customer").hash(self.finished.system.settings.run.seed)
        sizes = self.pairs.group_by("customer").len().sort(turn, "customer").with_columns(total=pl.col("len").cum_sum())
        chosen = sizes.filter((pl.col("total") <= size) | (pl.int_range(pl.len()) == 0))
        rows = self.pairs.with_row_index("row").join(chosen, on="customer", how="semi", maintain_order="left")["row"]
        return rows.cast(pl.Int64).to_numpy()

    def sample(self, size: int) -> npt.NDArray[np.int64]:
        """Rows of at most `size` pairs, in an order and by a choice that depend on the ids and the seed alone; of a smaller
        sample the larger one is a continuation."""
        turn = pl.struct(PAIR).hash(self.finished.system.settings.run.seed)
        chosen = self.pairs.with_row_index("row").sort(turn, *PAIR).head(size)
        return chosen["row"].cast(pl.Int64).to_numpy()

    @property
    def _chosen(self) -> pl.DataFrame:
        return self.customers.to_frame()

    @cached_property
    def _read(self) -> tuple[pl.DataFrame, Matrix]:
        """Shard after shard, so that the features of one are in memory beside the matrix."""
        pairs, parts = [], []
        for shard in self.finished.buyers:
            known = features(self.finished.system, shard).table("features")
            frame = known.join(self._chosen.lazy(), on="customer", how="semi").sort(PAIR).collect()
            pairs.append(frame.select(*PAIR, "rrf"))
            parts.append(feature_matrix(seen(self.finished.system, frame.lazy()).collect()))
        return pl.concat(pairs), np.concatenate(parts)
