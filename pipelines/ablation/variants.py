"""Systems with some parts left out, each measured once on all test weeks, from the stages of the whole system.

A variant is a choice of sources (and a budget of candidates), or a choice of feature groups. It has the stages of a run with these
settings, so a run of its own would find them on disk, and the other way round; only features are read from a shared table.

Input: the whole System, the test weeks. Output: Outcome.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Literal

import polars as pl

from lookbook.data.schema import PAIR
from lookbook.evaluation.metrics import customer_metrics
from lookbook.evaluation.variants import Judged, judge_variants
from lookbook.pipelines.dry_run.planned import Plan
from lookbook.pipelines.settings.config import choose_sources, leave_out_features
from lookbook.pipelines.stages.artifacts import Stage, write_tables
from lookbook.pipelines.stages.digest import code_digest
from lookbook.pipelines.stages.examples import NoExamplesError
from lookbook.pipelines.stages.features import candidate_features
from lookbook.pipelines.stages.fit import Fitted
from lookbook.pipelines.stages.rank import Lists, fit_and_rank, listed, recommend_fallback
from lookbook.pipelines.stages.retrieve import pairs
from lookbook.pipelines.stages.shards import Target, training_of
from lookbook.pipelines.stages.system import System

Budget = Literal["fixed", "union"]
"""What fills the places of the candidates that are left out. fixed: the remaining sources, up to retrieval.max_candidates;
union: nothing, so that customers keep those of the whole system's pairs that a remaining source retrieved, and fewer of them."""

Key = tuple[str, ...]


@dataclass(frozen=True)
class Outcome:
    """What a variant reached.

    customers: for each week, one row per customer with a label: customer, n_labels, average_precision, kept (pairs after the
    cut), found (labels among them). trees: of each week, null where there was nothing to learn from and everybody got a
    fallback list. fit_seconds: of both fits of each week, when they were computed.
    """

    customers: Sequence[pl.DataFrame]
    trees: Sequence[int | None]
    fit_seconds: float


@dataclass(frozen=True)
class Variant:
    """name: for people. system: null = nothing is ranked. key: two variants of one key are the same."""

    key: Key
    name: str
    system: System | None


@dataclass(frozen=True)
class Bench:
    """Measures variants of one system, each once. full: the whole system; weeks: the test weeks, newest first; plan: the steps that
    the reporter knows of."""

    full: System
    weeks: Sequence[Target]
    plan: Plan
    measured: dict[Key, Outcome] = field(default_factory=dict)
    announced: set[Key] = field(default_factory=set)

    @staticmethod
    def of(full: System, weeks: Sequence[Target]) -> "Bench":
        return Bench(full, weeks, Plan.of(full.artifacts))

    @property
    def sources(self) -> tuple[str, ...]:
        return tuple(source.name for source in self.full.sources)

    def whole(self) -> Variant:
        return Variant(("whole",), "all sources", self.full)

    def of_sources(self, kept: Sequence[str], budget: Budget) -> Variant:
        """With these sources only; without any, everybody gets a fallback list."""
        chosen = tuple(name for name in self.sources if name in kept)
        if chosen == self.sources:
            return self.whole()
        if not chosen:
            return Variant(("none",), "no source", None)
        settings = choose_sources(self.full.settings, only=",".join(chosen), drop=None)
        system = replace(self.full, settings=settings, whole=self.full, kept_only=budget == "union")
        return Variant((budget, *chosen), f"{_short(chosen, self.sources)}, {budget} budget", system)

    def without_features(self, group: str) -> Variant:
        settings = leave_out_features(self.full.settings, group)
        return Variant(("features", group), f"without features {group}", replace(self.full, settings=settings))

    def announce(self, variant: Variant) -> None:
        """Plan the steps of a variant that is measured later."""
        if variant.key not in self.announced:
            self.announced.add(variant.key)
            for week in self.weeks:
                self.plan.announce(variant.system or self.full, partial(self._stage, variant, week))

    def announce_shared(self, *, fewer_sources: bool) -> None:
        """Plan the steps of `prepare`."""
        self.plan.announce(self.full, lambda system: _shared(system, self.weeks, fewer_sources=fewer_sources))

    def prepare(self, *, fewer_sources: bool) -> None:
        """Compute what variants share: the fallback lists and, for those with fewer sources, the features of all candidates of
        every week in use."""
        _shared(self.full, self.weeks, fewer_sources=fewer_sources)

    def measure(self, variant: Variant) -> Outcome:
        if variant.key not in self.measured:
            found = [self._measured(variant, week) for week in self.weeks]
            fits = [stage for _, fitted in found if fitted for stage in (fitted.search, fitted.ranker) if stage]
            self.measured[variant.key] = Outcome(
                [customers for customers, _ in found],
                [fitted.trees if fitted else None for _, fitted in found],
                round(sum(stage.seconds for stage in fits), 3),
            )
        return self.measured[variant.key]

    def judge(self, outcomes: Mapping[str, Outcome]) -> Judged:
        """The mean average precision of some outcomes, all weeks pooled."""
        weeks = [{name: outcome.customers[n] for name, outcome in outcomes.items()} for n in range(len(self.weeks))]
        settings = self.full.settings
        return judge_variants(weeks, resamples=settings.evaluation.bootstrap_resamples, seed=settings.run.seed)

    def by_week(self, outcome: Outcome) -> list[float]:
        """The mean average precision of each week."""
        return [float(judge_variants([{"": customers}], resamples=1, seed=0).mean[0]) for customers in outcome.customers]

    def _measured(self, variant: Variant, week: Target) -> tuple[pl.DataFrame, Fitted | None]:
        system = variant.system or self.full
        try:
            stage, fitted = self._stage(variant, week, system)
        except NoExamplesError:
            stage, fitted = _customers(system, week, recommend_fallback(system, week.shards), variant.name, cut=True), None
            self.plan.withdraw(system, lambda planned: fit_and_rank(planned, week))  # what of it was not needed by now
        return stage.table("customers").collect(), fitted

    def _stage(self, variant: Variant, week: Target, system: System) -> tuple[Stage, Fitted | None]:
        """The stage of Outcome.customers of one week, and the ranker; the same in a plan."""
        if variant.system is None:
            return _customers(system, week, recommend_fallback(system, week.shards), variant.name, cut=False), None
        ranked = fit_and_rank(system, week)
        return _customers(system, week, ranked.recommendations, variant.name, cut=True), ranked.fitted


