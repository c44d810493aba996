"""`lookbook leaderboard`: every registered source and every baseline alone, on the same customers of one or more test weeks.

Input: a finished run. Output: leaderboard.json in its folder. The stages are those of runs and backtests; each source gives DEPTH
candidates and is else as the settings of the run say.
"""

from collections.abc import Collection, Mapping, Sequence
from functools import partial

from lookbook.data.errors import DataError
from lookbook.pipelines.dry_run.planned import Plan, Walk
from lookbook.pipelines.runs.finished import FinishedRun
from lookbook.pipelines.runs.folder import add_to_run
from lookbook.pipelines.runs.records.files import as_json
from lookbook.pipelines.stages.shards import Target, judged_weeks
from lookbook.pipelines.stages.system import System
from lookbook.pipelines.studies.leaderboard.measured import known_week, measure
from lookbook.pipelines.studies.leaderboard.methods import Method, ask, cheap_first, default_sources, lists, methods
from lookbook.pipelines.studies.leaderboard.record import Leaderboard
from lookbook.pipelines.studies.leaderboard.rows import Results, leaderboard_of


def leaderboard(finished: FinishedRun, *, weeks: int, only: Collection[str] = ()) -> Leaderboard:
    """Judge `weeks` weeks up to the run's test week, write leaderboard.json into the run, and return its content.

    only: names of sources and baselines; () = all.

    Raises:
        SettingsError: an unknown name, or no data for that many weeks.
    """
    system, wanted, beside = finished.system, methods(only), default_sources()
    targets = judged_weeks(system, finished.week, weeks)
    plan = Plan.of(system.artifacts)
    walks = {method: partial(_ask, targets=targets, method=method) for method in cheap_first([*wanted, *beside])}
    for walk in walks.values():
        plan.announce(system, walk)
    with system.artifacts.reporter.showing():
        refused = {method: error for method, walk in walks.items() if (error := _refusal(plan, system, walk))}
        wanted, beside = ([method for method in some if method not in refused] for some in (wanted, beside))
        results = _measured(system, targets, wanted, beside)
    found = leaderboard_of(system, targets, results, {method: refused[method] for method in methods(only) if method in refused})
    add_to_run(finished.folder, "leaderboard.json", as_json(found))
    return found


def _ask(system: System, targets: Sequence[Target], method: Method) -> None:
    for target in targets:
        ask(system, target, method, oldest=targets[-1].window)


def _refusal(plan: Plan, system: System, walk: Walk) -> DataError | None:
    """Compute what `walk` asks for; why that cannot be done with these data, else null."""
    try:
        walk(system)
    except DataError as error:
        plan.withdraw(system, walk)
        return error
    return None


def _measured(
    system: System, targets: Sequence[Target], wanted: Sequence[Method], beside: Sequence[Method]
) -> Mapping[Method, Results]:
    """By method, in the order of the weeks. What a week is measured against is held for one week at a time."""
    found: dict[Method, Results] = {method: [] for method in wanted}
    oldest, k = targets[-1].window, system.settings.run.k
    for target in targets:
        known = known_week(system, target, {method: lists(system, target, method, oldest=oldest) for method in beside})
        for method in wanted:
            found[method].append(measure(known, lists(system, target, method, oldest=oldest), method, k=k))
    return found
