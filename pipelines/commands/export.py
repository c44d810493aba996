"""`lookbook export`. Every heavy import is inside the command, so that --help answers at once."""

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter

from lookbook.pipelines.commands.next import after_run, tell
from lookbook.pipelines.commands.options import OFF


def export(
    *,
    run: Annotated[str, Parameter(help="Finished run: its name, the first characters of it, or latest.")] = "latest",
    form: Annotated[Literal["csv", "parquet", "jsonl", "sqlite"], Parameter(name="--format", help="Form of the file.")] = "csv",
    out: Annotated[Path | None, Parameter(help="File to write; default: recommendations.<format> here.")] = None,
    customers: Annotated[Path | None, Parameter(help="Text file with a customer id in each line; default: everybody.")] = None,
    k: Annotated[int | None, Parameter(help="The first so many articles of each list; default: all.")] = None,
    artifacts: Annotated[Path, Parameter(help="Folder that holds the runs.")] = Path("artifacts"),
    json: Annotated[bool, OFF, Parameter(help="One JSON object instead of text.")] = False,
) -> None:
    """Write the recommendations of a finished run for another program, with ids, names and reasons."""
    from json import dumps

    from lookbook.pipelines.runs.export import export as write_export
    from lookbook.pipelines.runs.folder import find_run
    from lookbook.pipelines.terminal.figures import count

    folder = find_run(artifacts, run)
    done = write_export(folder, form=form, out=out, customers=customers, k=k)
    if json:
        print(dumps({"run": str(folder), "file": str(done.file), "customers": done.customers, "rows": done.rows}))
    else:
        print(f"{count(done.rows, 'recommendation')} to {count(done.customers, 'customer')} in {done.file}")
    tell(after_run(folder, artifacts), silent=json)


def attach(app: App) -> None:
    app.command(export)
