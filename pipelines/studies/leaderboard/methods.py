"""What a leaderboard holds: every registered source and every baseline, each alone.

Input: System, Target. Output: RECOMMENDATIONS of DEPTH articles for the buyers of a test week, by the method's own score.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

import polars as pl

from lookbook.data.windows import Window
from lookbook.evaluation.baselines.registry import BASELINES
from lookbook.evaluation.recommendations import top_of
from lookbook.pipelines.errors import SettingsError
from lookbook.pipelines.settings.config import source_of, with_values
from lookbook.pipelines.settings.layers import DEFAULTS, read_toml
from lookbook.pipelines.stages.artifacts import Passing, Stage
from lookbook.pipelines.stages.retrieve import candidates
from lookbook.pipelines.stages.shards import Target
from lookbook.pipelines.stages.system import System
from lookbook.pipelines.studies.backtest.baselines import baseline, parameters
from lookbook.retrieval.registry import SOURCES
from lookbook.retrieval.source import CandidateSource

DEPTH = 100
"""Articles that every method gives to a customer, at most; no run recommends more."""


@dataclass(frozen=True)
class Method:
    """A source and a baseline may share a name."""

    kind: Literal["source", "baseline"]
    name: str


def methods(only: Collection[str] = ()) -> list[Method]:
    """All sources, then all baselines, in the order of their registries. only: those of these names; () = all.

    Raises:
        SettingsError: a name that is none of a source or baseline.
    """
    known = [*(Method("source", name) for name in SOURCES), *(Method("baseline", name) for name in BASELINES)]
    names = dict.fromkeys(method.name for method in known)
    for name in only:
        if name not in names:
            raise SettingsError(f"--only: unknown method {name!r}; known: {', '.join(names)}")
    return [method for method in known if not only or method.name in only]


def default_sources() -> list[Method]:
    """The sources of default.toml, whatever data set and run use, so that what only a method finds means the same everywhere."""
    retrieval = read_toml(DEFAULTS)["retrieval"]
    assert isinstance(retrieval, dict)
    return [Method("source", name) for name in SOURCES if name in retrieval["sources"]]


def cheap_first(wanted: Collection[Method]) -> list[Method]:
    """Each once: baselines, then sources, those that learn from week to week last: the process keeps the memory that these take."""
    return sorted(dict.fromkeys(wanted), key=lambda method: method.kind == "source" and 1 + SOURCES[method.name].warm_start)


def alone(system: System, name: str) -> CandidateSource:
    """A source with its settings, but DEPTH candidates per customer."""
    deep = with_values(system.settings, {f"retrieval.{name}.k": DEPTH}, where="leaderboard")
    retrieval = deep.tables["retrieval"]
    assert isinstance(retrieval, dict)
    return source_of(name, retrieval)


def ask(system: System, target: Target, method: Method, *, oldest: Window) -> list[Stage | Passing]:
    """The stages with what `method` gives to the buyers of the target's week, computed or planned. oldest: the first test week;
    parameters of baselines are chosen on the weeks before it.

    Raises:
        DataError: the method cannot work on these data.
    """
    if method.kind == "baseline":
        return [baseline(system, target, method.name, oldest=oldest, depth=DEPTH)]
    source = alone(system, method.name)
    return [candidates(system, source, shard) for shard in target.shards]


def lists(system: System, target: Target, method: Method, *, oldest: Window) -> pl.LazyFrame:
    """RECOMMENDATIONS of up to DEPTH articles; a customer may get fewer or none."""
    table = "recommendations" if method.kind == "baseline" else "candidates"
    found = ask(system, target, method, oldest=oldest)
    return pl.concat([top_of(stage.table(table), DEPTH) for stage in found])


def told_parameters(system: System, method: Method, *, oldest: Window) -> str:
    """Of a baseline, those that were chosen; "" = it has none, as a source."""
    return parameters(system, method.name, oldest=oldest) if method.kind == "baseline" else ""
