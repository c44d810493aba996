"""What a search for better settings found: trial by trial, what decided, and the best beside the settings of the run."""

from lookbook.report.chart import Row, figure
from lookbook.report.fact import Fact
from lookbook.report.html import Child, Html, code, folded, number, table, with_interval
from lookbook.report.plots import labelled_bars, search_history
from lookbook.report.section import Files, Section, file, to_fill

KINDS = ("finished", "ended early")
GAIN = ("difference", "low", "high")
MEAN = ("map", "low", "high")
VERDICTS = {
    "helps": "ahead of the settings of the run",
    "hurts": "behind the settings of the run",
    "cannot tell": "a tie with the settings of the run",
}
TOP = 15
"""Settings drawn by importance."""


def tuning(files: Files) -> Section:
    shows = "Other settings, tried on weeks before the test week, which stays untouched, and compared on the same customers."
    content = file(files, "tuning.json")
    if not content:
        return Section("tuning", "Tuning", shows, [], [to_fill(files, "tune", "No other settings were tried yet.")])
    body = [*_history(content), *_settings(content), *_importance(content), *_trials(content)]
    return Section("tuning", "Tuning", shows, _finding(content), body)


def _finding(content: Fact) -> list[Child]:
    weeks, trials = content["weeks"].rows(), content["trials"].rows()
    several = f"{len(weeks)} validation week{'s' * (len(weeks) > 1)}, from that of {weeks[-1].text} to that of {weeks[0].text}"
    start = f"On {several}, the settings of the run reach MAP@{content['k'].text} "
    of_run: list[Child] = [start, with_interval(content["run"], ".4f", MEAN)]
    best, gain = content["best"], content["gain"]
    if not best:
        return [*of_run, "; no trial was finished yet."]
    return [
        *of_run, f"; the best of {len(trials)} trials, number {content['best_trial'].text}, ", number(best["map"], ".4f"), ": ",
        with_interval(gain, "+.4f", GAIN), f", {VERDICTS[gain['verdict'].text]}. ",
        "It was chosen on these weeks, so that later ones show less of it.",
    ]  # fmt: skip


def _history(content: Fact) -> list[Html]:
    rows: list[Row] = [
        {"x": row["number"], "y": row["gain"], "best": row["best_gain"], "kind": row["state"]} for row in content["trials"].rows()
    ]
    if not rows:
        return []
    drawing = search_history("MAP - that of the run", kinds=KINDS)
    words = "A point for each trial and a line at the best so far, which starts at zero, the settings of the run."
    return [figure(drawing, rows, [], title="Trials in their order", label=words)]


def _settings(content: Fact) -> list[Html]:
    """What the best trial has otherwise than the run."""
    run, best = content["run"]["parameters"], content["best"]["parameters"]
    changed = [(key, value) for key, value in best.items() if value.value != run[key].value]
    rows: list[list[Child]] = [[code(key), _value(run[key]), _value(value)] for key, value in changed]
    return [table("Settings of the best trial", ["setting", "the run", "best trial"], rows)] if rows else []


def _importance(content: Fact) -> list[Html]:
    rows = content["importance"].rows()
    if not rows:
        return []
    drawing = figure(
        labelled_bars("share", form=".0%"),
        [{"name": row["key"].text.partition(".")[2], "value": row["share"]} for row in rows[:TOP]],
        [],
        title="What decides whether a trial is among the best",
        label="One bar for each setting, longest first.",
    )
    cells: list[list[Child]] = [[code(row["key"].text), number(row["share"], ".1%")] for row in rows]
    return [drawing, folded("All settings that were searched", table("Importance", ["setting", "share"], cells))]


def _trials(content: Fact) -> list[Html]:
    headings = ["trial", "state", f"MAP@{content['k'].text}", "− the run's", "seconds", "settings"]
    rows: list[list[Child]] = [
        [
            row["number"].text,
            row["state"].text,
            number(row["map"], ".4f"),
            number(row["gain"], "+.4f"),
            number(row["seconds"], ",.0f"),
            ", ".join(f"{key.rpartition('.')[2]} {value.text}" for key, value in row["parameters"].items()),
        ]
        for row in content["trials"].rows()
    ]
    return [folded("All trials", table("All trials", headings, rows, texts=2))] if rows else []


def _value(value: Fact) -> Child:
    return number(value, ",.10g") if isinstance(value.value, int | float) and not isinstance(value.value, bool) else value.text
