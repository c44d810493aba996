"""`lookbook data`: the commands about data sets. Every heavy import is inside the command that needs it."""

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter

from lookbook.pipelines.commands.next import after_data, after_run, after_simulated, tell
from lookbook.pipelines.commands.options import (
    ARTIFACTS,
    DEFAULT_OUTPUT,
    NO_DATA_CHOICE,
    OFF,
    DataChoice,
    JsonObject,
    Output,
    Quiet,
)

data_app = App(name="data", help="Look at a data set before a run, or simulate one.")


def check(
    *,
    plan: Annotated[bool, OFF, Parameter(help="Also what is planned ahead, which a run with --plan reads.")] = False,
    choice: DataChoice = NO_DATA_CHOICE,
    json: JsonObject = False,
) -> None:
    """Read a data set as a run would, and say what is in it and what is wrong with it; nothing is kept."""
    settings = choice.settings()
    from lookbook.pipelines.data_sets.check import check as check_data

    check_data(settings, plan=plan or settings.data.plan, json_lines=json)
    tell(after_data(choice.flags(), profiled=False), silent=json)


def profile(
    *,
    out: Annotated[Path | None, Parameter(help="Also write the profile to this JSON file.")] = None,
    choice: DataChoice = NO_DATA_CHOICE,
    output: Output = DEFAULT_OUTPUT,
) -> None:
    """Describe a data set: columns, outliers, weeks and seasons, long tail, repurchases, what is new and what is cold."""
    settings = choice.settings()
    reporter = output.reporter()
    from lookbook.pipelines.data_sets.profile import profile as make_profile
    from lookbook.pipelines.data_sets.profile_display import show_profile

    found = make_profile(settings, reporter, root=output.artifacts, fresh=output.fresh)
    show_profile(found, reporter, file=out, json_lines=output.json)
    tell(after_data(choice.flags(), profiled=True), silent=output.silent)


def simulate(
    *,
    out: Annotated[Path, Parameter(help="Folder to write: a new or an empty one.")],
    scale: Annotated[float, Parameter(help="Customers against H&M's 1,371,980: 0.001 to 1.")] = 0.01,
    seed: Annotated[int, Parameter(help="Seed of everything random.")] = 0,
    form: Annotated[Literal["csv", "parquet"], Parameter(name="--format", help="Form of the files.")] = "csv",
    config: Annotated[Path | None, Parameter(help="TOML file with [simulate] settings.")] = None,
    json: JsonObject = False,
    quiet: Quiet = False,
) -> None:
    """Write a simulated fashion retailer in the files of the H&M competition, and the true probabilities of purchases."""
    from lookbook.pipelines.data_sets.simulate import show_simulated, simulate_market
    from lookbook.pipelines.settings.config import load_simulation
    from lookbook.pipelines.terminal.progress import Reporter, choose_mode

    settings = load_simulation(config)
    reporter = Reporter(choose_mode(json=json, quiet=quiet))
    show_simulated(simulate_market(settings, out, reporter, scale=scale, seed=seed, form=form), json_lines=json)
    tell(after_simulated(out), silent=json or quiet)


def twin(
    folder: Path,
    /,
    *,
    run: Annotated[str | None, Parameter(help="Finished run on this data: how near it comes to the best possible.")] = None,
    artifacts: Annotated[Path, Parameter(help="Folder of the run.")] = ARTIFACTS,
    json: JsonObject = False,
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
    steps = (
        after_run(finished, artifacts) if finished else after_data(["--dataset", "hm", "--data-dir", str(folder)], profiled=False)
    )
    tell(steps, silent=json or quiet)


def attach(app: App) -> None:
    """Add the commands of this file to `lookbook`."""
    app.command(data_app)
    for command in (check, profile, simulate, twin):
        data_app.command(command)
