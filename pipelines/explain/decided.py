"""What a run decided for some customers in one week, at every stage: retrieved, kept, scored, recommended.

Input: FinishedRun. Output: small tables read from the stages that the run left; no source, feature or week is computed again.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import polars as pl

from lookbook.data.dataset import History
from lookbook.data.order import best_first
from lookbook.data.schema import PAIR
from lookbook.data.windows import Window
from lookbook.pipelines.dry_run.planned import Plan
from lookbook.pipelines.runs.finished import FinishedRun
from lookbook.pipelines.stages.features import features, seen
from lookbook.pipelines.stages.rank import Ranked, fit_and_rank, listed
from lookbook.pipelines.stages.retrieve import uncut_pairs
from lookbook.pipelines.stages.shards import Shard, Week, targets
from lookbook.pipelines.stages.system import System, final_window
from lookbook.ranking.ranker import Ranker
from lookbook.ranking.trees import Trees


@dataclass(frozen=True)
class Decided:
    """customers: sorted ids, all of them in the shards of the target. outcome_known: whether the data say what they bought then.

    Tables hold these customers only, sorted by customer and article.
    """

    system: System
    ranked: Ranked
    customers: pl.Series
    outcome_known: bool

    @property
    def week(self) -> Window:
        return self.ranked.target.window

    @property
    def shards(self) -> Week:
        return self.ranked.target.shards

    @cached_property
    def history(self) -> History:
        return self.system.dataset.before(self.week.as_of).of(self.customers)

    @cached_property
    def labels(self) -> pl.DataFrame:
        """LABELS; empty in the week after the data."""
        return self.system.dataset.labels(self.week).collect().join(self._chosen, on="customer", how="semi")

    @cached_property
    def retrieved(self) -> pl.DataFrame:
        """PAIRS of everything that any source retrieved, and `place`: 1 = best by rrf; the first max_candidates were kept."""
        parts = [self._of(uncut_pairs(self.system, shard)) for shard in self.shards]
        place = pl.int_range(1, pl.len() + 1, dtype=pl.UInt32).over("customer")
        return best_first(pl.concat(parts), "rrf").with_columns(place=place).sort(PAIR).collect()

    @cached_property
    def trees(self) -> Trees:
        return Trees(Ranker.load(self.ranked.fitted.ranker.folder), self.system.settings.run.threads)

    @cached_property
    def features(self) -> pl.DataFrame:
        """The features of the pairs that were kept, as the ranker saw them."""
        parts = [self._of(seen(self.system, features(self.system, shard).table("features"))) for shard in self.shards]
        return pl.concat(part.collect() for part in parts).sort(PAIR)

    @cached_property
    def scored(self) -> pl.DataFrame:
        """customer, article, score, rank: of every pair that was kept; 1 = best, ties as in the lists (ranking.select)."""
        rank = pl.int_range(1, pl.len() + 1, dtype=pl.UInt32).over("customer")
        scored = self.trees.ranker.score(self.features, threads=self.system.settings.run.threads)
        return (
            best_first(scored.join(self.retrieved.select(*PAIR, "rrf"), on=PAIR, how="left", validate="1:1"), "score", "rrf")
            .drop("rrf")
            .with_columns(rank=rank)
            .sort(PAIR)
        )

    @cached_property
    def recommended(self) -> pl.DataFrame:
        """RECOMMENDATIONS; score: null = filled up from the fallback list."""
        lists = listed(self.ranked.recommendations)
        return self._of(lists).sort("customer", "rank").collect()

    @cached_property
    def _chosen(self) -> pl.DataFrame:
        return self.customers.rename("customer").to_frame()

    def _of(self, table: pl.LazyFrame) -> pl.LazyFrame:
        return table.join(self._chosen.lazy(), on="customer", how="semi", maintain_order="left")


def in_test_week(finished: FinishedRun, customers: pl.Series) -> Decided:
    """What the run decided for `customers`, who bought in the test week, without knowing what they bought in it."""
    target = replace(finished.target, shards=_holding(finished.buyers, customers))
    return Decided(finished.system, replace(finished.ranked, target=target), customers.sort(), outcome_known=True)


def in_final_week(finished: FinishedRun, customers: pl.Series) -> Decided:
    """What the run decided for any `customers` for the week after the data. What the run did not compute for their shards is
    computed now: all of it, if it ran without its final half."""
    system, trees = finished.system, finished.ranked.fitted.trees
    (everybody,) = targets(system, [], final=final_window(system.dataset))
    target = replace(everybody, shards=_holding(everybody.shards, customers))
    Plan.of(system.artifacts).announce(system, lambda planned: fit_and_rank(planned, target, trees=trees))
    with system.artifacts.reporter.showing():
        ranked = fit_and_rank(system, target, trees=trees)
    return Decided(system, ranked, customers.sort(), outcome_known=False)


def decided_for(finished: FinishedRun, customer: int, *, final: bool) -> Decided:
    """In the test week if the customer bought in it, unless the `final` week is asked for; else in the week after the data."""
    one = pl.Series("customer", [customer], dtype=pl.UInt32)
    return in_test_week(finished, one) if _holding(finished.buyers, one) and not final else in_final_week(finished, one)


def _holding(shards: Week, customers: pl.Series) -> list[Shard]:
    return [shard for shard in shards if shard.served.is_in(customers.implode()).any()]
