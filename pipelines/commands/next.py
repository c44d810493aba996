"""What to do next: the last lines of a command for people, chosen from what is there already.

Input: a run folder, or the flags that chose a data set. Output: Steps; lines on stdout that can be copied.
"""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lookbook.pipelines.commands.options import ARTIFACTS

MOST = 2
"""Steps shown at a time."""

RUN = "judge the last week of data, then recommend the week after it"
STUDIES: Mapping[str, tuple[str, str]] = {
    "importance.json": ("explain", "what the ranker looks at, and where labels were lost"),
    "report.html": ("report", "all that was found about the run, on one page"),
    "ablation.json": ("ablate", "what each source is worth"),
    "backtest.json": ("backtest", "how it does over several weeks, against simple recommenders"),
    "leaderboard.json": ("leaderboard", "every known source and baseline alone, side by side"),
    "tuning.json": ("tune", "better settings, searched on earlier weeks"),
}
"""The file that a command leaves in a run, the command, and what it is good for."""


@dataclass(frozen=True)
class Step:
    """words: of the command, without `lookbook`. why: what it is good for."""

    words: Sequence[str]
    why: str


def after_run(folder: Path, artifacts: Path) -> list[Step]:
    """What was not asked of a finished run yet, most worth first; when all was, a customer of it and another run."""
    where = _where(artifacts)
    if not (folder / "metrics.json").is_file():
        return [
            Step(["run", "--config", str(folder / "config.resolved.toml"), *where], "judge these settings on the last week of data")
        ]
    run = [*_named(folder, artifacts), *where]
    left = {name: step for name, step in STUDIES.items() if not (folder / name).is_file() or name == _outdated(folder)}
    steps = [Step([command, *run], why) for command, why in left.values()]
    if not (folder / "submission.csv").is_file():
        steps.append(Step(["recommend", *run], "recommend the week after the data for every customer"))
    return [*steps, *_one_customer(folder, run), *_last_two(folder, artifacts)]


def after_tuning(folder: Path, artifacts: Path, *, better: bool) -> list[Step]:
    """better: whether the search left settings that did better than those of the run in `folder`."""
    best = Step(["run", "--config", str(folder / "best.toml"), *_where(artifacts)], "run with what was found")
    return [*([best] if better else []), *after_run(folder, artifacts)]


def after_data(flags: Sequence[str], *, profiled: bool) -> list[Step]:
    """flags: those that chose the data set. profiled: whether it was described already."""
    run = Step(["run", *flags], RUN)
    return [run] if profiled else [run, Step(["data", "profile", *flags], "its columns, outliers, weeks and repurchases")]


def after_simulated(folder: Path) -> list[Step]:
    run = Step(["run", "--dataset", "hm", "--data-dir", str(folder)], RUN)
    return [Step(["data", "twin", str(folder)], "how alike it is to H&M's data"), run]


def after_estimate(flags: Sequence[str], artifacts: Path, *, fits: bool) -> list[Step]:
    """flags: those that chose what would be run. fits: whether the machine has the memory and disk for it."""
    words = ["run", *flags, *_where(artifacts)]
    if fits:
        return [Step(words, "compute it")]
    return [Step([*words, "--sample", "0.1"], "a tenth of the customers, which takes less")]


def after_stop(flags: Sequence[str], artifacts: Path) -> list[Step]:
    """flags: those of a run that was to stop after a phase, without that."""
    return [Step(["run", *flags, *_where(artifacts)], "go on there")]


def after_list(artifacts: Path) -> list[Step]:
    from lookbook.pipelines.runs.folder import finished_runs

    known = finished_runs(artifacts)
    if not known:
        return [Step(["run", *_where(artifacts)], RUN)]
    return [*_last_two(known[-1], artifacts), *after_run(known[-1], artifacts)]


def after_removal(artifacts: Path) -> list[Step]:
    from lookbook.pipelines.runs.folder import finished_runs

    if not finished_runs(artifacts):
        return after_list(artifacts)
    return [Step(["runs", "list", *_where(artifacts)], "the runs that are left")]


def flags_of(folder: Path, artifacts: Path) -> dict[str, list[str]]:
    """What commands need to be about the run in `folder` also when there is a newer one ("run"), or to begin with its settings
    ("settings")."""
    where = _where(artifacts)
    return {"run": ["--run", folder.name, *where], "settings": ["--config", str(folder / "config.resolved.toml"), *where]}


def tell(steps: Sequence[Step], *, silent: bool) -> None:
    """Print the first of the steps; with `silent` (--quiet, --json) none."""
    shown = [] if silent else [(f"lookbook {shlex.join(step.words)}", step.why) for step in steps[:MOST]]
    width = max((len(command) for command, _ in shown), default=0)
    for place, (command, why) in enumerate(shown):
        print(f"{'      ' if place else 'Next: '}{command:<{width}}  # {why}")


def _named(folder: Path, artifacts: Path) -> list[str]:
    """--run, where commands would not look at that run by themselves."""
    from lookbook.pipelines.runs.finished import newest

    chosen = newest(None, root=artifacts)
    return [] if chosen is not None and chosen.name == folder.name else ["--run", folder.name]


def _where(artifacts: Path) -> list[str]:
    return [] if artifacts == ARTIFACTS else ["--artifacts", str(artifacts)]


def _outdated(folder: Path) -> str | None:
    """The page, if something was found since it was written."""
    page, found = folder / "report.html", [folder / name for name in STUDIES if name != "report.html"]
    newer = page.is_file() and any(file.is_file() and file.stat().st_mtime_ns > page.stat().st_mtime_ns for file in found)
    return page.name if newer else None


def _one_customer(folder: Path, run: Sequence[str]) -> list[Step]:
    """The first customer of the test week whose id can be typed."""
    with (folder / "test_submission.csv").open() as lines:
        ids = [line.partition(",")[0] for line, _ in zip(lines, range(2), strict=False)][1:]
    why = "the list of one customer, and why"
    return [
        Step(["explain", "--customer", each, *run], why) for each in ids if each.isprintable() and not each.startswith(('"', "-"))
    ]


def _last_two(folder: Path, artifacts: Path) -> list[Step]:
    """Compare a run with the one before it, if there is one and both have a test week."""
    from lookbook.pipelines.runs.folder import finished_runs

    known = [run.name for run in finished_runs(artifacts) if (run / "metrics.json").is_file()]
    place = known.index(folder.name) if folder.name in known else 0
    if not place:
        return []
    words = ["runs", "compare", known[place - 1], known[place], *_where(artifacts)]
    return [Step(words, "what changed from the run before, and for whom")]
