"""`lookbook leaderboard`: every registered source and every baseline alone, on the same customers of one or more test weeks.

Input: a finished run. Output: leaderboard.json in its folder. The stages are those of runs and backtests; each source gives DEPTH
candidates and is else as the settings of the run say.
"""

from collections.abc import Collection, Mapping, Sequence
from functools import partial

from lookbook.data.errors import DataError
from lookbook.pipelines.dry_run.planned import Plan
from lookbook.pipelines.runs.finished import FinishedRun
from lookbook.pipelines.runs.folder import add_to_run
from lookbook.pipelines.runs.records.files import as_json
from lookbook.pipelines.stages.retrieve import candidates
from lookbook.pipelines.stages.shards import Target, judged_weeks
from lookbook.pipelines.stages.system import System
from lookbook.pipelines.studies.leaderboard.measured import known_week, measure
from lookbook.pipelines.studies.leaderboard.methods import Method, ask, cheap_first, lists, methods
from lookbook.pipelines.studies.leaderboard.record import Leaderboard
from lookbook.pipelines.studies.leaderboard.rows import Results, leaderboard_of


def leaderboard(finished: FinishedRun, *, weeks: int, only: Collection[str] = ()) -> Leaderboard:
    """Judge `weeks` weeks up to the run's test week, write leaderboard.json into the run, and return its content.

    only: names of sources and baselines; () = all.

    Raises:
        SettingsError: an unknown name, or no data for that many weeks.
    """
    system, wanted = finished.system, methods(only)
    targets = judged_weeks(system, finished.week, weeks)
    plan = Plan.of(system.artifacts)
    for method in cheap_first(wanted):
        plan.announce(system, partial(_ask, targets=targets, method=method))
    plan.announce(system, partial(_beside, targets=targets))
    with system.artifacts.reporter.showing():
        refused = _refused(system, plan, targets, wanted)
        _beside(system, targets)
        results = _measured(system, targets, [method for method in wanted if method not in refused])
    found = leaderboard_of(system, targets, results, refused)
    add_to_run(finished.folder, "leaderboard.json", as_json(found))
    return found


def _ask(system: System, targets: Sequence[Target], method: Method) -> None:
    for target in targets:
        ask(system, target, method, oldest=targets[-1].window)


def _beside(system: System, targets: Sequence[Target]) -> None:
    """The candidates of the sources of the run, as it uses them."""
    for target in targets:
        for shard in target.shards:
            for source in system.sources:
                candidates(system, source, shard)


def _refused(system: System, plan: Plan, targets: Sequence[Target], wanted: Collection[Method]) -> dict[Method, DataError]:
    """Have every method compute what it gives; those that cannot work on these data, and why."""
    refused = {}
    for method in cheap_first(wanted):
        try:
            _ask(system, targets, method)
        except DataError as error:
            plan.withdraw(system, partial(_ask, targets=targets, method=method))
            refused[method] = error
    return refused


def _measured(system: System, targets: Sequence[Target], wanted: Sequence[Method]) -> Mapping[Method, Results]:
    """By method, in the order of the weeks. What a week is measured against is held for one week at a time."""
    found: dict[Method, Results] = {method: [] for method in wanted}
    oldest, k = targets[-1].window, system.settings.run.k
    for target in targets:
        known = known_week(system, target)
        for method in wanted:
            found[method].append(measure(known, lists(system, target, method, oldest=oldest), method, k=k))
    return found
