"""`lookbook backtest`: the system and every baseline over successive test weeks, each refitted every week, as in a shop.

Input: a finished run. Output: backtest.json in its folder. The stages are those of a run for each week, and shared between weeks;
sources that go on learning from week to week start in the oldest training week of the run, as they do there.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from lookbook.data.windows import Window, last_window
from lookbook.evaluation.baselines.registry import BASELINES
from lookbook.pipelines.dry_run.planned import Plan
from lookbook.pipelines.errors import SettingsError
from lookbook.pipelines.runs.finished import FinishedRun
from lookbook.pipelines.runs.folder import add_to_run
from lookbook.pipelines.runs.records.files import as_json
from lookbook.pipelines.settings.config import Settings
from lookbook.pipelines.stages.shards import Target, judged_weeks
from lookbook.pipelines.stages.system import System
from lookbook.pipelines.studies.backtest.judged import TestedWeek, method_rows, pooled, segment_rows, tested
from lookbook.pipelines.studies.backtest.methods import Recommended, ask, methods, recommend
from lookbook.pipelines.studies.backtest.record import Backtest


def backtest(finished: FinishedRun, *, weeks: int, until: str | None = None) -> Backtest:
    """Judge `weeks` weeks, write backtest.json into the run, and return its content.

    until: the last day of the newest of them, YYYY-MM-DD; None = that of the run's test week.

    Raises:
        SettingsError: no such day, or no data for that many weeks.
    """
    system = finished.system
    targets = judged_weeks(system, newest_week(until, finished.week), weeks)
    Plan.of(system.artifacts).announce(system, lambda planned: _ask_for_all(planned, targets))
    with system.artifacts.reporter.showing():
        found = _judged([tested(system, *week) for week in _recommended(system, targets)], targets, system.settings)
    add_to_run(finished.folder, "backtest.json", as_json(found))
    return found


def newest_week(until: str | None, run: Window) -> Window:
    """The week that ends with the day `until`, not after the test week of the run; that week if no day is given.

    Raises:
        SettingsError: it is no day, or one after that week.
    """
    last = run.end - timedelta(days=1)
    try:
        day = date.fromisoformat(until) if until else last
    except ValueError:
        raise SettingsError(f"--until {until}: expected a day such as {last}") from None
    if day > last:
        raise SettingsError(f"--until {day}: the test week of the run ends on {last}; expected that day or an earlier one")
    return last_window(day)


def _ask_for_all(system: System, targets: Sequence[Target]) -> None:
    for method in _cheap_first(system):
        for target in targets:
            ask(system, target, method, oldest=targets[-1].window)


def _recommended(system: System, targets: Sequence[Target]) -> list[tuple[Target, Mapping[str, Recommended]]]:
    oldest = targets[-1].window
    lists = {
        (method, target.window): recommend(system, target, method, oldest=oldest)
        for method in _cheap_first(system)
        for target in targets
    }
    return [(target, {method: lists[method, target.window] for method in methods(system)}) for target in targets]


def _cheap_first(system: System) -> list[str]:
    """The system last: once it has run, the process holds memory that the baselines do not need."""
    return methods(system)[::-1]


def _judged(weeks: Sequence[TestedWeek], targets: Sequence[Target], settings: Settings) -> Backtest:
    everybody, rows = pooled(weeks, settings), method_rows(weeks, settings)
    assert everybody is not None
    best = next(row.method for row in rows if row.method in BASELINES)
    return Backtest(
        weeks=[str(target.window.as_of) for target in targets],
        k=settings.run.k,
        n_customers=everybody.n_customers,
        n_customer_weeks=everybody.n_customer_weeks,
        best_baseline=best,
        methods=rows,
        newest=method_rows(weeks[:1], settings),
        segments=list(segment_rows(weeks, settings, baseline=best)),
    )
