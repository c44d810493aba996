"""Step `evaluate`: the verdict on the test week. The system, the baselines and each source alone, and what the candidates could
have reached.

Sources are counted before the cut to retrieval.max_candidates, the union also after it.

Baselines take the parameters that were best on the weeks before the test week.

Input: System, RECOMMENDATIONS. Output: the stage evaluate with the tables metrics, differences, cold_customers, baselines, sources,
union and cold_articles (evaluation: METRICS, DIFFERENCES, METRICS, TRIED, SOURCE_QUALITY, UNION_RECALL, COLD_RECALL).
"""

from pathlib import Path

import polars as pl

from lookbook.evaluation.baselines.baseline import Known
from lookbook.evaluation.baselines.chosen import chosen, tried
from lookbook.evaluation.baselines.registry import baseline_recommendations
from lookbook.evaluation.recommendations import top_of
from lookbook.evaluation.results import evaluate as evaluate_week
from lookbook.evaluation.segments import customer_segments, first_sale_segments, purchase_segments
from lookbook.evaluation.sources.candidates import candidate_counts, pairs_of, source_quality, union_counts, union_recall
from lookbook.evaluation.sources.cold import cold_counts, cold_recall
from lookbook.pipelines.stages.artifacts import Stage, write_tables
from lookbook.pipelines.stages.digest import code_digest
from lookbook.pipelines.stages.rank import Lists, listed
from lookbook.pipelines.stages.retrieve import candidates, pairs
from lookbook.pipelines.stages.shards import Week
from lookbook.pipelines.stages.system import System

SYSTEM = "lookbook"
UNION_DEPTHS = (12, 50, 100, 200, 300, 500)


def evaluate(system: System, recommendations: Lists, shards: Week) -> Stage:
    """Metrics of the recommendations for the customers of `shards`, which are those with purchases in the window."""
    key = {
        "recommendations": [stage.key for stage in recommendations],
        "k": system.settings.run.k,
        "resamples": system.settings.evaluation.bootstrap_resamples,
        "seed": system.settings.run.seed,
        "baselines": [system.settings.evaluation.baselines, system.settings.evaluation.baseline_weeks],
        "code": code_digest(
            "lookbook.evaluation.results",
            "lookbook.evaluation.sources.candidates",
            "lookbook.evaluation.baselines.chosen",
            __name__,
        ),
    }

    def build(folder: Path) -> None:
        write_tables(folder, {**_lists(system, recommendations, shards), **_candidates(system, shards)})

    customers = sum(len(shard.served) for shard in shards)
    return system.artifacts.stage("evaluate", str(shards[0].window.as_of), key=key, build=build, customers=customers)


def _lists(system: System, recommendations: Lists, shards: Week) -> dict[str, pl.LazyFrame]:
    settings, window, k = system.settings, shards[0].window, system.settings.run.k
    judged = settings.evaluation
    choices = chosen(system.dataset, judged.baselines, before=window, weeks=judged.baseline_weeks, k=k)
    history = system.dataset.before(window.as_of)
    customers = pl.concat([shard.served for shard in shards])
    known = Known.of(history)
    alone = {
        f"{source.name}_alone": pl.concat([top_of(candidates(system, source, s).table("candidates"), k=k) for s in shards])
        for source in system.sources
    }
    verdict = evaluate_week(
        {
            SYSTEM: listed(recommendations),
            **baseline_recommendations(known, customers, [choice.chosen for choice in choices.values()], k=k),
            **alone,
        },
        system.dataset.labels(window),
        customer_segments(history.of(customers), customers),
        purchase_segments(history.of(customers), customers),
        known.popular.lazy(),
        system=SYSTEM,
        k=k,
        resamples=judged.bootstrap_resamples,
        seed=settings.run.seed,
    )
    return {
        "metrics": verdict.metrics.lazy(),
        "differences": verdict.differences.lazy(),
        "cold_customers": verdict.cold.lazy(),
        "baselines": tried(choices).lazy(),
    }


def _candidates(system: System, shards: Week) -> dict[str, pl.LazyFrame]:
    """Counted shard by shard: the candidates of a whole week do not fit into memory."""
    resampling = {"resamples": system.settings.evaluation.bootstrap_resamples, "seed": system.settings.run.seed}
    depths = [depth for depth in UNION_DEPTHS if depth < system.settings.retrieval.max_candidates]
    depths.append(system.settings.retrieval.max_candidates)
    first_sales = first_sale_segments(system.dataset.before(shards[0].window.as_of)).collect().lazy()
    of_sources, of_union, of_cold = [], [], []
    for shard in shards:
        bought = system.dataset.labels(shard.window, shard.served)
        retrieved = {source.name: candidates(system, source, shard).table("candidates") for source in system.sources}
        of_sources.append(candidate_counts(pairs_of(retrieved), bought).collect())
        of_cold.append(cold_counts(retrieved, bought, first_sales))
        of_union.append(union_counts(pairs(system, shard).table("pairs"), bought, depths=depths).collect())
    return {
        "sources": source_quality(pl.concat(of_sources), **resampling).lazy(),
        "union": union_recall(pl.concat(of_union), depths=depths, **resampling).lazy(),
        "cold_articles": cold_recall(pl.concat(of_cold), **resampling).lazy(),
    }
