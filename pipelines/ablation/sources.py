"""What each source is worth before any ranking, and what it costs, over all test weeks.

Input: the whole system of a Bench. Output: tables of SOURCE_QUALITY with costs, OVERLAP, SHAPLEY of recall.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from lookbook.evaluation.sources.candidates import UNION, candidate_counts, pairs_of, source_quality
from lookbook.evaluation.sources.overlap import overlap, shared_pairs
from lookbook.evaluation.sources.shapley import finder_counts, shapley_of_recall
from lookbook.pipelines.ablation.variants import Bench
from lookbook.pipelines.stages.artifacts import Artifacts, Passing, Stage, write_tables
from lookbook.pipelines.stages.digest import code_digest
from lookbook.pipelines.stages.retrieve import candidates
from lookbook.pipelines.stages.shards import Shard, Week
from lookbook.pipelines.stages.system import System


@dataclass(frozen=True)
class Sources:
    """quality: one row per source, in their order; overlap: OVERLAP; recall: SHAPLEY of recall. All before the cut."""

    quality: pl.DataFrame
    overlap: pl.DataFrame
    recall: pl.DataFrame


def inspect_sources(bench: Bench) -> Sources:
    """Candidates of the customers with purchases in the test weeks, counted once per customer and week."""
    settings = bench.full.settings
    resampling = {"resamples": settings.evaluation.bootstrap_resamples, "seed": settings.run.seed}
    weeks = [counted(bench.full, week.shards).tables for week in bench.weeks]
    tables = {name: [week[name].collect() for week in weeks] for name in weeks[0]}
    costs = [_cost(bench.full.artifacts, source) for source in bench.sources]
    return Sources(
        _pooled_quality(tables["counts"], **resampling).with_columns(pl.DataFrame(costs).get_columns()),
        overlap(tables["overlap"]),
        shapley_of_recall(pl.concat(tables["finders"]), bench.sources, **resampling),
    )


def _pooled_quality(weeks: Sequence[pl.DataFrame], *, resamples: int, seed: int) -> pl.DataFrame:
    """SOURCE_QUALITY without UNION. Recall is pooled over weeks; customers are resampled with all their weeks."""
    by_customer = pl.concat(weeks).group_by("customer").agg(pl.exclude("customer").sum()).sort("customer")
    per_week = len(by_customer) / sum(len(week) for week in weeks)
    return (
        source_quality(by_customer, resamples=resamples, seed=seed)
        .filter(pl.col("source") != UNION)
        .with_columns(candidates_per_customer=pl.col("candidates_per_customer") * per_week)
    )


def counted(system: System, week: Week) -> Stage:
    """Tables counts, finders and overlap of one test week, shards one after the other."""
    found = [{source.name: candidates(system, source, shard) for source in system.sources} for shard in week]
    key = {
        "candidates": [{name: stage.key for name, stage in shard.items()} for shard in found],
        "code": code_digest(
            "lookbook.evaluation.sources.candidates",
            "lookbook.evaluation.sources.overlap",
            "lookbook.evaluation.sources.shapley",
            __name__,
        ),
    }

    def build(folder: Path) -> None:
        parts = [_count(system, shard, retrieved) for shard, retrieved in zip(week, found, strict=True)]
        write_tables(folder, {name: pl.concat([part[name] for part in parts]) for name in parts[0]})

    return system.artifacts.stage("evaluate", f"{week[0].window.as_of} sources", key=key, build=build)


def _count(system: System, shard: Shard, retrieved: Mapping[str, Stage | Passing]) -> dict[str, pl.LazyFrame]:
    labels = system.dataset.labels(shard.window, shard.served)
    pairs = pairs_of({name: stage.table("candidates") for name, stage in retrieved.items()}).collect().lazy()
    return {
        "counts": candidate_counts(pairs, labels),
        "finders": finder_counts(pairs, labels),
        "overlap": shared_pairs(pairs),
    }


def _cost(artifacts: Artifacts, source: str) -> dict[str, float]:
    """Seconds and memory of every stage of the source in use, when it was computed; those of a warm start's earlier weeks too."""
    stages = {kind: _stages_of(artifacts, kind, source) for kind in ("learn", "retrieve")}
    return {
        **{f"{kind}_seconds": round(sum(stage.seconds for stage in done), 3) for kind, done in stages.items()},
        "peak_memory_mb": max(stage.peak_memory_mb for done in stages.values() for stage in done),
    }


def _stages_of(artifacts: Artifacts, kind: str, source: str) -> list[Stage]:
    return [stage for folder, stage in artifacts.done.items() if folder.relative_to(artifacts.root).parts[:2] == (kind, source)]
