"""What a finished run says of some customers: the steps of stages/ on its kept system, with the customers in shards.

Input: the system of a run that kept what it learned (runs/kept.py), dense ids. Output: tables with dense ids.
"""

from dataclasses import dataclass, replace

import polars as pl

from lookbook.data.schema import PAIR
from lookbook.pipelines.explain.decided import Decided
from lookbook.pipelines.settings.config import Settings
from lookbook.pipelines.stages.features import seen, with_features
from lookbook.pipelines.stages.fit import Fitted, fit_ranker
from lookbook.pipelines.stages.rank import Ranked, listed_with_source, recommend
from lookbook.pipelines.stages.retrieve import pairs, uncut_pairs
from lookbook.pipelines.stages.shards import Target, Week, ranked_of, shards_of
from lookbook.pipelines.stages.system import System, final_window
from lookbook.ranking.ranker import Ranker

ANY = 1
"""Trees that the ranker is asked for: the one that a run kept is found whatever their number."""


@dataclass(frozen=True)
class Asked:
    """shards: the customers, each once; who of them is ranked, run.rank_scope decides as in a run."""

    system: System
    shards: Week

    @staticmethod
    def of(system: System, customers: pl.Series) -> "Asked":
        window, ids = final_window(system.dataset), customers.unique().sort().rename("customer")
        shards = shards_of(ids, window, size=system.settings.run.shard_customers, active=ranked_of(system, window, ids), kept=False)
        return Asked(system, shards)

    @property
    def ranked(self) -> Ranked:
        target = Target(self.shards, [])
        ranker = fit_ranker(self.system, target, trees=ANY)
        return Ranked(target, Fitted(ANY, None, ranker), recommend(self.system, ranker, self.shards))

    def recommended(self, k: int) -> pl.DataFrame:
        """REASONED, at most `k` for each customer."""
        wide = Asked(replace(self.system, settings=_with_k(self.system.settings, k)), self.shards)
        return listed_with_source(wide.ranked.recommendations).collect()

    def pairs(self) -> pl.DataFrame:
        """PAIRS of the customers who are ranked."""
        return pl.concat([pairs(self.system, shard).table("pairs") for shard in self.shards]).collect()

    def scored(self, wanted: pl.DataFrame) -> pl.Series:
        """The score of each of the pairs `wanted` (customer, article), which are of these customers; in their order."""
        ranker = Ranker.load(self.ranked.fitted.ranker.folder)
        parts = []
        for shard in self.shards:
            mine = wanted.lazy().filter(pl.col("customer").is_in(shard.served.implode())).select(PAIR).sort(PAIR)
            everybody = replace(shard, customers=shard.served)
            retrieved = uncut_pairs(self.system, everybody)
            known = mine.join(retrieved, on=PAIR, how="left", validate="1:1", maintain_order="left")
            whole = known.with_columns(pl.col("n_sources", "rrf").fill_null(0))
            table = seen(self.system, with_features(self.system, everybody, whole)).collect()
            parts.append(ranker.score(table, threads=self.system.settings.run.threads))
        scores = pl.concat(parts).select(*PAIR, "score")
        return wanted.join(scores, on=PAIR, how="left", validate="1:1", maintain_order="left")["score"]

    def decided(self) -> Decided:
        """For explanations; the week after the data is not known yet."""
        customers = pl.concat([shard.served for shard in self.shards])
        return Decided(self.system, self.ranked, customers, outcome_known=False)


def _with_k(settings: Settings, k: int) -> Settings:
    return settings.model_copy(update={"run": settings.run.model_copy(update={"k": k})})
