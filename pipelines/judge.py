"""The verdict on the test week: the system, the baselines and each source alone, and what the candidates could have reached.

Sources are counted before the cut to retrieval.max_candidates, the union also after it.

Input: Stages, RECOMMENDATIONS of the system. Output: a stage with the tables metrics, differences, sources and union
(evaluation: METRICS, DIFFERENCES, SOURCE_QUALITY, UNION_RECALL).
"""

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from evaluation.baselines import article_popularity, baseline_recommendations
from evaluation.candidates import candidate_counts, pairs_of, source_quality, union_recall
from evaluation.recommendations import top_of
from evaluation.results import evaluate
from evaluation.segments import customer_segments
from pipelines.artifacts import Stage, write_tables
from pipelines.digest import code_digest
from pipelines.stages import Shard, Stages

SYSTEM = "lookbook"
UNION_DEPTHS = (12, 50, 100, 200, 300, 500)


def judge(stages: Stages, recommendations: Sequence[Stage], shards: Sequence[Shard]) -> Stage:
    """Metrics of the recommendations for the customers of `shards`, which are those with purchases in the window."""
    key = {
        "recommendations": [stage.key for stage in recommendations],
        "k": stages.settings.run.k,
        "resamples": stages.settings.evaluation.bootstrap_resamples,
        "seed": stages.settings.run.seed,
        "code": code_digest("evaluation.results", "evaluation.candidates", "evaluation.baselines", __name__),
    }

    def build(folder: Path) -> None:
        write_tables(folder, {**_lists(stages, recommendations, shards), **_candidates(stages, shards)})

    return stages.artifacts.stage("evaluate", str(shards[0].window.as_of), key=key, build=build)


def _lists(stages: Stages, recommendations: Sequence[Stage], shards: Sequence[Shard]) -> dict[str, pl.LazyFrame]:
    settings, window, k = stages.settings, shards[0].window, stages.settings.run.k
    history = stages.dataset.before(window.as_of)
    customers = pl.concat([shard.customers for shard in shards])
    alone = {
        f"{source.name}_alone": pl.concat([top_of(stages.candidates(source, s).table("candidates"), k=k) for s in shards])
        for source in stages.sources
    }
    verdict = evaluate(
        {
            SYSTEM: pl.concat([stage.table("recommendations") for stage in recommendations]),
            **baseline_recommendations(history, customers, k=k),
            **alone,
        },
        stages.dataset.labels(window),
        customer_segments(history, customers),
        article_popularity(history),
        system=SYSTEM,
        k=k,
        resamples=settings.evaluation.bootstrap_resamples,
        seed=settings.run.seed,
    )
    return {"metrics": verdict.metrics.lazy(), "differences": verdict.differences.lazy()}


def _candidates(stages: Stages, shards: Sequence[Shard]) -> dict[str, pl.LazyFrame]:
    labels = stages.dataset.labels(shards[0].window)
    pairs = pl.concat([stages.pairs(shard).table("pairs") for shard in shards])
    retrieved = {
        source.name: pl.concat([stages.candidates(source, shard).table("candidates") for shard in shards])
        for source in stages.sources
    }
    resampling = {"resamples": stages.settings.evaluation.bootstrap_resamples, "seed": stages.settings.run.seed}
    counts = candidate_counts(pairs_of(retrieved), labels).collect()
    depths = [depth for depth in UNION_DEPTHS if depth < stages.settings.retrieval.max_candidates]
    depths.append(stages.settings.retrieval.max_candidates)
    return {
        "sources": source_quality(counts, **resampling).lazy(),
        "union": union_recall(pairs, labels, depths=depths, **resampling).lazy(),
    }
