"""Step `fit`: how many trees, and a LambdaRank ranker of so many from all training weeks.

Input: System, Target. Output: the stages fit/trees (curve.json) and fit/ranker (what `Ranker.load` reads).
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from lookbook.pipelines.stages.artifacts import Stage
from lookbook.pipelines.stages.digest import code_digest
from lookbook.pipelines.stages.examples import NoExamplesError, examples_before, rows_before
from lookbook.pipelines.stages.shards import Target
from lookbook.pipelines.stages.system import System
from lookbook.ranking.ranker import choose_trees
from lookbook.ranking.ranker import fit as fit_trees

UNKNOWN = 0
"""Trees of a ranker in a plan, while they are not searched for yet: no ranker has so few, so none is found on disk."""


@dataclass(frozen=True)
class Fitted:
    """A ranker of `trees` trees. search: the stage that found the number of trees (its curve.json: MAP@12 after each tree); null
    where nothing was searched for."""

    trees: int
    search: Stage | None
    ranker: Stage


def fit(system: System, targets: Iterable[Target], *, trees: int | None = None) -> list[Fitted]:
    """A ranker for each target, all with as many trees: `trees`, or as many as are best for the first."""
    fitted: list[Fitted] = []
    for target in targets:
        fitted.append(fit_target(system, target, trees=trees))
        trees = fitted[-1].trees
    return fitted


def fit_target(system: System, target: Target, *, trees: int | None = None) -> Fitted:
    """A ranker fitted on the training weeks of `target`. trees: None = by early stopping, or as many as there may be where
    ranking.lambdarank.early_stopping_rounds is 0."""
    settings = system.settings.ranking.lambdarank
    search = search_trees(system, target) if trees is None and settings.early_stopping_rounds else None
    chosen = trees_of(search) if search else settings.max_trees if trees is None else trees
    return Fitted(chosen, search, fit_ranker(system, target, trees=chosen))


def trees_of(search: Stage) -> int:
    """Trees that ranked the newest training week best, after learning from the older ones; UNKNOWN in a plan."""
    curve = search.folder / "curve.json"
    return int(json.loads(curve.read_text())["trees"]) if search.folder.exists() else UNKNOWN


def search_trees(system: System, target: Target) -> Stage:
    """curve.json: the best number of trees, and MAP@12 of the newest training week after each tree."""
    settings = system.settings
    key = {**_key(system, target), "purpose": "early stopping"}

    def build(folder: Path) -> None:
        *older, newest = _usable(system, target)
        curve = choose_trees(
            [part for week in older for part in week],
            newest,
            settings=settings.ranking.lambdarank,
            seed=settings.run.seed,
            threads=settings.run.threads,
        )
        (folder / "curve.json").write_text(json.dumps({"trees": curve.trees, "map_at_12": curve.values}) + "\n")

    return system.artifacts.stage("fit/trees", str(target.window.as_of), key=key, build=build, customers=target.learned_from)


def _usable(system: System, target: Target) -> list[list[pl.LazyFrame]]:
    """EXAMPLES of the training weeks that have any, oldest first: a week in which nobody bought a candidate teaches nothing, and
    the newest that does decides how many trees.

    Raises:
        NoExamplesError: there are not two.
    """
    weeks = rows_before(system, target)
    rows = [sum(part.select(pl.len()).collect().item() for part in week) for week in weeks]
    for week, found in zip(target.training, rows, strict=True):
        if not found:
            system.artifacts.reporter.say(
                f"nobody bought a candidate in the week of {week[0].window.as_of}: nothing to learn from it"
            )
    usable = [week for week, found in zip(weeks, rows, strict=True) if found]
    if len(usable) < 2:
        raise NoExamplesError(
            "training examples in one week only: the ranker learns from one and judges the number of its trees on another",
            expected="two weeks or more before the last one in which somebody bought an article that was a candidate for them",
            fix="give more weeks of data, or raise retrieval.max_candidates or the k of sources",
        )
    return usable


def fit_ranker(system: System, target: Target, *, trees: int) -> Stage:
    """A ranker of `trees` trees from all training weeks of `target`; the folder is what `Ranker.load` reads."""
    settings = system.settings
    key = {**_key(system, target), "trees": trees}

    def build(folder: Path) -> None:
        ranker = fit_trees(
            [part for week in rows_before(system, target) for part in week],
            settings.ranking.lambdarank,
            trees=trees,
            seed=settings.run.seed,
            threads=settings.run.threads,
        )
        ranker.save(folder)

    return system.artifacts.stage("fit/ranker", str(target.window.as_of), key=key, build=build, customers=target.learned_from)


def _key(system: System, target: Target) -> dict[str, object]:
    return {
        "examples": [stage.key for week in examples_before(system, target) for stage in week],
        "max_examples": system.settings.ranking.max_examples,
        "settings": vars(system.settings.ranking.lambdarank),
        "leave_out": sorted(system.settings.features.leave_out),
        "seed": system.settings.run.seed,
        "code": code_digest("lookbook.ranking.ranker", "lookbook.ranking.examples", "lookbook.pipelines.stages.examples", __name__),
    }
