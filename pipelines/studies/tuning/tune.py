"""`lookbook tune`: settings that do better than those of a run on weeks before its test week, searched by trial.

Input: a finished run. Output: tuning.json in its folder, and best.toml if a trial did better. The folder tuning/ of the artifacts
keeps what a search goes on with: one folder for a space, data, settings, weeks and code.
"""

import shutil
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import partial
from math import inf
from pathlib import Path

from lookbook.pipelines.dry_run.planned import Plan
from lookbook.pipelines.runs.finished import FinishedRun
from lookbook.pipelines.runs.folder import add_to_run, remove_from_run
from lookbook.pipelines.runs.records.files import as_json
from lookbook.pipelines.settings.config import Settings, with_values
from lookbook.pipelines.stages.artifacts import Artifacts
from lookbook.pipelines.stages.digest import digest, library_versions, written_by
from lookbook.pipelines.stages.rank import fit_and_rank
from lookbook.pipelines.studies.tuning.found import best_file, found, gain
from lookbook.pipelines.studies.tuning.outcome import Outcome, Validation, judge, measured
from lookbook.pipelines.studies.tuning.record import Tuning
from lookbook.pipelines.studies.tuning.request import Request, newest_week
from lookbook.pipelines.studies.tuning.search import Search, Tried
from lookbook.pipelines.studies.tuning.space import Space, read_space
from lookbook.pipelines.studies.tuning.stages import TRIALS, TimeIsUp, TrialArtifacts, announce, remove_others, settle
from lookbook.pipelines.terminal.figures import count

WEEKS = "ranking.training_weeks"
RUN = "run"
"""The outcome of the run's own settings."""


@dataclass(frozen=True)
class Tuner:
    """A study and where it is kept. own: the cache of the study; deadline: on the clock of time.monotonic."""

    folder: Path
    request: Request
    space: Space
    search: Search
    validation: Validation
    own: Artifacts
    deadline: float

    @property
    def shared(self) -> Artifacts:
        return self.validation.full.artifacts

    @property
    def settings(self) -> Settings:
        """Those of the run."""
        return self.validation.full.settings

    def outcome(self, name: object) -> Outcome | None:
        return Outcome.read(self.folder / "outcomes" / str(name))

    def keep(self, name: object, outcome: Outcome) -> None:
        outcome.write(self.folder / "outcomes" / str(name))

    def keep_only(self, *names: object) -> None:
        """Remove what belongs to trials that lost: their outcomes and their stages."""
        kept = {str(name) for name in names}
        for folder in (self.folder / "outcomes").iterdir():
            if folder.name not in kept:
                shutil.rmtree(folder)
        outcomes = [outcome for name in names if (outcome := self.outcome(name))]
        remove_others(self.own, {stage for outcome in outcomes for stage in outcome.stages})


def tune(finished: FinishedRun, request: Request, *, root: Path, fresh: bool = False) -> Tuning:
    """Go on with the search until it has as many trials as are asked for, or the time is up; write tuning.json and best.toml into
    the run, also when Ctrl-C ends it, and return the content of the former. fresh: begin the search anew.

    Raises:
        SettingsError: the space, a week or a number is wrong, or there are no data for so many weeks.
    """
    reporter, started = finished.system.artifacts.reporter, time.monotonic()
    space = read_space(request.space, request.groups, finished.system.settings)
    wanted = request.wanted(space)
    validation = Validation(finished.system, newest_week(request.until, finished.week), request.weeks)
    _check_weeks(validation, space)
    folder = root / "tuning" / _mark(validation, space, request)
    if fresh:
        shutil.rmtree(folder, ignore_errors=True)
    search = Search.open(folder / "study.db", space, request.sampler, finished.system.settings.run.seed)
    own = Artifacts(folder / "cache", reporter)
    deadline = inf if request.seconds is None else started + request.seconds
    tuner = Tuner(folder, request, space, search, validation, own, deadline)
    with reporter.showing():
        run = _of_run(tuner)
        reporter.plan({TRIALS: max(wanted - len(search.tried()), 0)})
        try:
            for tried in _trials(tuner, run, wanted):
                reporter.say(_told(tuner, tried, run, wanted))
            shutil.rmtree(own.root, ignore_errors=True)
        except TimeIsUp:
            reporter.say(f"the time is up after {count(len(search.tried()), 'trial')}")
        finally:  # also when Ctrl-C ended it
            result = _written(tuner, run, wanted, finished)
    return result


def _check_weeks(validation: Validation, space: Space) -> None:
    """Every trial must find its training weeks."""
    full, domain = validation.full, space.domains.get(WEEKS)
    most = [value for value in (domain.grid() if domain else []) if isinstance(value, int)]
    settings = with_values(full.settings, {WEEKS: max(most)} if most else {}, where="--space")
    validation.targets(validation.system(settings, full.artifacts))


