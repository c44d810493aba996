"""Step `rank`: the features of a shard, scored by a ranker; the best k articles of every customer.

Input: System, Target, ranker. Output: the stages rank (table recommendations: REASONED), one for each shard.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from lookbook.data.schema import PAIR, REASONED, RECOMMENDATIONS
from lookbook.pipelines.stages.artifacts import Passing, Stage
from lookbook.pipelines.stages.digest import code_digest
from lookbook.pipelines.stages.features import features, seen
from lookbook.pipelines.stages.fit import Fitted, fit_target
from lookbook.pipelines.stages.learn import fallback
from lookbook.pipelines.stages.shards import Shard, Target, Week
from lookbook.pipelines.stages.system import System
from lookbook.ranking.ranker import Ranker
from lookbook.ranking.select import select_top_k, select_with_new
from lookbook.retrieval.source import Tables

Lists = Sequence[Stage | Passing]
"""Recommendations, a stage for each shard."""


@dataclass(frozen=True)
class Ranked:
    """A target, the ranker that was fitted for it, and what is recommended."""

    target: Target
    fitted: Fitted
    recommendations: Lists


def rank(system: System, targets: Sequence[Target], fitted: Sequence[Fitted]) -> list[Ranked]:
    """Recommendations for each target."""
    return [Ranked(target, one, recommend(system, one.ranker, target.shards)) for target, one in zip(targets, fitted, strict=True)]


def fit_and_rank(system: System, target: Target, *, trees: int | None = None) -> Ranked:
    """Fit on the training weeks of `target` and recommend for its customers. trees: None = by early stopping."""
    return rank(system, [target], [fit_target(system, target, trees=trees)])[0]


def recommend(system: System, ranker: Stage, shards: Week) -> Lists:
    """Table `recommendations` for the customers of each of `shards`."""
    return [_recommend_shard(system, ranker, shard) if len(shard.customers) else _fallback_shard(system, shard) for shard in shards]


def recommend_fallback(system: System, shards: Week) -> Lists:
    """Table `recommendations` of `shards` when no pair is ranked: everybody gets a fallback list."""
    return [_fallback_shard(system, shard) for shard in shards]


def _fallback_shard(system: System, shard: Shard) -> Stage | Passing:
    filling = fallback(system, shard.window)
    key = {"fallback only": filling.key, "served": shard.served_digest, **_selection(system), "code": code_digest(__name__)}

    def make() -> Tables:
        nothing = pl.LazyFrame(schema={**RECOMMENDATIONS, "rrf": pl.Float32})
        lists = _select(system, shard, nothing, filling.table("fallback"))
        return {"recommendations": lists.with_columns(source=pl.lit(None, dtype=pl.String))}

    return system.artifacts.tables("rank", f"{shard.label} fallback lists", key=key, make=make, customers=0)


def _recommend_shard(system: System, ranker: Stage, shard: Shard) -> Stage | Passing:
    found, filling = features(system, shard), fallback(system, shard.window)
    key = {
        "features": found.key,
        "ranker": ranker.key,
        "fallback": filling.key,
        "served": shard.served_digest,
        **_selection(system),
        "code": code_digest("lookbook.ranking.ranker", "lookbook.ranking.select", __name__),
    }

    def make() -> Tables:
        table = found.table("features").collect()
        visible = seen(system, table.lazy()).collect()
        scored = Ranker.load(ranker.folder).score(visible, threads=system.settings.run.threads).with_columns(table["rrf"])
        lists = _select(system, shard, scored.lazy(), filling.table("fallback"))
        best = table.lazy().select(*PAIR, source=best_source([source.name for source in system.sources]))
        return {"recommendations": lists.join(best, on=PAIR, how="left", validate="1:1", maintain_order="left")}

    return system.artifacts.tables("rank", shard.label, key=key, make=make, customers=len(shard.customers))


def _selection(system: System) -> dict[str, float]:
    """The settings that decide which of the scored articles are recommended, for keys."""
    return {"k": system.settings.run.k, "new_share": system.settings.ranking.new_share}


def _select(system: System, shard: Shard, scored: pl.LazyFrame, filling: pl.LazyFrame) -> pl.LazyFrame:
    """RECOMMENDATIONS. Who bought what before is looked up only where ranking.new_share asks for it."""
    customers, k, share = _with_age_band(system, shard), system.settings.run.k, system.settings.ranking.new_share
    if not share:
        return select_top_k(scored, customers, filling, k=k)
    bought = system.dataset.before(shard.window.as_of).of(shard.served).transactions.select(PAIR).unique()
    return select_with_new(scored, customers, filling, bought, k=k, share=share)


def listed(lists: Lists) -> pl.LazyFrame:
    """RECOMMENDATIONS of all shards."""
    return pl.concat([stage.table("recommendations") for stage in lists]).select(*RECOMMENDATIONS)


def listed_with_source(lists: Lists) -> pl.LazyFrame:
    """REASONED of all shards."""
    return pl.concat([stage.table("recommendations") for stage in lists]).select(*REASONED)


def best_source(names: Sequence[str]) -> pl.Expr:
    """Of PAIRS: the name of the source with the best rank, the first of equals."""
    ranks = {name: pl.col(f"{name}_rank") for name in names}
    best = pl.min_horizontal(*ranks.values())
    return pl.coalesce(pl.when(rank == best).then(pl.lit(name)) for name, rank in ranks.items())


def _with_age_band(system: System, shard: Shard) -> pl.LazyFrame:
    wanted = pl.LazyFrame({"customer": shard.served})
    return wanted.join(system.dataset.customers.select("customer", "age_band"), on="customer", how="left")
