"""What a search shows: the best of its trials, what their keys were worth, and the best settings beside those of the run.

Input: Tuning. Output: rich tables, which become plain text where there is no terminal.
"""

from collections.abc import Sequence
from pathlib import Path

from rich.table import Table

from lookbook.pipelines.runs.records.files import as_line
from lookbook.pipelines.studies.tuning.record import Reached, TrialRow, Tuning
from lookbook.pipelines.terminal.figures import count
from lookbook.pipelines.terminal.progress import Reporter
from lookbook.pipelines.terminal.table import console, interval, lines, table

SHOWN = 10
"""Trials, and keys by importance, that are shown; tuning.json has all."""
WITHOUT_WEEKS = 54
"""Columns of the table of trials without the MAP of each week."""


def show_tuning(found: Tuning, folder: Path, reporter: Reporter, *, json_lines: bool) -> None:
    """Print a search on stdout: tables, or one JSON object."""
    if json_lines:
        print(as_line({"run": folder, "tuning": found}))
        return
    out = console()
    for made in tuning_tables(found, width=out.width):
        out.print(made)
        out.print()
    lines(out, *conclusions(found))
    out.print(reporter.reuse())
    out.print(f"Results are in {folder / 'tuning.json'}", soft_wrap=True)
    if found.better:
        out.print(f"Settings are in {folder / 'best.toml'}", soft_wrap=True)


def tuning_tables(found: Tuning, *, width: int) -> list[Table]:
    tables = [trial_table(found, width=width)]
    if found.best and found.better:
        tables.append(settings_table(found.run, found.best))
    if found.importance:
        tables.append(importance_table(found))
    return tables


def trial_table(found: Tuning, *, width: int) -> Table:
    """The settings of the run, then the best trials; those that were ended early come last."""
    title = f"{count(len(found.weeks), 'validation week')}, {found.weeks[-1]} to {found.weeks[0]}; [95 % interval]"
    weeks = ["newest first"] if len(found.weeks) * 8 <= width - WITHOUT_WEEKS else []
    made = table("trial", f"MAP@{found.k}", "- run's", *weeks, "seconds", title=title, fold=False)

    def add(name: str, value: str, gain: str, by_week: Sequence[float], seconds: str) -> None:
        made.add_row(name, value, gain, *["  ".join(f"{each:.4f}" for each in by_week) for _ in weeks], seconds)

    add("as the run", interval(found.run.map, found.run.low, found.run.high, width=width), "", found.run.map_by_week, "")
    order = sorted(found.trials, key=lambda row: (row.state != "finished", -row.gain, row.number))
    for row in order[:SHOWN]:
        name = str(row.number) if row.state == "finished" else f"{row.number}, {row.state}"
        add(name, _map(found, row, width=width), f"{row.gain:+.4f}", row.map_by_week, f"{row.seconds:,.0f}")
    if len(order) > SHOWN:
        made.caption = f"and {count(len(order) - SHOWN, 'other trial')}, in tuning.json"
    return made


def settings_table(run: Reached, best: Reached) -> Table:
    """The values that differ."""
    made = table("setting", "as the run", "best", title="The best trial", fold=False)
    for key, value in best.parameters.items():
        if run.parameters[key] != value:
            made.add_row(key, str(run.parameters[key]), str(value))
    return made


def importance_table(found: Tuning) -> Table:
    made = table("setting", "share", title="What decides whether a trial is among the best", fold=False)
    for row in found.importance[:SHOWN]:
        made.add_row(row.key, f"{row.share:.0%}")
    return made


def conclusions(found: Tuning) -> list[str]:
    """How the best trial stands against the settings of the run."""
    early = sum(row.state != "finished" for row in found.trials)
    done = f"{count(len(found.trials), 'trial')} of {found.wanted:,}; {early} ended early."
    if len(found.trials) < found.wanted:
        done += " The same command goes on."
    if found.gain is None:
        return [done, "No trial was finished on all weeks."]
    paired = f"{found.gain.difference:+.4f} [{found.gain.low:+.4f}, {found.gain.high:+.4f}], paired by customer."
    verdicts = {
        "helps": f"Trial {found.best_trial} is ahead of the settings of the run: {paired}",
        "hurts": f"The best trial is behind the settings of the run: {paired}",
        "cannot tell": f"Trial {found.best_trial} and the settings of the run cannot be told apart, a tie: {paired}",
    }
    chosen = "The best was chosen on these weeks, so later ones will show less of it." if found.better else ""
    return [done, verdicts[found.gain.verdict], *([chosen] if chosen else [])]


def _map(found: Tuning, row: TrialRow, *, width: int) -> str:
    if found.best and row.number == found.best_trial:
        return interval(found.best.map, found.best.low, found.best.high, width=width)
    return f"{row.map:.4f}"
