"""`lookbook runs`: the commands about finished runs. Every heavy import is inside the command that needs it."""

from typing import Annotated

from cyclopts import App, Parameter
from cyclopts.validators import Number

from lookbook.pipelines.commands.next import after_list, after_removal, after_run, tell
from lookbook.pipelines.commands.options import ARTIFACTS, AT_LEAST_ONE, JsonObject, Output, Quiet, RunFolders

runs_app = App(name="runs", help="List, compare and remove finished runs.")


@runs_app.command(name="list")
def list_finished(*, artifacts: RunFolders = ARTIFACTS, json: JsonObject = False) -> None:
    """List the finished runs: when, on what, how good, how long, how large."""
    from lookbook.pipelines.runs.listing import list_runs
    from lookbook.pipelines.runs.listing_display import show_list

    show_list(list_runs(artifacts), artifacts, json_lines=json)
    tell(after_list(artifacts), silent=json)


@runs_app.command
def compare(
    a: Annotated[str, Parameter(help="Finished run: its name, the first characters of it, or latest.")],
    b: Annotated[str, Parameter(help="The run that is compared with it.")],
    /,
    *,
    top: Annotated[int, Parameter(help="Customers listed who gained most, and who lost most.", validator=AT_LEAST_ONE)] = 10,
    artifacts: RunFolders = ARTIFACTS,
    json: JsonObject = False,
    quiet: Quiet = False,
) -> None:
    """Say what was changed from run A to run B, what it did to every metric, and who gained and lost."""
    reporter = Output(artifacts=artifacts, json=json, quiet=quiet).reporter()
    from lookbook.pipelines.runs.compare import compare as compare_runs
    from lookbook.pipelines.runs.listing_display import show_comparison

    found = compare_runs(artifacts, a, b, reporter, top=top)
    show_comparison(found.content, json_lines=json)
    if found.refused is not None:
        raise found.refused
    tell(after_run(artifacts / "runs" / found.content.b, artifacts), silent=json or quiet)


@runs_app.command
def remove(
    *names: Annotated[str, Parameter(help="Finished runs: names, first characters of them, or latest.")],
    keep: Annotated[int | None, Parameter(help="Instead of names: all but the newest N.", validator=Number(gte=0))] = None,
    artifacts: RunFolders = ARTIFACTS,
    json: JsonObject = False,
) -> None:
    """Remove finished runs; the stage tables that runs share are kept."""
    from lookbook.pipelines.runs.folder import finished_runs
    from lookbook.pipelines.runs.listing import remove_runs
    from lookbook.pipelines.runs.listing_display import show_removed

    removed = remove_runs(artifacts, names, keep=keep)
    show_removed(removed, [folder.name for folder in finished_runs(artifacts)], artifacts, json_lines=json)
    tell(after_removal(artifacts), silent=json)


def attach(app: App) -> None:
    """Add the commands of this file to `lookbook`."""
    app.command(runs_app)
