"""`lookbook run`: learn before the last week of data and judge that week; then recommend the week after it for everybody.

Input: Settings. Output: a run folder (runs/folder.py). Both halves use the same steps, one week apart; each step is a file of
stages/, and everything that it computes is kept on disk for the next run.
"""

from datetime import date
from pathlib import Path

from lookbook.pipelines.dry_run.planned import Plan
from lookbook.pipelines.runs.finished import newest_run
from lookbook.pipelines.runs.folder import check_latest
from lookbook.pipelines.runs.written import write_run
from lookbook.pipelines.settings.config import Settings, load_settings
from lookbook.pipelines.stages.evaluate import evaluate
from lookbook.pipelines.stages.examples import examples
from lookbook.pipelines.stages.fit import fit
from lookbook.pipelines.stages.learn import learn
from lookbook.pipelines.stages.phases import Phase, work
from lookbook.pipelines.stages.rank import fit_and_rank, rank
from lookbook.pipelines.stages.retrieve import retrieve
from lookbook.pipelines.stages.shards import Target, run_targets, targets
from lookbook.pipelines.stages.system import System, final_window, open_system
from lookbook.pipelines.terminal.progress import Reporter


def run(settings: Settings, reporter: Reporter, *, root: Path, final: bool = True, fresh: bool = False) -> Path:
    """Test, and with `final` also recommend the 7 days after the data; returns the run folder, which is that of an earlier run if
    nothing changed since."""
    check_latest(root)
    with open_system(settings, reporter, root=root, fresh=fresh) as system:
        weeks = run_targets(system, final=final)  # the test week for its buyers; the week after it for everybody
        _announce(system, weeks, until="rank", judged=True)
        with reporter.showing():
            learn(system, weeks)  # what sources and feature groups know of all customers before each week
            retrieve(system, weeks)  # candidates of every source, merged: one row per customer and article
            examples(system, weeks)  # what was bought in past weeks and some of what was not, with features
            rankers = fit(system, weeks)  # a LambdaRank ranker for each week
            test, *rest = rank(system, weeks, rankers)  # features, scores, the best k of every customer
            verdict = evaluate(system, test.recommendations, test.target.shards)
        return write_run(system, {"test": test, **({"final": rest[0]} if rest else {})}, verdict)


def run_of(settings: Settings | None, reporter: Reporter, *, root: Path, name: str | None) -> Path:
    """The finished run to look at (`newest_run`); where there is none, the test half is run, which reuses what an unfinished run
    left."""
    return newest_run(settings, root=root, name=name) or run(settings or load_settings(), reporter, root=root, final=False)


def run_until(phase: Phase, settings: Settings, reporter: Reporter, *, root: Path, final: bool = True, fresh: bool = False) -> None:
    """The steps of a run up to `phase`, for a later run to find."""
    with open_system(settings, reporter, root=root, fresh=fresh) as system:
        weeks = run_targets(system, final=final)
        _announce(system, weeks, until=phase, judged=False)
        with reporter.showing():
            work(system, weeks, until=phase)


def recommend_only(
    settings: Settings, reporter: Reporter, *, root: Path, trees: int, known_until: date | None = None, fresh: bool = False
) -> Path:
    """The final half alone, with the number of trees of a finished run, on the data as it is now; returns the run folder.
    known_until: the last day of data of that run; a warning is given where the data end before it."""
    check_latest(root)
    with open_system(settings, reporter, root=root, fresh=fresh) as system:
        if known_until is not None and system.dataset.last_day < known_until:
            reporter.warn(f"the data end on {system.dataset.last_day}, before those of the run, which end on {known_until}")
        (week,) = targets(system, [], final=final_window(system.dataset))
        Plan.of(system.artifacts).announce(system, lambda planned: fit_and_rank(planned, week, trees=trees))
        with reporter.showing():
            final = fit_and_rank(system, week, trees=trees)
        return write_run(system, {"final": final}, None)


def _announce(system: System, weeks: list[Target], *, until: Phase, judged: bool) -> None:
    """Tell the reporter of the steps to come. judged: whether the lists of the first week are evaluated."""

    def walk(planned: System) -> None:
        work(planned, weeks, until=until)
        if judged:
            test, *_ = rank(planned, weeks, fit(planned, weeks))
            evaluate(planned, test.recommendations, test.target.shards)

    Plan.of(system.artifacts).announce(system, walk)
