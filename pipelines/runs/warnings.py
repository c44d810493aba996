"""What people must know of a finished run that no error said: a ranker that learned nothing, sources that retrieved nothing, a plan
that was used, or ends too early.

Input: System, Ranked of each half. Output: sentences, for run.json and the end of the command.
"""

from collections.abc import Iterable

import polars as pl

from lookbook.data.windows import HORIZON_DAYS
from lookbook.pipelines.stages.learn import learned
from lookbook.pipelines.stages.rank import Ranked
from lookbook.pipelines.stages.retrieve import candidates
from lookbook.pipelines.stages.system import System
from lookbook.ranking.ranker import Ranker
from lookbook.retrieval.source import Tables

PLANNED = (
    "the ranker saw what was planned ahead (--plan): results stand beside those without a plan, never in their place; "
    "`lookbook backtest` has both"
)


def warnings_of(system: System, halves: Iterable[Ranked]) -> list[str]:
    """Each once."""
    found = [warning for half in halves for warning in (*_ranker(half), *_sources(system, half), *_plan(system, half))]
    return list(dict.fromkeys(found))


def _ranker(half: Ranked) -> list[str]:
    if not Ranker.load(half.fitted.ranker.folder).learned_nothing:
        return []
    return [
        "the ranker learned nothing: each of its trees is a single leaf, so lists are in the order of the sources (rrf). There are "
        "too few examples: more weeks of data, more ranking.training_weeks or a smaller "
        "ranking.lambdarank.min_examples_in_leaf help"
    ]


def _plan(system: System, half: Ranked) -> list[str]:
    week = half.target.window
    plan = system.dataset.before(week.as_of).plan
    if plan is None:
        return []
    if _rows(plan.filter(pl.col("starts_in") < HORIZON_DAYS, pl.col("ends_in") >= 0)):
        return [PLANNED]
    return [f"nothing was planned, or known of it, for the week of {week.as_of}: it was ranked as if nothing were promoted"]


def _sources(system: System, half: Ranked) -> list[str]:
    """Of the sources that retrieved nothing for anybody."""
    shards = [shard for shard in half.target.shards if len(shard.customers)]
    silent = [
        source
        for source in system.sources
        if shards and not any(_rows(candidates(system, source, shard).table("candidates")) for shard in shards)
    ]
    known = {source.name: learned(system, source, half.target.window).tables for source in silent}
    return [f"source {each.name} retrieved nothing{_empty(known[each.name])}; it needs {each.needs}" for each in silent]


def _empty(tables: Tables) -> str:
    """Which of the tables that a source learned are empty."""
    names = [name for name, table in tables.items() if not _rows(table)]
    return f" (what it learned is empty: {', '.join(names)})" if names else ""


def _rows(table: pl.LazyFrame) -> int:
    return int(table.select(pl.len()).collect().item())
