"""`lookbook run` and `lookbook recommend`. Every heavy import is inside the command that needs it."""

from typing import Annotated

from cyclopts import App, Parameter

from lookbook.pipelines.commands.next import after_estimate, after_run, after_stop, tell
from lookbook.pipelines.commands.options import DEFAULT_OUTPUT, NO_CHANGES, NO_CHOICE, OFF, Changes, Choice, Output
from lookbook.pipelines.stages.phases import Phase


def run(
    *,
    choice: Choice = NO_CHOICE,
    final: Annotated[bool, Parameter(help="Also recommend the week after the data for every customer.")] = True,
    stop_after: Annotated[Phase | None, Parameter(help="Stop when these stages are on disk; the next run goes on there.")] = None,
    dry_run: Annotated[bool, OFF, Parameter(help="Say what is on disk, what is not and what that takes; compute nothing.")] = False,
    output: Output = DEFAULT_OUTPUT,
) -> None:
    """Judge the last week of data, then recommend the week after it for every customer."""
    settings = choice.settings()
    asked = [*choice.flags(), *([] if final else ["--no-final"])]
    if dry_run:
        from lookbook.pipelines.dry_run.display import problems, show_estimate
        from lookbook.pipelines.dry_run.estimate import estimate

        found = estimate(settings, root=output.artifacts, final=final, fresh=output.fresh, until=stop_after)
        show_estimate(found, json_lines=output.json)
        tell(after_estimate(asked, output.artifacts, fits=not problems(found)), silent=output.silent)
        return
    output.confine(settings)
    reporter = output.reporter()
    from lookbook.pipelines.run import run as run_pipeline
    from lookbook.pipelines.run import run_until
    from lookbook.pipelines.runs.display import show_run
    from lookbook.pipelines.runs.folder import finished_runs

    if stop_after:
        run_until(stop_after, settings, reporter, root=output.artifacts, final=final, fresh=output.fresh)
        reporter.say(f"stopped after {stop_after}")
        tell(after_stop(asked, output.artifacts), silent=output.silent)
        return
    before = finished_runs(output.artifacts)
    folder = run_pipeline(settings, reporter, root=output.artifacts, final=final, fresh=output.fresh)
    show_run(folder, reporter, json_lines=output.json, unchanged=folder in before)
    tell(after_run(folder, output.artifacts), silent=output.silent)


def recommend(
    *,
    run: Annotated[str, Parameter(help="Finished run whose settings and number of trees are used.")] = "latest",
    changes: Changes = NO_CHANGES,
    output: Output = DEFAULT_OUTPUT,
) -> None:
    """Recommend the week after the data for every customer, as a finished run did, also on newer data or with other settings.

    Flags and --config lie over the settings of the run, whose data set and preset
    stay as they are. There is no test week, so --final, --stop-after and --dry-run
    are not taken.
    """
    folder, settings = changes.over_run(run, output.artifacts)
    output.confine(settings)
    reporter = output.reporter()
    from lookbook.pipelines.run import recommend_only
    from lookbook.pipelines.runs.display import show_run
    from lookbook.pipelines.runs.folder import finished_runs, read_about

    about, before = read_about(folder), finished_runs(output.artifacts)
    done = recommend_only(
        settings, reporter, root=output.artifacts, trees=about.trees, known_until=about.last_day, fresh=output.fresh
    )
    show_run(done, reporter, json_lines=output.json, unchanged=done in before)
    tell(after_run(done, output.artifacts), silent=output.silent)


def attach(app: App) -> None:
    """Add the commands of this file to `lookbook`."""
    app.command(run)
    app.command(recommend)
