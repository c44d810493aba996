"""What could make scoring cheaper, tried: fewer trees, other trees, fewer candidates, a light first cut, fewer features.

Input: Bench. Output: for each section a list of Trials.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

import polars as pl

from benchmarks.scoring.bench import Bench, Trial, first_trees, scored
from benchmarks.scoring.compiled import compiled
from lookbook.features.registry import SOURCE

TREES = (5, 10, 20, 30, 40, 50, 60, 80, 110, 160)
SHAPE_TREES = (20, 40, 60, 110)
"""Numbers of trees that other leaves and other steps are tried with."""
LEAVES = (7, 15, 31, 63)
STEPS = (0.05, 0.1, 0.2, 0.3)
CANDIDATES = (30, 40, 50, 60, 80, 100, 150, 200, 300)
LIGHT_TREES = (10, 30)
CUTS = (30, 40, 60, 100)
"""Candidates that a light first cut leaves to each customer."""


def trees(bench: Bench) -> list[Trial]:
    """The first trees of one fit, and what the order of retrieval reaches without any."""
    without = Trial("none: by rrf", bench.cut.average_precision(bench.cut.features["rrf"]), {})
    counts = sorted({*TREES, bench.trees})
    return [without, *(bench.trial(f"{count} trees", bench.first(count)) for count in counts)]


def leaves(bench: Bench) -> list[Trial]:
    return [trial for count in LEAVES for trial in _shape(bench, f"{count} leaves", num_leaves=count)]


def steps(bench: Bench) -> list[Trial]:
    return [trial for step in STEPS for trial in _shape(bench, f"step {step:g}", learning_rate=step)]


def candidates(bench: Bench) -> list[Trial]:
    """Cut by rrf; the ranker is always that of the reference, which learned from the candidates that the settings keep."""
    places = bench.whole.places(bench.whole.features["rrf"])
    return [_cut(bench, f"best {count} by rrf", places < count) for count in CANDIDATES]


def light_cut(bench: Bench) -> list[Trial]:
    """A few trees over what retrieval says choose among all candidates; the ranker of the reference orders what is left."""
    rest = [name for name, group in bench.groups.items() if group != SOURCE]
    light = bench.fit(max(LIGHT_TREES), without=rest)
    trials = []
    for count in LIGHT_TREES:
        scores, speed = scored(first_trees(light, count), bench.whole.features.drop(rest))
        places = bench.whole.places(scores)
        for left in CUTS:
            trial = _cut(bench, f"{count} light trees, best {left}", places < left)
            trials.append(replace(trial, figures={**trial.figures, "light rows per CPU s": speed}))
    return trials


def feature_groups(bench: Bench) -> list[Trial]:
    """The reference's number of trees without the features of one group."""
    trials = []
    for left_out in dict.fromkeys(bench.groups.values()):
        names = [name for name, group in bench.groups.items() if group == left_out]
        trial = bench.trial(f"without {left_out}", bench.fit(bench.trees, without=names), without=names)
        cost = bench.costs.get(left_out)
        saved = {"CPU s per million pairs": cost.million_pairs_cpu_s, "CPU s once": cost.once_cpu_s} if cost else {}
        trials.append(replace(trial, figures={"features": len(names), **saved, **trial.figures}))
    return trials


def compiled_trees(bench: Bench) -> list[Trial]:
    """Trees compiled to machine code; none where the compiler is not installed."""
    found = {count: compiled(bench.first(count), bench.cut.features) for count in SHAPE_TREES}
    return [
        Trial(f"{count} trees compiled", bench.cut.average_precision(scores), figures)
        for count, (scores, figures) in ((count, both) for count, both in found.items() if both)
    ]


SECTIONS: Mapping[str, Callable[[Bench], list[Trial]]] = {
    "trees": trees,
    "leaves": leaves,
    "steps": steps,
    "candidates": candidates,
    "light-cut": light_cut,
    "feature-groups": feature_groups,
    "compiled": compiled_trees,
}


def _shape(bench: Bench, name: str, *, num_leaves: int | None = None, learning_rate: float | None = None) -> list[Trial]:
    chosen = bench.settings.ranking.lambdarank
    shape = replace(chosen, num_leaves=num_leaves or chosen.num_leaves, learning_rate=learning_rate or chosen.learning_rate)
    largest = bench.fit(max(SHAPE_TREES), shape=shape) if shape != chosen else bench.first(max(SHAPE_TREES))
    return [bench.trial(f"{name}, {count} trees", first_trees(largest, count)) for count in SHAPE_TREES]


def _cut(bench: Bench, name: str, kept: pl.Series) -> Trial:
    """The ranker of the reference on some of all candidates."""
    week = bench.whole
    found = int(week.features["label"].filter(kept).sum())
    figures = {"candidates per customer": int(kept.sum()) / len(week.customers), "recall": found / len(week.labels)}
    return Trial(name, week.average_precision(bench.scores, kept), figures)
