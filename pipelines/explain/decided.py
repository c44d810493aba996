"""What a run decided for some customers in one week, at every stage: retrieved, kept, scored, recommended.

Input: Inspected. Output: small tables read from the stages that the run left; no source, feature or week is computed again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import polars as pl

from lookbook.data.dataset import History
from lookbook.data.windows import Window
from lookbook.pipelines.runs.finished import Inspected
from lookbook.pipelines.stages.rank import Ranked, rank_week
from lookbook.pipelines.stages.shards import Shard
from lookbook.pipelines.stages.system import KEYS, UNCUT, Stages
from lookbook.ranking.ranker import Ranker
from lookbook.ranking.trees import Trees
from lookbook.retrieval.merge import merge


@dataclass(frozen=True)
class Decided:
    """customers: sorted ids, all of them in `shards`. Tables hold these customers only, sorted by customer and article."""

    stages: Stages
    ranked: Ranked
    shards: Sequence[Shard]
    customers: pl.Series

    @property
    def week(self) -> Window:
        return self.ranked.window

    @cached_property
    def history(self) -> History:
        return self.stages.dataset.before(self.week.as_of).of(self.customers)

    @cached_property
    def labels(self) -> pl.DataFrame:
        """LABELS; empty in the week after the data."""
        return self.stages.dataset.labels(self.week).collect().join(self._chosen, on="customer", how="semi")

    @cached_property
    def retrieved(self) -> pl.DataFrame:
        """PAIRS of everything that any source retrieved, and `place`: 1 = best by rrf; the first max_candidates were kept."""
        constant = self.stages.settings.retrieval.rrf_constant
        parts = [
            merge(
                {
                    source.name: self._of(self.stages.candidates(source, shard).table("candidates"))
                    for source in self.stages.sources
                },
                rrf_constant=constant,
                max_candidates=UNCUT,
            )
            for shard in self.shards
        ]
        place = pl.int_range(1, pl.len() + 1, dtype=pl.UInt32).over("customer")
        by_rrf = pl.concat(parts).sort("customer", "rrf", "article", descending=[False, True, False])
        return by_rrf.with_columns(place=place).sort(KEYS).collect()

    @cached_property
    def trees(self) -> Trees:
        return Trees(Ranker.load(self.ranked.ranker.folder), self.stages.settings.run.threads)

    @cached_property
    def features(self) -> pl.DataFrame:
        """The features of the pairs that were kept, as the ranker saw them."""
        parts = [self._of(self.stages.seen(self.stages.features(shard).table("features"))) for shard in self.shards]
        return pl.concat(part.collect() for part in parts).sort(KEYS)

    @cached_property
    def scored(self) -> pl.DataFrame:
        """customer, article, score, rank: of every pair that was kept; 1 = best, ties to the smaller article."""
        rank = pl.int_range(1, pl.len() + 1, dtype=pl.UInt32).over("customer")
        return (
            self.trees.ranker.score(self.features, threads=self.stages.settings.run.threads)
            .sort("customer", "score", "article", descending=[False, True, False])
            .with_columns(rank=rank)
            .sort(KEYS)
        )

    @cached_property
    def recommended(self) -> pl.DataFrame:
        """RECOMMENDATIONS; score: null = filled up from the fallback list."""
        lists = pl.concat([stage.table("recommendations") for stage in self.ranked.recommendations])
        return self._of(lists).sort("customer", "rank").collect()

    @cached_property
    def _chosen(self) -> pl.DataFrame:
        return self.customers.rename("customer").to_frame()

    def _of(self, table: pl.LazyFrame) -> pl.LazyFrame:
        return table.join(self._chosen.lazy(), on="customer", how="semi", maintain_order="left")


def in_test_week(opened: Inspected, customers: pl.Series) -> Decided:
    """What the run decided for `customers`, who bought in the test week, without knowing what they bought in it."""
    return Decided(opened.stages, opened.ranked, _holding(opened.buyers, customers), customers.sort())


def in_final_week(opened: Inspected, customers: pl.Series) -> Decided:
    """What the run decided for any `customers` for the week after the data. What the run did not compute for their shards is
    computed now: all of it, if it ran without its final half."""
    stages, reporter = opened.stages, opened.stages.artifacts.reporter
    shards = _holding(stages.everybody(opened.week.earlier(-1)), customers)
    half, both = (stages.count_steps(opened.week, opened.buyers, also) for also in ([], shards))
    reporter.plan({kind: both[kind] - half[kind] for kind in both})
    with reporter.showing():
        ranked = rank_week(stages, shards, trees=opened.ranked.trees)
    return Decided(stages, ranked, shards, customers.sort())


def decided_for(opened: Inspected, customer: int, *, final: bool) -> Decided:
    """In the test week if the customer bought in it, unless the `final` week is asked for; else in the week after the data."""
    one = pl.Series("customer", [customer], dtype=pl.UInt32)
    return in_test_week(opened, one) if _holding(opened.buyers, one) and not final else in_final_week(opened, one)


def _holding(shards: Sequence[Shard], customers: pl.Series) -> list[Shard]:
    return [shard for shard in shards if shard.served.is_in(customers.implode()).any()]
