"""Step `retrieve`: the candidates of each source for the customers of a shard, and all of them merged and cut.

Input: System, Shard. Output: the stages retrieve/<source> (table candidates: CANDIDATES) and retrieve/merge (table pairs: PAIRS).
"""

from collections.abc import Iterable

import polars as pl

from lookbook.data.schema import PAIR
from lookbook.pipelines.stages.artifacts import Passing, Stage
from lookbook.pipelines.stages.digest import code_digest
from lookbook.pipelines.stages.learn import learned
from lookbook.pipelines.stages.shards import NearHistory, Shard, Target, training_of
from lookbook.pipelines.stages.system import System
from lookbook.retrieval.merge import merge
from lookbook.retrieval.source import CandidateSource, Tables

UNCUT = 1 << 31


def retrieve(system: System, targets: Iterable[Target]) -> None:
    """Pairs of the customers of each training week and of those of the targets that are kept."""
    chosen = list(targets)
    training = [shard for week in training_of(chosen) for shard in week]
    for shard in [*training, *(shard for target in chosen for shard in target.shards if shard.kept)]:
        pairs(system, shard)


def candidates(system: System, source: CandidateSource, shard: Shard, near: NearHistory | None = None) -> Stage | Passing:
    """CANDIDATES of one source for one shard. near: the shard's history, for sources that share it; None = a history of its own."""
    known = learned(system, source, shard.window)
    near = near or NearHistory(system.dataset, shard)
    key = {"learned": known.key, "customers": shard.digest}

    def make() -> Tables:
        return {"candidates": source.generate(known.tables, near.history, shard.customers)}

    name, n = f"retrieve/{source.name}", len(shard.customers)
    return system.artifacts.tables(name, shard.label, key=key, make=make, keep=shard.kept, customers=n)


def uncut_pairs(system: System, shard: Shard) -> pl.LazyFrame:
    """PAIRS of everything that any source retrieved."""
    found = {source.name: candidates(system, source, shard).table("candidates") for source in system.sources}
    return merge(found, rrf_constant=system.settings.retrieval.rrf_constant, max_candidates=UNCUT)


def pairs(system: System, shard: Shard) -> Stage | Passing:
    """PAIRS of one shard: the candidates of all sources, merged and cut."""
    near = NearHistory(system.dataset, shard)
    found = {source.name: candidates(system, source, shard, near) for source in system.sources}
    retrieval = system.settings.retrieval
    limits = {"rrf_constant": retrieval.rrf_constant, "max_candidates": retrieval.max_candidates}
    kept = pairs(system.whole, shard) if system.whole and system.kept_only else None
    code = code_digest("lookbook.retrieval.merge", __name__)
    key = {"candidates": {name: stage.key for name, stage in found.items()}, "code": code, **limits}
    if kept:
        limits["max_candidates"] = UNCUT
        key["kept"] = kept.key

    def make() -> Tables:
        merged = merge({name: stage.table("candidates") for name, stage in found.items()}, **limits)
        return {"pairs": merged.join(kept.table("pairs"), on=PAIR, how="semi", maintain_order="left") if kept else merged}

    n = len(shard.customers)
    return system.artifacts.tables("retrieve/merge", shard.label, key=key, make=make, keep=shard.kept, customers=n)
