"""The commands round a simulated data set. Every heavy import is inside the command that needs it."""

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter

from lookbook.pipelines.commands.options import OFF

AsJson = Annotated[bool, OFF, Parameter(help="JSON lines instead of text.")]
Quiet = Annotated[bool, OFF, Parameter(help="Only the result, no progress.")]


def simulate(
    *,
    out: Annotated[Path, Parameter(help="Folder to write: a new or an empty one.")],
    scale: Annotated[float, Parameter(help="Customers against H&M's 1,371,980: 0.001 to 1.")] = 0.01,
    seed: Annotated[int, Parameter(help="Seed of everything random.")] = 0,
    form: Annotated[Literal["csv", "parquet"], Parameter(name="--format", help="Form of the files.")] = "csv",
    config: Annotated[Path | None, Parameter(help="TOML file with [simulate] settings.")] = None,
    json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Write a simulated fashion retailer in the files of the H&M competition, and the true probabilities of purchases."""
    from lookbook.pipelines.data_sets.simulate import show_simulated, simulate_market
    from lookbook.pipelines.settings.config import load_simulation
    from lookbook.pipelines.terminal.progress import Reporter, choose_mode

    settings = load_simulation(config)
    reporter = Reporter(choose_mode(json=json, quiet=quiet))
    show_simulated(simulate_market(settings, out, reporter, scale=scale, seed=seed, form=form), json_lines=json)


def twin(
    folder: Path,
    /,
    *,
    run: Annotated[str | None, Parameter(help="Finished run on this data: how near it comes to the best possible.")] = None,
    artifacts: Annotated[Path, Parameter(help="Folder of the run.")] = Path("artifacts"),
    json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Compare a simulated market (or any folder in H&M's form) with what is known of H&M's data; try simple methods on it."""
    from lookbook.pipelines.data_sets.twin import measure_twin
    from lookbook.pipelines.data_sets.twin_display import show_twin
    from lookbook.pipelines.runs.folder import find_run
    from lookbook.pipelines.settings.config import load_settings
    from lookbook.pipelines.terminal.progress import Reporter, choose_mode

    settings = load_settings(None, {"data.dataset": "hm", "data.data_dir": str(folder)})
    reporter = Reporter(choose_mode(json=json, quiet=quiet))
    finished = find_run(artifacts, run) if run else None
    show_twin(measure_twin(settings, folder, reporter, run=finished), json_lines=json)


def attach(data_app: App) -> None:
    """Add the commands of this file to `lookbook data`."""
    data_app.command(simulate)
    data_app.command(twin)
