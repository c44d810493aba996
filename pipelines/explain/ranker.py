"""What the ranker looks at: importance by feature, group and source, partial dependence, SHAP values against values; and where
the labels of the test week were lost.

Input: FinishedRun. Output: importance.json in the run folder (IMPORTANCE, PARTIAL_DEPENDENCE, LOST_LABELS and what they are of).
"""

from collections.abc import Sequence

import polars as pl

from lookbook.data.schema import PAIR
from lookbook.evaluation.bootstrap import Floats, interval, resample_means
from lookbook.pipelines.explain.feature_sets import FeatureSets, feature_sets
from lookbook.pipelines.explain.importance_stages import contributions, dependence, permutation_drops
from lookbook.pipelines.explain.lost_labels import lost_labels
from lookbook.pipelines.explain.pairs import ExplainedPairs
from lookbook.pipelines.explain.record import DependencePoint, Explained, ImportanceRow, LostLabels, ShapPoint
from lookbook.pipelines.runs.finished import FinishedRun
from lookbook.pipelines.runs.folder import add_to_run
from lookbook.pipelines.runs.records.files import as_json, rows_of
from lookbook.pipelines.stages.artifacts import Stage
from lookbook.pipelines.stages.retrieve import pairs
from lookbook.ranking.importance import Drop, importance, strongest

TOP_FEATURES = 12
"""So many features, those with the largest SHAP importance, have a partial dependence and SHAP values by value."""
SHAP_POINTS = 1_000
SHOWN_DIGITS = 7
"""Significant digits of values and contributions in a picture: what Float32 can tell apart."""


def explain_ranker(finished: FinishedRun, *, customers: int, repeats: int) -> Explained:
    """Write importance.json into the run and return what it holds.

    Args:
        finished: the run.
        customers: at most so many customers of the test week are looked at.
        repeats: permutations of each feature, group and source.
    """
    explained = ExplainedPairs.of(finished, customers=customers)
    reporter = finished.system.artifacts.reporter
    chosen = feature_sets(finished.system, finished.week, explained.trees.names)
    reporter.plan({"explain": 3 + len(chosen.of("group")) + len(chosen.of("source"))})
    with reporter.showing():
        added = contributions(explained)
        dropped = _permutations(explained, chosen, repeats=repeats)
        table = importance(chosen.sets, explained.trees, _matrix_of(added), _drops(explained, chosen, dropped))
        top = strongest(table, "shap")[:TOP_FEATURES]
        depending = dependence(explained, top)
        lost = lost_labels(finished)
    full = dropped[0].table("full").select(map="average_precision").collect()
    content = Explained(
        k=finished.system.settings.run.k,
        week=str(finished.week.as_of),
        n_customers=len(full),
        n_pairs=_pairs(finished, explained),
        n_pairs_shap=added.table("contributions").select(pl.len()).collect().item(),
        repeats=repeats,
        map=float(resample_means(full.to_numpy(), resamples=1, seed=0).mean[0]),
        importance=rows_of(_described(table, chosen), ImportanceRow),
        partial_dependence=rows_of(_shown(depending.table("partial_dependence").collect()), DependencePoint),
        shap_values=rows_of(_shown(_shap_values(added, top, seed=finished.system.settings.run.seed)), ShapPoint),
        lost_labels=rows_of(lost, LostLabels),
    )
    add_to_run(finished.folder, "importance.json", as_json(content))
    return content


def _permutations(explained: ExplainedPairs, chosen: FeatureSets, *, repeats: int) -> list[Stage]:
    """A stage for each group with its features, and for each source."""
    by_name = {each.name: each for each in chosen.of("feature")}
    together = {f"group {group.name}": [*(by_name[c] for c in group.columns), group] for group in chosen.of("group")}
    alone = {f"source {source.name}": [source] for source in chosen.of("source")}
    return [permutation_drops(explained, sets, detail, repeats=repeats) for detail, sets in {**together, **alone}.items()]


def _drops(explained: ExplainedPairs, chosen: FeatureSets, stages: Sequence[Stage]) -> list[Drop]:
    """Means over customers, with intervals over the choice of customers; all sets share the resamples."""
    settings = explained.finished.system.settings
    tables = [stage.table("drops").drop("customer").collect() for stage in stages]
    values = pl.concat(tables, how="horizontal").select(f"{each.level}/{each.name}" for each in chosen.sets).to_numpy()
    drawn = resample_means(values, resamples=settings.evaluation.bootstrap_resamples, seed=settings.run.seed)
    low, high = interval(drawn.means)
    return [Drop(float(m), float(lo), float(hi)) for m, lo, hi in zip(drawn.mean, low, high, strict=True)]


def _described(table: pl.DataFrame, chosen: FeatureSets) -> pl.DataFrame:
    """IMPORTANCE with group, source (null where there is none) and doc (null for what is not a single feature)."""
    features = [each.name for each in chosen.of("feature")]
    about = pl.DataFrame(
        {
            "level": ["feature"] * len(features),
            "name": features,
            "group": [chosen.owners("group", name) for name in features],
            "source": [chosen.owners("source", name) for name in features],
            "doc": [chosen.docs[name] for name in features],
        },
        schema=dict.fromkeys(("level", "name", "group", "source", "doc"), pl.String),
    )
    own = {level: pl.when(pl.col("level") == level).then("name").otherwise(level) for level in ("group", "source")}
    return table.join(about, on=["level", "name"], how="left", validate="m:1", maintain_order="left").with_columns(**own)


def _shap_values(added: Stage, features: Sequence[str], *, seed: int) -> pl.DataFrame:
    """feature, value (null = missing), contribution; SHAP_POINTS pairs for each of `features`."""
    turn = pl.struct(PAIR).hash(seed)
    given = {name: added.table(name).sort(turn, *PAIR).head(SHAP_POINTS).collect() for name in ("values", "contributions")}
    return pl.concat(
        pl.DataFrame(
            {
                "feature": [feature] * len(given["values"]),
                "value": given["values"][feature].cast(pl.Float64),
                "contribution": given["contributions"][feature],
            }
        )
        for feature in features
    )


def _matrix_of(added: Stage) -> Floats:
    return added.table("contributions").drop(PAIR).collect().to_numpy()


def _pairs(finished: FinishedRun, explained: ExplainedPairs) -> int:
    """How many pairs the customers have, without reading their features."""
    kept = pl.concat([pairs(finished.system, shard).table("pairs").select("customer") for shard in finished.buyers])
    chosen = kept.join(explained.customers.to_frame().lazy(), on="customer", how="semi")
    return int(chosen.select(pl.len()).collect().item())


def _shown(table: pl.DataFrame) -> pl.DataFrame:
    return table.with_columns(pl.col(pl.Float64).round_sig_figs(SHOWN_DIGITS))