def _shared(system: System, weeks: Sequence[Target], *, fewer_sources: bool) -> None:
    if system.settings.run.cache_features and fewer_sources:
        for week in [*training_of(weeks), *(target.shards for target in weeks)]:
            for shard in week:
                candidate_features(system, shard)
    for target in weeks:
        recommend_fallback(system, target.shards)


def _customers(system: System, week: Target, lists: Lists, name: str, *, cut: bool) -> Stage:
    """Table `customers`: the rows of Outcome.customers for one week. cut: whether any pairs were retrieved."""
    found = [pairs(system, shard) for shard in week.shards] if cut else []
    k = system.settings.run.k
    key = {
        "recommendations": [stage.key for stage in lists],
        "pairs": [stage.key for stage in found],
        "k": k,
        "code": code_digest("lookbook.evaluation.metrics", __name__),
    }

    def build(folder: Path) -> None:
        labels = system.dataset.labels(week.window)
        recommended = listed(lists)
        metrics = customer_metrics(recommended, labels, k=k).select("customer", "n_labels", "average_precision")
        kept = pl.concat([stage.table("pairs").select(PAIR) for stage in found]) if found else None
        write_tables(folder, {"customers": _with_counts(metrics, kept, labels)})

    return system.artifacts.stage("evaluate", f"{week.window.as_of} {name}", key=key, build=build)


def _with_counts(metrics: pl.LazyFrame, kept: pl.LazyFrame | None, labels: pl.LazyFrame) -> pl.LazyFrame:
    if kept is None:
        nothing = pl.lit(0, dtype=pl.UInt32)
        return metrics.with_columns(kept=nothing, found=nothing)
    counts = (
        kept.join(labels.with_columns(label=True), on=PAIR, how="left", validate="1:1")
        .group_by("customer")
        .agg(kept=pl.len().cast(pl.UInt32), found=pl.col("label").sum().cast(pl.UInt32))
    )
    return metrics.join(counts, on="customer", how="left", validate="1:1", maintain_order="left").with_columns(
        pl.col("kept", "found").fill_null(0)
    )


def _short(chosen: Sequence[str], sources: Sequence[str]) -> str:
    """For people: what is in, or what is out if that is less."""
    out = [name for name in sources if name not in chosen]
    return f"without {', '.join(out)}" if len(out) < len(chosen) else f"only {', '.join(chosen)}"
