"""The stages from examples to recommendations: how many trees, the ranker, the best k of every customer.

Input: Stages. Output: a Ranker per target week, RECOMMENDATIONS per shard. Test and final use the same functions.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from lookbook.data.errors import DataError
from lookbook.data.schema import RECOMMENDATIONS
from lookbook.data.windows import Window, training_windows
from lookbook.pipelines.errors import SettingsError
from lookbook.pipelines.stages.artifacts import Passing, Stage, write_tables
from lookbook.pipelines.stages.digest import code_digest
from lookbook.pipelines.stages.shards import Shard
from lookbook.pipelines.stages.system import Stages
from lookbook.ranking.examples import sample_customers
from lookbook.ranking.ranker import Ranker, choose_trees, feature_schema, fit
from lookbook.ranking.select import fallback_lists, select_top_k

Week = Sequence[Stage | Passing]
"""The EXAMPLES of one week, a stage for each shard."""


class NoExamplesError(DataError):
    """Nothing to learn from: no candidate was bought in the training weeks."""


@dataclass(frozen=True)
class Ranked:
    """A ranker of `trees` trees, fitted on the weeks before `window`, and what it recommends for it, shard by shard.

    search: the stage that found the number of trees (its curve.json: MAP@12 after each tree); null where it was given.
    """

    window: Window
    trees: int
    search: Stage | None
    ranker: Stage
    recommendations: Sequence[Stage]


@dataclass(frozen=True)
class Fitted:
    """A ranker and how it came about; the fields are those of Ranked."""

    trees: int
    search: Stage | None
    ranker: Stage


def rank_week(stages: Stages, shards: Sequence[Shard], *, trees: int | None = None) -> Ranked:
    """Fit on the weeks before the window of `shards` and recommend for their customers. trees: None = by early stopping."""
    window = shards[0].window
    fitted = fit_week(stages, window, trees=trees)
    return Ranked(window, fitted.trees, fitted.search, fitted.ranker, recommend(stages, fitted.ranker, shards))


def fit_week(stages: Stages, window: Window, *, trees: int | None = None) -> Fitted:
    """A ranker fitted on the weeks before `window`. trees: None = by early stopping."""
    search = search_trees(stages, window) if trees is None else None
    trees = _best(search) if search else trees
    assert trees is not None
    return Fitted(trees, search, fit_ranker(stages, window, trees=trees))


def choose_tree_count(stages: Stages, target: Window) -> int:
    """Trees that ranked the newest training week before `target` best, after learning from the older ones."""
    return _best(search_trees(stages, target))


def search_trees(stages: Stages, target: Window) -> Stage:
    """curve.json: the best number of trees, and MAP@12 of the newest training week after each tree."""
    settings = stages.settings
    weeks = examples_before(stages, target)
    key = {**_ranker_key(stages, weeks), "purpose": "early stopping"}

    def build(folder: Path) -> None:
        *older, newest = _examples_in(stages, weeks)
        curve = choose_trees(
            [part for week in older for part in week],
            newest,
            settings=settings.ranking.lambdarank,
            seed=settings.run.seed,
            threads=settings.run.threads,
        )
        (folder / "curve.json").write_text(json.dumps({"trees": curve.trees, "map_at_12": curve.values}) + "\n")

    return stages.artifacts.stage("fit/trees", str(target.as_of), key=key, build=build, customers=_learned_from(stages, target))


def fit_ranker(stages: Stages, target: Window, *, trees: int) -> Stage:
    """A ranker of `trees` trees from all training weeks before `target`; the folder is what `Ranker.load` reads."""
    settings = stages.settings
    weeks = examples_before(stages, target)
    key = {**_ranker_key(stages, weeks), "trees": trees}

    def build(folder: Path) -> None:
        ranker = fit(
            [part for week in _examples_in(stages, weeks) for part in week],
            settings.ranking.lambdarank,
            trees=trees,
            seed=settings.run.seed,
            threads=settings.run.threads,
        )
        ranker.save(folder)

    return stages.artifacts.stage("fit/ranker", str(target.as_of), key=key, build=build, customers=_learned_from(stages, target))


def recommend(stages: Stages, ranker: Stage, shards: Sequence[Shard]) -> list[Stage]:
    """Table `recommendations` (RECOMMENDATIONS) for the customers of each of `shards`, which share one window."""
    fallback = fallback_lists_of(stages, shards[0].window)
    return [
        _recommend_shard(stages, ranker, shard, fallback) if len(shard.customers) else _fallback_shard(stages, shard, fallback)
        for shard in shards
    ]


def recommend_fallback(stages: Stages, shards: Sequence[Shard]) -> list[Stage]:
    """Table `recommendations` of `shards`, which share one window, when no pair is ranked: everybody gets a fallback list."""
    fallback = fallback_lists_of(stages, shards[0].window)
    return [_fallback_shard(stages, shard, fallback) for shard in shards]


def _fallback_shard(stages: Stages, shard: Shard, fallback: Stage) -> Stage:
    k = stages.settings.run.k

    def build(folder: Path) -> None:
        nothing = pl.LazyFrame(schema=RECOMMENDATIONS).select("customer", "article", "score")
        lists = select_top_k(nothing, _with_age_band(stages, shard), fallback.table("fallback"), k=k)
        write_tables(folder, {"recommendations": lists})

    key = {"fallback only": fallback.key, "customers": shard.served_digest, "k": k}
    return stages.artifacts.stage("rank", f"{shard.label} fallback lists", key=key, build=build, customers=0)


def _recommend_shard(stages: Stages, ranker: Stage, shard: Shard, fallback: Stage) -> Stage:
    features = stages.features(shard)
    k = stages.settings.run.k
    key = {"features": features.key, "ranker": ranker.key, "fallback": fallback.key, "k": k, "served": shard.served_digest}

    def build(folder: Path) -> None:
        seen = stages.seen(features.table("features")).collect()
        scored = Ranker.load(ranker.folder).score(seen, threads=stages.settings.run.threads)
        lists = select_top_k(scored.lazy(), _with_age_band(stages, shard), fallback.table("fallback"), k=k)
        write_tables(folder, {"recommendations": lists})

    return stages.artifacts.stage("rank", shard.label, key=key, build=build, customers=len(shard.customers))


def _with_age_band(stages: Stages, shard: Shard) -> pl.LazyFrame:
    wanted = pl.LazyFrame({"customer": shard.served})
    return wanted.join(stages.dataset.customers.select("customer", "age_band"), on="customer", how="left")


def fallback_lists_of(stages: Stages, window: Window) -> Stage:
    """Table `fallback`: what is recommended in `window` where no pair is ranked (ranking.select.fallback_lists)."""
    k = stages.settings.run.k
    key = {
        "data": stages.dataset.digest,
        "as_of": str(window.as_of),
        "k": k,
        "code": code_digest("lookbook.ranking.select", __name__),
    }

    def build(folder: Path) -> None:
        write_tables(folder, {"fallback": fallback_lists(stages.dataset.before(window.as_of), k)})

    return stages.artifacts.stage("fallback", str(window.as_of), key=key, build=build)


def examples_before(stages: Stages, target: Window) -> list[Week]:
    """EXAMPLES of each training week before `target`, oldest first, a stage for each shard."""
    windows = training_windows(target, stages.settings.ranking.training_weeks)
    return [[stages.examples(shard) for shard in stages.buyers(window)] for window in windows]


def _learned_from(stages: Stages, target: Window) -> int:
    """Customers in the training weeks before `target`, each as often as in weeks."""
    windows = training_windows(target, stages.settings.ranking.training_weeks)
    return sum(len(shard.customers) for window in windows for shard in stages.buyers(window))


def _examples_in(stages: Stages, weeks: Sequence[Week]) -> list[list[pl.LazyFrame]]:
    """EXAMPLES of each week, a part for each shard, sorted by as_of, customer, article; thinned to ranking.max_examples.

    Raises:
        NoExamplesError: there is none.
        SettingsError: every column they have is left out.
    """
    parts = [[stage.table("features") for stage in week] for week in weeks]
    rows = sum(part.select(pl.len()).collect().item() for week in parts for part in week)
    if not rows:
        raise NoExamplesError(
            "no training examples: in the training weeks nobody bought an article that was a candidate for them",
            expected=f"{stages.settings.ranking.training_weeks} weeks with purchases before the last week, and earlier purchases; "
            f"the data set goes from {stages.dataset.first_day} to {stages.dataset.last_day}",
            fix="lower ranking.training_weeks in a --config file, or give more weeks of data",
        )
    share, seed = stages.settings.ranking.max_examples / rows, stages.settings.run.seed
    seen = [[stages.seen(sample_customers(part, share=share, seed=seed)) for part in week] for week in parts]
    if not feature_schema(seen[0][0].collect_schema()):
        raise SettingsError(f"setting features.leave_out = {list(stages.settings.features.leave_out)}: no feature is left")
    return seen


def _best(search: Stage) -> int:
    return int(json.loads((search.folder / "curve.json").read_text())["trees"])


def _ranker_key(stages: Stages, weeks: Sequence[Week]) -> dict[str, object]:
    return {
        "examples": [stage.key for week in weeks for stage in week],
        "max_examples": stages.settings.ranking.max_examples,
        "settings": vars(stages.settings.ranking.lambdarank),
        "leave_out": sorted(stages.settings.features.leave_out),
        "seed": stages.settings.run.seed,
        "code": code_digest("lookbook.ranking.ranker", "lookbook.ranking.examples", __name__),
    }
