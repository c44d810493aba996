"""`lookbook ablate`: what each candidate source, or group of features, is worth, by running the system without it.

Input: a finished run. Output: ablation.json in its folder.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from lookbook.evaluation.sources.shapley import Order, all_sets, sample_orders, set_name, sets_of, shapley_of_map
from lookbook.features.registry import group_of_feature
from lookbook.pipelines.ablation.greedy import build_up
from lookbook.pipelines.ablation.record import Ablation, Overlap, ShapleyRow, SourceRow
from lookbook.pipelines.ablation.rows import WHOLE, Trial, variant_rows, whole_of
from lookbook.pipelines.ablation.sources import counted, inspect_sources
from lookbook.pipelines.ablation.variants import Bench, Budget
from lookbook.pipelines.errors import SettingsError
from lookbook.pipelines.runs.finished import FinishedRun
from lookbook.pipelines.runs.folder import add_to_run
from lookbook.pipelines.runs.records.files import as_json, rows_of
from lookbook.pipelines.stages.shards import judged_weeks
from lookbook.pipelines.stages.system import System
from lookbook.ranking.ranker import Ranker

Mode = Literal["leave-one-out", "alone", "greedy", "features"]
MODES: tuple[Mode, ...] = get_args(Mode)
BUDGETS: tuple[Budget, ...] = get_args(Budget)

EXACT_SOURCES = 6
"""Shapley values of MAP look at all sets of up to so many sources, 64; of more, at those that sampled orders pass through."""


@dataclass(frozen=True)
class Request:
    """What to measure. weeks: test weeks; orders: how many are sampled for Shapley values that cannot be exact."""

    modes: tuple[Mode, ...]
    budgets: tuple[Budget, ...]
    weeks: int
    shapley: bool
    orders: int

    @property
    def fewer_sources(self) -> bool:
        """Whether any variant lacks a source, not only features."""
        return self.shapley or self.modes != ("features",)


def requested(*, modes: str, budgets: str, features: bool, weeks: int, shapley: bool, orders: int) -> Request:
    """Check what the command line asks for; `modes` and `budgets` are names joined by commas.

    Raises:
        SettingsError: an unknown name, or a number that is too small.
    """
    wanted = [*_names("--mode", modes, MODES), *(["features"] if features else [])]
    budget = _names("--budget", budgets, BUDGETS)
    for flag, value, least in (("--weeks", weeks, 1), ("--orders", orders, 2)):
        if value < least:
            raise SettingsError(f"{flag} {value}: expected {least} or more")
    chosen = tuple(mode for mode in MODES if mode in wanted), tuple(name for name in BUDGETS if name in budget)
    return Request(*chosen, weeks, shapley, orders)


def ablate(finished: FinishedRun, request: Request) -> Ablation:
    """Measure what is asked for, write ablation.json into the run, and return its content.

    Raises:
        SettingsError: there is nothing to leave out, or no data for that many weeks.
    """
    system = finished.system
    bench = Bench.of(system, judged_weeks(system, finished.week, request.weeks))
    trials = _trials(bench, request, _groups(system, finished.ranked.fitted.ranker.folder))
    _announce(bench, request, trials)
    with system.artifacts.reporter.showing():
        found = _measured(bench, request, trials)
    add_to_run(finished.folder, "ablation.json", as_json(found))
    return found


def _announce(bench: Bench, request: Request, trials: Sequence[Trial]) -> None:
    """Tell the reporter of the steps to come; those of --mode greedy are known only on the way."""
    bench.announce(bench.whole())
    bench.plan.announce(bench.full, lambda system: [counted(system, week.shards) for week in bench.weeks])
    bench.announce_shared(fewer_sources=request.fewer_sources)
    for trial in trials:
        bench.announce(trial.variant(bench))
    for chosen in _sets(bench, request) if request.shapley else []:
        bench.announce(bench.of_sources(chosen, request.budgets[0]))


def _measured(bench: Bench, request: Request, trials: Sequence[Trial]) -> Ablation:
    """The whole system first; then what is known of sources, which all variants share; then the variants."""
    whole = bench.measure(bench.whole())
    full = whole_of(bench, whole, bench.judge({WHOLE: whole}), WHOLE)
    sources = inspect_sources(bench)
    bench.prepare(fewer_sources=request.fewer_sources)
    before = _computed_for_sources(bench.full)
    rows = variant_rows(bench, trials)
    built = [build_up(bench, budget) for budget in request.budgets if "greedy" in request.modes]
    of_map = _shapley_of_map(bench, request) if request.shapley else []
    return Ablation(
        budget=",".join(request.budgets),
        weeks=[str(week.window.as_of) for week in bench.weeks],
        k=bench.full.settings.run.k,
        full=full,
        variants=rows + [row for build in built for row in variant_rows(bench, build.trials)],
        greedy=[build.record for build in built],
        sources=rows_of(sources.quality, SourceRow),
        overlap=rows_of(sources.overlap, Overlap),
        shapley=[*rows_of(sources.recall, ShapleyRow), *of_map],
        source_stages_computed_by_variants=_computed_for_sources(bench.full) - before,
    )


def _trials(bench: Bench, request: Request, groups: Sequence[str]) -> list[Trial]:
    """What is known beforehand: all modes but greedy, for each budget."""
    trials: list[Trial] = []
    for mode in request.modes:
        for budget in request.budgets:
            if mode == "leave-one-out":
                trials += [
                    _of_sources(bench, "leave_one_out", f"without {n}", _others(bench.sources, n), budget) for n in bench.sources
                ]
            elif mode == "alone":
                trials += [_of_sources(bench, mode, f"only {name}", (name,), budget) for name in bench.sources]
    if "features" in request.modes:
        trials += [Trial("features", f"without {group}", (group,), _others(groups, group), None) for group in groups]
    for trial in trials:
        if not trial.kept and trial.budget:
            raise SettingsError(f"{trial.name}: no source is left; leaving one out takes at least two, use --mode alone or greedy")
        if not trial.kept:
            raise SettingsError(f"{trial.name}: no feature group is left; the ranker sees no other, so do not ask for features")
    return trials


def _of_sources(bench: Bench, mode: str, name: str, kept: tuple[str, ...], budget: Budget) -> Trial:
    return Trial(mode, name, tuple(source for source in bench.sources if source not in kept), kept, budget)


def _shapley_of_map(bench: Bench, request: Request) -> list[ShapleyRow]:
    budget = request.budgets[0]
    judged = bench.judge({set_name(chosen): bench.measure(bench.of_sources(chosen, budget)) for chosen in _sets(bench, request)})
    table = shapley_of_map(judged, bench.sources, orders=_sampled(bench, request))
    return [ShapleyRow(**row, budget=budget) for row in table.iter_rows(named=True)]


def _sets(bench: Bench, request: Request) -> list[Order]:
    """The sets of sources that Shapley values of MAP take."""
    orders = _sampled(bench, request)
    return all_sets(bench.sources) if orders is None else sets_of(orders, bench.sources)


def _sampled(bench: Bench, request: Request) -> list[Order] | None:
    """Orders of the sources; null where all are looked at."""
    if len(bench.sources) <= EXACT_SOURCES:
        return None
    return sample_orders(bench.sources, orders=request.orders, seed=bench.full.settings.run.seed)


def _groups(system: System, ranker: Path) -> list[str]:
    """The feature groups that the ranker sees, in the order of its columns."""
    return list(dict.fromkeys(group_of_feature(system.groups, Ranker.load(ranker).features).values()))


def _computed_for_sources(system: System) -> int:
    sources = {source.name for source in system.sources}
    return sum(not stage.reused and stage.folder.parent.name in sources for stage in system.artifacts.done.values())


def _others(names: Sequence[str], left_out: str) -> tuple[str, ...]:
    return tuple(name for name in names if name != left_out)


def _names(flag: str, given: str, known: Sequence[str]) -> list[str]:
    names = given.split(",")
    unknown = [name for name in names if name not in known]
    if unknown:
        raise SettingsError(f"{flag}: unknown {unknown[0]!r}; known: {', '.join(known)}")
    return names
