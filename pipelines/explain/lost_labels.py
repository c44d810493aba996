"""Where the labels of the test week were lost, by stage and by how lately the customer bought.

Input: FinishedRun. Output: a stage with the tables traced (TRACED_LABELS) and lost_labels (LOST_LABELS).
"""

from pathlib import Path

import polars as pl

from lookbook.data.schema import PAIR
from lookbook.evaluation.lost_labels import lost_labels as count_lost_labels
from lookbook.evaluation.lost_labels import trace_labels
from lookbook.evaluation.segments import customer_segments
from lookbook.pipelines.explain.decided import Decided, in_test_week
from lookbook.pipelines.runs.finished import FinishedRun
from lookbook.pipelines.stages.artifacts import Stage, write_tables
from lookbook.pipelines.stages.digest import code_digest
from lookbook.pipelines.stages.retrieve import candidates


def lost_labels(finished: FinishedRun) -> pl.DataFrame:
    """LOST_LABELS of all customers with purchases in the test week."""
    return traced_stage(finished).table("lost_labels").collect()


def traced_stage(finished: FinishedRun) -> Stage:
    """Tables `traced` and `lost_labels`, of the whole test week."""
    system, k = finished.system, finished.system.settings.run.k
    key = {
        "recommendations": [stage.key for stage in finished.ranked.recommendations],
        "candidates": [candidates(system, source, shard).key for source in system.sources for shard in finished.buyers],
        "data": system.dataset.digest,
        "as_of": str(finished.week.as_of),
        "rrf_constant": system.settings.retrieval.rrf_constant,
        "k": k,
        "code": code_digest(
            "lookbook.evaluation.lost_labels",
            "lookbook.retrieval.merge",
            "lookbook.ranking.ranker",
            "lookbook.pipelines.explain.decided",
            __name__,
        ),
    }

    def build(folder: Path) -> None:
        parts = [traced(in_test_week(finished, shard.customers)) for shard in finished.buyers]
        table = pl.concat(parts).sort(PAIR).collect()
        buyers = pl.concat([shard.customers for shard in finished.buyers])
        segments = customer_segments(system.dataset.before(finished.week.as_of), buyers).collect()
        write_tables(folder, {"traced": table.lazy(), "lost_labels": count_lost_labels(table, segments, k=k).lazy()})

    return system.artifacts.stage("explain/lost_labels", str(finished.week.as_of), key=key, build=build)


def traced(decided: Decided) -> pl.LazyFrame:
    """TRACED_LABELS of the customers of `decided`."""
    before = decided.system.dataset.before(decided.week.as_of)
    return trace_labels(
        decided.labels.lazy(),
        recommended=decided.recommended.lazy(),
        ranked=decided.scored.lazy(),
        retrieved=decided.retrieved.lazy(),
        sold=before.transactions.select("article").unique(),
        k=decided.system.settings.run.k,
    )
