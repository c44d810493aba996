"""Systems with some parts left out, each measured once on all test weeks, from the stages of the whole system.

A variant is a choice of sources (and a budget of candidates), or a choice of feature groups. It has the stages of a run with these
settings, so a run of its own would find them on disk, and the other way round; only features are read from a shared table.

Input: Stages of the whole system, the buyers of each test week. Output: Outcome.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Literal

import polars as pl

from lookbook.evaluation.metrics import customer_metrics
from lookbook.evaluation.variants import Judged, judge_variants
from lookbook.pipelines.ablation.steps import Week, steps_of_fit, steps_of_ranking, steps_of_variant, windows_of
from lookbook.pipelines.settings.config import choose_sources, leave_out_features
from lookbook.pipelines.stages.artifacts import write_tables
from lookbook.pipelines.stages.digest import code_digest
from lookbook.pipelines.stages.rank import NoExamplesError, Ranked, rank_week, recommend_fallback
from lookbook.pipelines.stages.system import Stages

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
class Bench:
    """Measures variants of one system, each once. full: Stages of the system; weeks: the test weeks, newest first.

    announced: the variants whose steps the reporter knows of, whether measured or not.
    """

    full: Stages
    weeks: Sequence[Week]
    measured: dict[Key, Outcome] = field(default_factory=dict)
    announced: set[Key] = field(default_factory=set)

    @property
    def sources(self) -> tuple[str, ...]:
        return tuple(source.name for source in self.full.sources)

    def whole(self) -> Outcome:
        return self._measure(("whole",), self.full, "all sources")

    def of_sources(self, kept: Sequence[str], budget: Budget) -> Outcome:
        """With these sources only; without any, everybody gets a fallback list."""
        key = self._key(kept, budget)
        chosen = key[1:]
        if key == ("whole",):
            return self.whole()
        if not chosen:
            return self._measure(key, None, "no source")
        settings = choose_sources(self.full.settings, only=",".join(chosen), drop=None)
        variant = replace(self.full, settings=settings, whole=self.full, kept_only=budget == "union")
        return self._measure(key, variant, f"{_short(chosen, self.sources)}, {budget} budget")

    def without_features(self, group: str) -> Outcome:
        settings = leave_out_features(self.full.settings, group)
        return self._measure(("features", group), replace(self.full, settings=settings), f"without features {group}")

    def announce(self, kept: Sequence[str], budget: Budget) -> None:
        """Plan the steps of a variant that is measured later."""
        key = self._key(kept, budget)
        self._announce(key, self._steps if key[1:] else {"evaluate": len(self.weeks)})

    def announce_features(self, group: str) -> None:
        self._announce(("features", group), steps_of_fit(self.weeks))

    def judge(self, outcomes: Mapping[str, Outcome]) -> Judged:
        """The mean average precision of some outcomes, all weeks pooled."""
        weeks = [{name: outcome.customers[n] for name, outcome in outcomes.items()} for n in range(len(self.weeks))]
        settings = self.full.settings
        return judge_variants(weeks, resamples=settings.evaluation.bootstrap_resamples, seed=settings.run.seed)

    def by_week(self, outcome: Outcome) -> list[float]:
        """The mean average precision of each week."""
        return [float(judge_variants([{"": customers}], resamples=1, seed=0).mean[0]) for customers in outcome.customers]

    def prepare(self, *, fewer_sources: bool) -> None:
        """Compute what variants share: the fallback lists and, for those with fewer sources, the features of all candidates of
        every week in use."""
        if self.full.settings.run.cache_features and fewer_sources:
            for window in windows_of(self.full, self.weeks):
                for shard in self.full.buyers(window):
                    self.full.candidate_features(shard)
        for week in self.weeks:
            recommend_fallback(self.full, week)

    @cached_property
    def _steps(self) -> dict[str, int]:
        return steps_of_variant(self.full, self.weeks)

    def _key(self, kept: Sequence[str], budget: Budget) -> Key:
        chosen = tuple(name for name in self.sources if name in kept)
        return ("whole",) if chosen == self.sources else (budget, *chosen) if chosen else ("none",)

    def _announce(self, key: Key, steps: dict[str, int]) -> None:
        if key != ("whole",) and key not in self.announced:
            self.announced.add(key)
            self.full.artifacts.reporter.plan(steps)

    def _measure(self, key: Key, stages: Stages | None, name: str) -> Outcome:
        """stages: None = nothing is ranked."""
        if key not in self.measured:
            ranked = [_ranked(stages, week) if stages else None for week in self.weeks]
            customers = [
                _customers(stages or self.full, week, done, name, cut=stages is not None)
                for week, done in zip(self.weeks, ranked, strict=True)
            ]
            fits = [fit for done in ranked if done for fit in (done.search, done.ranker) if fit]
            seconds = round(sum(fit.seconds for fit in fits), 3)
            self.measured[key] = Outcome(customers, [done.trees if done else None for done in ranked], seconds)
        return self.measured[key]


def _ranked(stages: Stages, week: Week) -> Ranked | None:
    """None: nothing to learn from."""
    try:
        return rank_week(stages, week)
    except NoExamplesError:
        cancelled = {kind: -steps for kind, steps in steps_of_ranking(stages, week).items()}
        stages.artifacts.reporter.plan(cancelled)
        return None


def _customers(stages: Stages, week: Week, ranked: Ranked | None, name: str, *, cut: bool) -> pl.DataFrame:
    """The rows of Outcome.customers for one week. ranked: None = fallback lists; cut: whether any pairs were retrieved."""
    lists = ranked.recommendations if ranked else recommend_fallback(stages, week)
    pairs = [stages.pairs(shard) for shard in week] if cut else []
    k, window = stages.settings.run.k, week[0].window
    key = {
        "recommendations": [stage.key for stage in lists],
        "pairs": [stage.key for stage in pairs],
        "k": k,
        "code": code_digest("lookbook.evaluation.metrics", __name__),
    }

    def build(folder: Path) -> None:
        labels = stages.dataset.labels(window)
        recommended = pl.concat([stage.table("recommendations") for stage in lists])
        metrics = customer_metrics(recommended, labels, k=k).select("customer", "n_labels", "average_precision")
        kept = pl.concat([stage.table("pairs").select("customer", "article") for stage in pairs]) if pairs else None
        write_tables(folder, {"customers": _with_counts(metrics, kept, labels)})

    return stages.artifacts.stage("evaluate", f"{window.as_of} {name}", key=key, build=build).table("customers").collect()


def _with_counts(metrics: pl.LazyFrame, kept: pl.LazyFrame | None, labels: pl.LazyFrame) -> pl.LazyFrame:
    if kept is None:
        nothing = pl.lit(0, dtype=pl.UInt32)
        return metrics.with_columns(kept=nothing, found=nothing)
    counts = (
        kept.join(labels.with_columns(label=True), on=["customer", "article"], how="left", validate="1:1")
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
