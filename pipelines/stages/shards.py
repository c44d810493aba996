"""The customers of a week, in shards that are processed one at a time, and the weeks that a ranker learns from.

Input: System, Window. Output: Shards, Targets. With run.rank_scope "active" only some customers of a shard are ranked.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import polars as pl

from lookbook.data.dataset import Dataset, History
from lookbook.data.windows import HORIZON_DAYS, Window, last_window, passed_over, training_windows
from lookbook.pipelines.errors import SettingsError
from lookbook.pipelines.stages.system import System, final_window


@dataclass(frozen=True)
class Shard:
    """Some customers that are processed at a time.

    served: all of them, sorted; each gets recommendations. customers: those of them who are ranked; the others get the fallback
    list. label: for people, "2017-12-25 shard 1/3". kept: whether their candidates and pairs are written to disk.
    """

    window: Window
    served: pl.Series
    customers: pl.Series
    label: str
    kept: bool = True

    @cached_property
    def digest(self) -> str:
        return _digest(self.customers)

    @cached_property
    def served_digest(self) -> str:
        return _digest(self.served)


Week = Sequence[Shard]
"""Customers of one week, at least one shard of them."""


@dataclass(frozen=True)
class Target:
    """A week whose purchases are predicted. shards: for whom. training: the buyers of each week that its ranker learns from,
    oldest first."""

    shards: Week
    training: Sequence[Week]

    @property
    def window(self) -> Window:
        return self.shards[0].window

    @property
    def learned_from(self) -> int:
        """Customers in the training weeks, each as often as in weeks."""
        return sum(len(shard.customers) for week in self.training for shard in week)


@dataclass(frozen=True)
class NearHistory:
    """What was known of the customers of one shard before its week: read when it is first asked for, then held in memory."""

    dataset: Dataset
    shard: Shard

    @cached_property
    def history(self) -> History:
        return self.dataset.before(self.shard.window.as_of).of(self.shard.customers).held()


def run_targets(system: System, *, final: bool) -> list[Target]:
    """Of a run: the last week of data, and with `final` the week after the data."""
    test = last_window(system.dataset.last_day)
    return targets(system, [test], final=final_window(system.dataset) if final else None)


def targets(system: System, judged: Sequence[Window], *, final: Window | None = None) -> list[Target]:
    """Each of the `judged` weeks for those who bought in it, then the `final` one for everybody. Each week is read once.

    A week in which nobody bought anything, because the shop was closed, is no training week: it gives its place to an older one,
    and the reporter says so.
    """
    dates = system.dataset.transactions.select(pl.col("date").unique()).collect(engine="streaming")
    days, count = set(dates["date"]), system.settings.ranking.training_weeks
    training = {window: training_windows(window, count, days=days) for window in (*judged, *([final] if final else []))}
    _say_closed(system, {week for window, windows in training.items() for week in passed_over(window, windows)})
    bought = dict.fromkeys([*judged, *(week for windows in training.values() for week in windows)])
    weeks = {window: buyers(system, window) for window in bought}
    served = {window: weeks[window] if window in weeks else everybody(system, window) for window in training}
    return [Target(served[window], [weeks[each] for each in windows]) for window, windows in training.items()]


def judged_weeks(system: System, last: Window, count: int) -> list[Target]:
    """The buyers of `count` weeks up to `last`, newest first.

    Raises:
        SettingsError: the oldest would learn from weeks before the data, or nobody bought anything in one.
    """
    training = system.settings.ranking.training_weeks
    most = max(1, (last.as_of - system.dataset.first_day).days // HORIZON_DAYS - training)
    if count > most:
        raise SettingsError(f"--weeks {count}: the data starts on {system.dataset.first_day}; expected {most} or fewer")
    weeks = targets(system, [last.earlier(back) for back in range(count)])
    for back, week in enumerate(weeks):
        if not any(len(shard.customers) for shard in week.shards):
            raise SettingsError(f"--weeks {count}: no purchase in the week of {week.window.as_of}; expected {back} or fewer")
    return weeks


def _say_closed(system: System, closed: set[Window]) -> None:
    if closed:
        first, *rest = (str(window.as_of) for window in sorted(closed, key=_day))
        which = f"the week of {first}: not a training week"
        if rest:
            which = f"{len(closed)} weeks, the first of {first}, the last of {rest[-1]}: not training weeks"
        system.artifacts.reporter.say(f"no purchases in {which}")


def windows_of(chosen: Iterable[Target]) -> list[Window]:
    """Training weeks and targets, each once, oldest first."""
    return sorted({each.window for each in chosen} | {week[0].window for week in training_of(chosen)}, key=_day)


def training_of(chosen: Iterable[Target]) -> list[Week]:
    """The training weeks of all, each once, oldest first."""
    weeks = {week[0].window: week for each in chosen for week in each.training}
    return [weeks[window] for window in sorted(weeks, key=_day)]


def buyers(system: System, window: Window) -> list[Shard]:
    """The customers with purchases in the window, in shards."""
    return _in_shards(system, window, system.dataset.labels(window), kept=True)


def everybody(system: System, window: Window) -> list[Shard]:
    """All customers of the data set, in shards; without run.cache_features nothing of them is kept but their lists."""
    return _in_shards(system, window, system.dataset.customers, kept=system.settings.run.cache_features)


def shards_of(customers: pl.Series, window: Window, *, size: int, active: pl.Series | None, kept: bool = True) -> list[Shard]:
    """Shards of `size` of `customers` (sorted, unique), at least one. active: those who are ranked; None = all."""
    count = max(1, -(-len(customers) // size))
    pieces = [customers.slice(n * size, size) for n in range(count)]
    ranked = pieces if active is None else [piece.filter(piece.is_in(active.implode())) for piece in pieces]
    labels = [f"{window.as_of} shard {n + 1}/{count}" for n in range(count)]
    return [Shard(window, *each, kept) for each in zip(pieces, ranked, labels, strict=True)]


def active_customers(dataset: Dataset, window: Window, *, weeks: int, among: pl.Series | None = None) -> pl.Series:
    """The customers who bought in the `weeks` weeks before the window, sorted. among: None = everybody."""
    history = dataset.before(window.as_of)
    near = history if among is None else history.of(among)
    recent = near.transactions.filter(pl.col("days_ago") <= weeks * HORIZON_DAYS)
    return recent.select("customer").unique().sort("customer").collect()["customer"]


def ranked_of(system: System, window: Window, among: pl.Series | None = None) -> pl.Series | None:
    """Who is ranked, by run.rank_scope: None = everybody. among: only these are looked at."""
    run = system.settings.run
    return active_customers(system.dataset, window, weeks=run.active_weeks, among=among) if run.rank_scope == "active" else None


def _in_shards(system: System, window: Window, table: pl.LazyFrame, *, kept: bool) -> list[Shard]:
    run = system.settings.run
    ids = table.select("customer").unique().sort("customer").collect(engine="streaming")["customer"]
    return shards_of(ids, window, size=run.shard_customers, active=ranked_of(system, window), kept=kept)


def _day(window: Window) -> date:
    return window.as_of


def _digest(customers: pl.Series) -> str:
    return hashlib.sha256(customers.to_numpy().tobytes()).hexdigest()[:16]
