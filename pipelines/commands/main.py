"""The command `lookbook`. Every heavy import is inside the command that needs it, so that --help answers at once."""

import sys
from pathlib import Path
from typing import Annotated

from cyclopts import App, CycloptsError, Parameter

from lookbook.pipelines.commands import data as cli_data
from lookbook.pipelines.commands import export as cli_export
from lookbook.pipelines.commands import inspect as cli_inspect
from lookbook.pipelines.commands.options import DEFAULT_OUTPUT, NO_CHOICE, NO_DATA_CHOICE, OFF, Choice, DataChoice, Output
from lookbook.pipelines.machine.memory_limit import remember_command
from lookbook.pipelines.stages.phases import Phase

app = App(
    name="lookbook",
    help="Predicts what every customer of a retailer buys next week: candidate retrieval, then LambdaRank.",
    help_format="plaintext",
    version="0.1.0",
    suppress_keyboard_interrupt=False,
)
data_app = App(name="data", help="Look at a data set before a run.")
app.command(data_app)


@app.command
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
    if dry_run:
        from lookbook.pipelines.dry_run.display import show_estimate
        from lookbook.pipelines.dry_run.estimate import estimate

        found = estimate(settings, root=output.artifacts, final=final, fresh=output.fresh, until=stop_after)
        show_estimate(found, json_lines=output.json)
        return
    output.confine(settings)
    reporter = output.reporter()
    from lookbook.pipelines.run import run as run_pipeline
    from lookbook.pipelines.run import run_until
    from lookbook.pipelines.runs.display import show_run

    if stop_after:
        run_until(stop_after, settings, reporter, root=output.artifacts, final=final, fresh=output.fresh)
        reporter.say(f"stopped after {stop_after}; without --stop-after the same command goes on there")
        return
    folder = run_pipeline(settings, reporter, root=output.artifacts, final=final, fresh=output.fresh)
    show_run(folder, reporter, json_lines=output.json)


@app.command
def recommend(
    *,
    run: Annotated[str, Parameter(help="Finished run whose settings and number of trees are used.")] = "latest",
    data_dir: Annotated[Path | None, Parameter(help="Newer files of the same data set.")] = None,
    output: Output = DEFAULT_OUTPUT,
) -> None:
    """Recommend the week after the data for every customer, as a finished run did, also on newer data."""
    from lookbook.pipelines.machine.threads import limit_threads

    limit_threads(None, config=output.artifacts / "runs" / run / "config.resolved.toml")
    from lookbook.pipelines.run import recommend_only
    from lookbook.pipelines.runs.display import show_run
    from lookbook.pipelines.runs.folder import find_run, read_about
    from lookbook.pipelines.settings.config import load_settings

    folder = find_run(output.artifacts, run)
    settings = load_settings(folder / "config.resolved.toml", {"data.data_dir": str(data_dir.absolute())} if data_dir else {})
    output.confine(settings)
    reporter = output.reporter()
    trees = int(str(read_about(folder)["trees"]))
    done = recommend_only(settings, reporter, root=output.artifacts, trees=trees, fresh=output.fresh)
    show_run(done, reporter, json_lines=output.json)


@app.command
def doctor(*, json: Annotated[bool, OFF, Parameter(help="JSON instead of text.")] = False) -> int:
    """Say what this machine has: versions, device, cores, memory, disk, and whether the libraries load."""
    from lookbook.pipelines.machine.doctor import examine

    report = examine()
    print(report.json() if json else report.text())
    return report.exit_code


@data_app.command
def check(
    *, choice: DataChoice = NO_DATA_CHOICE, json: Annotated[bool, OFF, Parameter(help="JSON instead of text.")] = False
) -> None:
    """Read a data set as a run would, and say what is in it and what is wrong with it; nothing is kept."""
    settings = choice.settings()
    from lookbook.pipelines.data_sets.check import check as check_data

    check_data(settings, json_lines=json)


cli_inspect.attach(app, data_app)
cli_data.attach(data_app)
cli_export.attach(app)


def main() -> None:
    """Run the command line; ends the process with the exit codes of pipelines/errors.py."""
    remember_command(sys.argv[1:])
    try:
        sys.exit(app(exit_on_error=False, print_error=False, result_action="return_value"))
    except CycloptsError as error:
        fail(str(error), 2)
    except KeyboardInterrupt:
        fail("stopped; the same command goes on where this one ended", 130)
    except MemoryError:
        fail("not enough memory; a smaller run.shard_customers or retrieval.max_candidates needs less", 5)
    except Exception as error:
        code = exit_code(error)
        if code is None:
            raise
        fail(str(error), code)


def exit_code(error: Exception) -> int | None:
    """The exit code of an error that is not a bug, else None (then the traceback is shown, exit code 1)."""
    from lookbook.pipelines.machine.disk import FULL

    if isinstance(error, OSError) and error.errno in FULL:
        return 5
    code = getattr(error, "exit_code", None)
    return code if isinstance(code, int) else None


def fail(message: str, code: int) -> None:
    print(f"lookbook: {message}", file=sys.stderr)
    sys.exit(code)


if __name__ == "__main__":
    main()
