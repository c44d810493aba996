"""Where the labels of the test week were lost, by stage and by how lately the customer bought.

Input: Inspected. Output: a stage with the tables traced (TRACED_LABELS) and lost_labels (LOST_LABELS).
"""

from pathlib import Path

import polars as pl

from lookbook.evaluation.lost_labels import lost_labels as count_lost_labels
from lookbook.evaluation.lost_labels import trace_labels
from lookbook.evaluation.segments import customer_segments
from lookbook.pipelines.explain.decided import Decided, in_test_week
from lookbook.pipelines.runs.finished import Inspected
from lookbook.pipelines.stages.artifacts import Stage, write_tables
from lookbook.pipelines.stages.digest import code_digest


def lost_labels(opened: Inspected) -> pl.DataFrame:
    """LOST_LABELS of all customers with purchases in the test week."""
    return traced_stage(opened).table("lost_labels").collect()


def traced_stage(opened: Inspected) -> Stage:
    """Tables `traced` and `lost_labels`, of the whole test week."""
    stages, k = opened.stages, opened.stages.settings.run.k
    key = {
        "recommendations": [stage.key for stage in opened.ranked.recommendations],
        "candidates": [stages.candidates(source, shard).key for source in stages.sources for shard in opened.buyers],
        "data": stages.dataset.digest,
        "as_of": str(opened.week.as_of),
        "rrf_constant": stages.settings.retrieval.rrf_constant,
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
        parts = [traced(in_test_week(opened, shard.customers)) for shard in opened.buyers]
        table = pl.concat(parts).sort("customer", "article").collect()
        buyers = pl.concat([shard.customers for shard in opened.buyers])
        segments = customer_segments(stages.dataset.before(opened.week.as_of), buyers).collect()
        write_tables(folder, {"traced": table.lazy(), "lost_labels": count_lost_labels(table, segments, k=k).lazy()})

    return stages.artifacts.stage("explain/lost_labels", str(opened.week.as_of), key=key, build=build)


def traced(decided: Decided) -> pl.LazyFrame:
    """TRACED_LABELS of the customers of `decided`."""
    before = decided.stages.dataset.before(decided.week.as_of)
    return trace_labels(
        decided.labels.lazy(),
        recommended=decided.recommended.lazy(),
        ranked=decided.scored.lazy(),
        retrieved=decided.retrieved.lazy(),
        sold=before.transactions.select("article").unique(),
        k=decided.stages.settings.run.k,
    )