def _mark(validation: Validation, space: Space, request: Request) -> str:
    """What a search goes on with depends on all of this."""
    full = validation.full
    return digest(
        {
            "space": [{"key": key, **asdict(domain)} for key, domain in space.domains.items()],
            "data": [full.dataset.digest, full.dataset.plan.digest if full.dataset.plan else None],
            "settings": full.settings.tables,
            "device": full.device,
            "weeks": [str(validation.newest.as_of), validation.count],
            "sampler": request.sampler,
            "prune": request.prune,
            "code": written_by("lookbook.pipelines.studies.tuning.search"),
            "libraries": library_versions(),
        }
    )


def _of_run(tuner: Tuner) -> Outcome:
    """What the settings of the run reach; its stages are in the cache of all commands."""
    known = tuner.outcome(RUN)
    if known is None:
        system = tuner.validation.system(tuner.settings, tuner.shared)
        targets = tuner.validation.targets(system)
        plan = Plan.of(tuner.shared)
        for target in targets:
            plan.announce(system, partial(fit_and_rank, target=target))
        known = Outcome([measured(system, target) for target in targets])
        tuner.keep(RUN, known)
    tuner.search.tell_run(tuner.space.now(tuner.settings), known.pooled())
    return known


def _trials(tuner: Tuner, run: Outcome, wanted: int) -> Iterator[Tried]:
    """Every trial that is still to be made, once it has ended."""
    tried = tuner.search.tried()
    while len(tried) < wanted:
        best = best_of(tried)
        rival = tuner.outcome(best.number) if best else None
        _trial(tuner, len(tried) + 1, wanted, rival if rival and rival.pooled() > run.pooled() else run)
        tried = tuner.search.tried()
        best = best_of(tried)
        tuner.keep_only(RUN, *([best.number] if best else []))
        yield tried[-1]


def _trial(tuner: Tuner, number: int, wanted: int, rival: Outcome) -> None:
    """Ask for values, measure them week by week, and tell; a trial that is clearly worse than `rival` ends early."""
    trial = tuner.search.ask()
    settings = with_values(tuner.settings, tuner.search.point_of(trial), where="--space")
    reporter = tuner.shared.reporter
    artifacts = TrialArtifacts(tuner.shared.root, reporter, done=tuner.shared.done, own=tuner.own, deadline=tuner.deadline)
    system, outcome, maps = tuner.validation.system(settings, artifacts), Outcome([]), []
    start = time.perf_counter()
    with reporter.step(TRIALS, f"trial {number} of {wanted}"):
        for target in tuner.validation.targets(system):
            announce(system, artifacts, target)
            outcome = Outcome([*outcome.weeks, measured(system, target)], frozenset(artifacts.used))
            settle(reporter)
            maps.append(outcome.pooled())
            early = len(maps) < tuner.validation.count
            if early and tuner.request.prune and clearly_worse(outcome, rival, tuner.settings):
                break
    tuner.keep(number, outcome)
    took = round(time.perf_counter() - start, 3)
    tuner.search.tell(trial, maps, early=early, map_by_week=outcome.by_week(), seconds=took)


def clearly_worse(outcome: Outcome, rival: Outcome, settings: Settings) -> bool:
    """The interval of the difference, paired by customer, lies below 0 on the weeks so far."""
    return judge({"trial": outcome, "rival": rival}, settings).difference("trial", "rival").verdict == "hurts"


def best_of(tried: list[Tried]) -> Tried | None:
    """The highest MAP of those that were measured on all weeks, the first of equals."""
    finished = [each for each in tried if not each.early]
    return max(finished, key=lambda each: (each.map, -each.number), default=None)


def _written(tuner: Tuner, run: Outcome, wanted: int, finished: FinishedRun) -> Tuning:
    best = best_of(tuner.search.tried())
    outcome = tuner.outcome(best.number) if best else None
    result = found(tuner.search, tuner.validation, run, best, outcome, wanted=wanted, tested=finished.week)
    add_to_run(finished.folder, "tuning.json", as_json(result))
    if best and result.better:
        settings = with_values(tuner.settings, best.point, where="--space")
        add_to_run(finished.folder, "best.toml", best_file(result, tuner.settings, settings, run=finished.folder.name))
    else:
        remove_from_run(finished.folder, "best.toml")  # of another search
    return result


def _told(tuner: Tuner, tried: Tried, run: Outcome, wanted: int) -> str:
    """How far a trial is above the settings of the run, and which is best so far."""
    weeks, best = count(len(tried.map_by_week), "week"), best_of(tuner.search.tried())
    shown = f"; best {gain(best, run):+.4f} (trial {best.number})" if best else ""
    what = f"{gain(tried, run):+.4f} MAP@{tuner.settings.run.k}, {'ended after ' if tried.early else ''}{weeks}"
    return f"trial {tried.number} of {wanted}: {what}, {tried.seconds:.0f} s{shown}"
