"""The verdict on the test week: the system, the baselines and each source alone, and what the candidates could have reached.

Sources are counted before the cut to retrieval.max_candidates, the union also after it.

Input: Stages, RECOMMENDATIONS of the system. Output: a stage with the tables metrics, differences, sources and union
(evaluation: METRICS, DIFFERENCES, SOURCE_QUALITY, UNION_RECALL).
"""

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from lookbook.evaluation.baselines import article_popularity, baseline_recommendations
from lookbook.evaluation.recommendations import top_of
from lookbook.evaluation.results import evaluate
from lookbook.evaluation.segments import customer_segments
from lookbook.evaluation.sources.candidates import candidate_counts, pairs_of, source_quality, union_counts, union_recall
from lookbook.pipelines.stages.artifacts import Stage, write_tables
from lookbook.pipelines.stages.digest import code_digest
from lookbook.pipelines.stages.shards import Shard
from lookbook.pipelines.stages.system import Stages

SYSTEM = "lookbook"
UNION_DEPTHS = (12, 50, 100, 200, 300, 500)


def judge(stages: Stages, recommendations: Sequence[Stage], shards: Sequence[Shard]) -> Stage:
    """Metrics of the recommendations for the customers of `shards`, which are those with purchases in the window."""
    key = {
        "recommendations": [stage.key for stage in recommendations],
        "k": stages.settings.run.k,
        "resamples": stages.settings.evaluation.bootstrap_resamples,
        "seed": stages.settings.run.seed,
        "code": code_digest(
            "lookbook.evaluation.results", "lookbook.evaluation.sources.candidates", "lookbook.evaluation.baselines", __name__
        ),
    }

    def build(folder: Path) -> None:
        write_tables(folder, {**_lists(stages, recommendations, shards), **_candidates(stages, shards)})

    customers = sum(len(shard.served) for shard in shards)
    return stages.artifacts.stage("evaluate", str(shards[0].window.as_of), key=key, build=build, customers=customers)


def _lists(stages: Stages, recommendations: Sequence[Stage], shards: Sequence[Shard]) -> dict[str, pl.LazyFrame]:
    settings, window, k = stages.settings, shards[0].window, stages.settings.run.k
    history = stages.dataset.before(window.as_of)
    customers = pl.concat([shard.served for shard in shards])
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
        stages.labels(window),
        customer_segments(history.of(customers), customers),
        article_popularity(history),
        system=SYSTEM,
        k=k,
        resamples=settings.evaluation.bootstrap_resamples,
        seed=settings.run.seed,
    )
    return {"metrics": verdict.metrics.lazy(), "differences": verdict.differences.lazy()}


def _candidates(stages: Stages, shards: Sequence[Shard]) -> dict[str, pl.LazyFrame]:
    """Counted shard by shard: the candidates of a whole week do not fit into memory."""
    labels = stages.labels(shards[0].window)
    resampling = {"resamples": stages.settings.evaluation.bootstrap_resamples, "seed": stages.settings.run.seed}
    depths = [depth for depth in UNION_DEPTHS if depth < stages.settings.retrieval.max_candidates]
    depths.append(stages.settings.retrieval.max_candidates)
    of_sources, of_union = [], []
    for shard in shards:
        bought = labels.join(pl.LazyFrame({"customer": shard.served}), on="customer", how="semi")
        retrieved = {source.name: stages.candidates(source, shard).table("candidates") for source in stages.sources}
        of_sources.append(candidate_counts(pairs_of(retrieved), bought).collect())
        of_union.append(union_counts(stages.pairs(shard).table("pairs"), bought, depths=depths).collect())
    return {
        "sources": source_quality(pl.concat(of_sources), **resampling).lazy(),
        "union": union_recall(pl.concat(of_union), depths=depths, **resampling).lazy(),
    }
