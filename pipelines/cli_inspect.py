"""The commands that look into a finished run and into its data. Every heavy import is inside the command that needs it."""

from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter
from cyclopts.validators import Number

from pipelines.options import DEFAULT_OUTPUT, NO_CHOICE, OFF, Choice, Output

AT_LEAST_ONE = Number(gte=1)
FinishedRun = Annotated[str | None, Parameter(help="Finished run; default: the newest with these settings, else it is run first.")]

runs_app = App(name="runs", help="List, compare and remove finished runs.")


def ablate(
    *,
    run: FinishedRun = None,
    mode: Annotated[
        str, Parameter(help="Joined by commas: leave-one-out, alone, greedy (add the source that helps most), features.")
    ] = "leave-one-out,alone",
    features: Annotated[bool, OFF, Parameter(help="Also leave out each feature group, like mode features.")] = False,
    budget: Annotated[
        str,
        Parameter(help="Places of candidates left out: fixed = other sources fill in, union = none does; or fixed,union."),
    ] = "fixed",
    weeks: Annotated[int, Parameter(help="Test weeks, the run's and those before it, each with its own training weeks.")] = 1,
    shapley: Annotated[bool, OFF, Parameter(help="Also Shapley values of MAP: a fit for every set of up to 6 sources.")] = False,
    orders: Annotated[int, Parameter(help="Orders sampled for --shapley where there are more than 6 sources.")] = 10,
    choice: Choice = NO_CHOICE,
    output: Output = DEFAULT_OUTPUT,
) -> None:
    """Run the system without each source, or with it alone, and say whether the source helps, hurts or neither can be told."""
    settings = choice.settings() if choice != NO_CHOICE else None
    reporter = output.reporter()
    from pipelines.ablate import ablate as run_ablation
    from pipelines.ablate import requested
    from pipelines.ablation_display import show_ablation
    from pipelines.inspected import inspected, run_of

    request = requested(modes=mode, budgets=budget, features=features, weeks=weeks, shapley=shapley, orders=orders)
    folder = run_of(settings, reporter, root=output.artifacts, name=run)
    with inspected(folder, reporter, root=output.artifacts, fresh=output.fresh) as opened:
        content = run_ablation(opened, request)
    show_ablation(content, folder, reporter, json_lines=output.json)


def explain(
    *,
    run: FinishedRun = None,
    customers: Annotated[int, Parameter(help="Look at no more customers of the test week.", validator=AT_LEAST_ONE)] = 5000,
    repeats: Annotated[int, Parameter(help="Permutations of each feature, group and source.", validator=AT_LEAST_ONE)] = 5,
    top: Annotated[int, Parameter(help="Features in the table; the file holds all.", validator=AT_LEAST_ONE)] = 20,
    choice: Choice = NO_CHOICE,
    output: Output = DEFAULT_OUTPUT,
) -> None:
    """Say what the ranker looks at, by feature, feature group and source, and where labels were lost."""
    settings = choice.settings() if choice != NO_CHOICE else None
    reporter = output.reporter()
    from pipelines.explain import explain_ranker
    from pipelines.importance_display import show_importance
    from pipelines.inspected import inspected, run_of

    folder = run_of(settings, reporter, root=output.artifacts, name=run)
    with inspected(folder, reporter, root=output.artifacts, fresh=output.fresh) as opened:
        explain_ranker(opened, customers=customers, repeats=repeats)
    show_importance(folder, reporter, top=top, json_lines=output.json)


def profile(
    *,
    out: Annotated[Path | None, Parameter(help="Also write the profile to this JSON file.")] = None,
    choice: Choice = NO_CHOICE,
    output: Output = DEFAULT_OUTPUT,
) -> None:
    """Describe a data set: columns, outliers, weeks and seasons, long tail, repurchases, what is new and what is cold."""
    settings = choice.settings()
    reporter = output.reporter()
    from pipelines.profile import profile as make_profile
    from pipelines.profile_display import show_profile

    found = make_profile(settings, reporter, root=output.artifacts, fresh=output.fresh)
    show_profile(found, reporter, file=out, json_lines=output.json)


def report(*, run: FinishedRun = None, choice: Choice = NO_CHOICE, output: Output = DEFAULT_OUTPUT) -> None:
    """Write report.html into a run: one page with all that run, ablate and explain found, which opens in any browser."""
    settings = choice.settings() if choice != NO_CHOICE else None
    reporter = output.reporter()
    from pipelines.inspected import run_of
    from pipelines.report import report as write_report
    from pipelines.report import show_report

    folder = run_of(settings, reporter, root=output.artifacts, name=run)
    show_report(write_report(folder, reporter, root=output.artifacts, fresh=output.fresh), reporter, json_lines=output.json)


def attach(app: App, data_app: App) -> None:
    """Add the commands of this file to `lookbook` and to `lookbook data`."""
    app.command(runs_app)
    app.command(ablate)
    data_app.command(profile)
    app.command(explain)
    app.command(report)
