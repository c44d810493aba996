"""The stages of `lookbook explain` that take time: SHAP values, partial dependence, and the fall of MAP under permutation.

Input: ExplainedPairs, FeatureSets. Output: stage tables; what they are made into is in explain.py.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl

from lookbook.data.schema import PAIR
from lookbook.evaluation.metrics import customer_metrics
from lookbook.pipelines.explain.pairs import ExplainedPairs
from lookbook.pipelines.stages.artifacts import Stage, write_tables
from lookbook.pipelines.stages.digest import code_digest
from lookbook.ranking.dependence import partial_dependence
from lookbook.ranking.importance import FeatureSet, less_the_mean
from lookbook.ranking.trees import Floats, Matrix

CONTRIBUTION_PAIRS = 20_000
DEPENDENCE_PAIRS = 2_000
DEPENDENCE_POINTS = 20
PIPELINES = ("lookbook.pipelines.explain.pairs", __name__)
"""Modules beside those of ranking and evaluation whose code these stages depend on."""


def contributions(explained: ExplainedPairs) -> Stage:
    """Tables `contributions` and `values` of all pairs of some customers, at most CONTRIBUTION_PAIRS: customer, article, and a
    column per feature with what it added to the score of the pair beyond what it added to the customer's pairs on average, and
    with its value. What is added to all pairs of a customer alike changes no order."""
    key = {**explained.key, "pairs": CONTRIBUTION_PAIRS, "code": code_digest("lookbook.ranking.trees", *PIPELINES)}

    def build(folder: Path) -> None:
        rows = explained.sample_customers(CONTRIBUTION_PAIRS)
        pairs, values, names = explained.pairs[rows].select(PAIR), explained.matrix[rows], list(explained.trees.names)
        within = less_the_mean(explained.trees.contributions(values)[:, :-1], pairs["customer"].to_numpy())
        added = pl.DataFrame(within, schema=names)
        known = pl.DataFrame(values, schema=names, nan_to_null=True)
        write_tables(folder, {"contributions": pl.concat([pairs, added], how="horizontal").lazy()})
        write_tables(folder, {"values": pl.concat([pairs, known], how="horizontal").lazy()})

    return explained.finished.system.artifacts.stage("explain/contributions", "of a sample of pairs", key=key, build=build)


def dependence(explained: ExplainedPairs, features: Sequence[str]) -> Stage:
    """Table `partial_dependence` (PARTIAL_DEPENDENCE) of `features`, over at most DEPENDENCE_PAIRS pairs."""
    size = {"pairs": DEPENDENCE_PAIRS, "points": DEPENDENCE_POINTS, "features": list(features)}
    key = {**explained.key, **size, "code": code_digest("lookbook.ranking.dependence", *PIPELINES)}

    def build(folder: Path) -> None:
        matrix = explained.matrix[explained.sample(DEPENDENCE_PAIRS)]
        table = partial_dependence(explained.trees, matrix, features, points=DEPENDENCE_POINTS)
        write_tables(folder, {"partial_dependence": table.lazy()})

    return explained.finished.system.artifacts.stage("explain/dependence", "of the top features", key=key, build=build)


def permutation_drops(explained: ExplainedPairs, sets: Sequence[FeatureSet], detail: str, *, repeats: int) -> Stage:
    """Table `drops`: customer, sorted, and a column per set, `<level>/<name>`: by how much the customer's average precision falls
    when the set is permuted, mean of `repeats` permutations. Table `full`: customer, average_precision as it is."""
    k = explained.finished.system.settings.run.k
    key = {
        **explained.key,
        "recommendations": [stage.key for stage in explained.finished.ranked.recommendations],
        "sets": [(each.level, each.name, list(each.columns)) for each in sets],
        "repeats": repeats,
        "k": k,
        "code": code_digest(
            "lookbook.ranking.permutation", "lookbook.evaluation.label_ranks", "lookbook.evaluation.metrics", *PIPELINES
        ),
    }

    def build(folder: Path) -> None:
        labels, ranks, permutation = explained.labels, explained.label_ranks, explained.permutation
        filled = explained.filled_up.join(labels, on=PAIR, how="semi").select(*PAIR, "rank")

        def judged(scores: Matrix) -> pl.DataFrame:
            hits = pl.concat([ranks.hits(scores, k=k), filled])
            return customer_metrics(hits.lazy(), labels.lazy(), k=k).select("customer", "average_precision").collect()

        full = judged(permutation.unchanged)
        before = full["average_precision"].to_numpy()

        def drop(each: FeatureSet) -> Floats:
            after = [judged(s)["average_precision"].to_numpy() for s in permutation.scores(each.columns, repeats=repeats)]
            return np.asarray((before - np.stack(after)).mean(axis=0))

        drops = {f"{each.level}/{each.name}": drop(each) for each in sets}
        write_tables(folder, {"drops": full.select("customer").with_columns(**drops).lazy(), "full": full.lazy()})

    return explained.finished.system.artifacts.stage("explain/permutation", detail, key=key, build=build)
