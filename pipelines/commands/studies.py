"""The commands that look into a finished run. Every heavy import is inside the command that needs it."""

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter

from lookbook.pipelines.commands.next import after_run, after_tuning, flags_of, tell
from lookbook.pipelines.commands.options import AT_LEAST_ONE, DEFAULT_OUTPUT, NO_CHOICE, OFF, Choice, Output

FinishedRun = Annotated[str | None, Parameter(help="Finished run; default: the newest with these settings, else it is run first.")]


def ablate(
    *,
    run: FinishedRun = None,
    mode: Annotated[
        str, Parameter(help="Joined by commas: leave-one-out, alone, greedy (add the source that helps most), features.")
    ] = "leave-one-out,alone",
    features: Annotated[bool, OFF, Parameter(help="Also leave out each feature group, like mode features.")] = False,
    budget: Annotated[
        str,
        Parameter(help="Places of candidates left out: fixed = filled by others that were cut, union = empty; or fixed,union."),
    ] = "fixed",
    weeks: Annotated[int, Parameter(help="Test weeks, the run's and those before it, each with its own training weeks.")] = 1,
    shapley: Annotated[bool, OFF, Parameter(help="Also Shapley values of MAP: a fit for every set of up to 6 sources.")] = False,
    orders: Annotated[int, Parameter(help="Orders sampled for --shapley where there are more than 6 sources.")] = 10,
    choice: Choice = NO_CHOICE,
    output: Output = DEFAULT_OUTPUT,
) -> None:
    """Run the system without each source, or with it alone, and say whether the source helps, hurts or neither can be told."""
    settings = choice.settings_or_those_of(run, output.artifacts)
    output.confine(settings)
    reporter = output.reporter()
    from lookbook.pipelines.ablation.ablate import ablate as run_ablation
    from lookbook.pipelines.ablation.ablate import requested
    from lookbook.pipelines.ablation.display import show_ablation
    from lookbook.pipelines.run import run_of
    from lookbook.pipelines.runs.finished import reopened

    request = requested(modes=mode, budgets=budget, features=features, weeks=weeks, shapley=shapley, orders=orders)
    folder = run_of(settings, reporter, root=output.artifacts, name=run)
    with reopened(folder, reporter, root=output.artifacts, fresh=output.fresh) as finished:
        content = run_ablation(finished, request)
    show_ablation(content, folder, reporter, json_lines=output.json)
    tell(after_run(folder, output.artifacts), silent=output.silent)


def explain(
    *,
    run: FinishedRun = None,
    customer: Annotated[str | None, Parameter(help="Explain the list of this customer instead: the id in the data.")] = None,
    article: Annotated[str | None, Parameter(help="With --customer: why this article was recommended to them, or not.")] = None,
    final: Annotated[bool, OFF, Parameter(help="With --customer: in the week after the data, not in the test week.")] = False,
    customers: Annotated[int, Parameter(help="Look at no more customers of the test week.", validator=AT_LEAST_ONE)] = 5000,
    repeats: Annotated[int, Parameter(help="Permutations of each feature, group and source.", validator=AT_LEAST_ONE)] = 5,
    top: Annotated[int, Parameter(help="Features in the table; the file holds all.", validator=AT_LEAST_ONE)] = 20,
    choice: Choice = NO_CHOICE,
    output: Output = DEFAULT_OUTPUT,
) -> None:
    """Say what the ranker looks at, by feature, feature group and source, and where labels were lost; or explain one list."""
    settings = choice.settings_or_those_of(run, output.artifacts)
    output.confine(settings)
    reporter = output.reporter()
    from lookbook.pipelines.explain.customer_display import show_one
    from lookbook.pipelines.explain.importance_display import show_importance
    from lookbook.pipelines.explain.pair import One, explain_one
    from lookbook.pipelines.explain.ranker import explain_ranker
    from lookbook.pipelines.run import run_of
    from lookbook.pipelines.runs.finished import reopened

    one = One.asked(customer, article, final=final)
    folder = run_of(settings, reporter, root=output.artifacts, name=run)
    with reopened(folder, reporter, root=output.artifacts, fresh=output.fresh) as finished:
        if one is not None:
            show_one(explain_one(finished, one), folder, reporter, json_lines=output.json)
        else:
            explain_ranker(finished, customers=customers, repeats=repeats)
    if one is None:
        show_importance(folder, reporter, top=top, json_lines=output.json)
    tell(after_run(folder, output.artifacts), silent=output.silent)


def backtest(
    *,
    run: FinishedRun = None,
    weeks: Annotated[int, Parameter(help="Test weeks, each with its own training weeks.", validator=AT_LEAST_ONE)] = 4,
    until: Annotated[
        str | None, Parameter(help="Last day of the newest of them, YYYY-MM-DD; default: that of the run's test week.")
    ] = None,
    choice: Choice = NO_CHOICE,
    output: Output = DEFAULT_OUTPUT,
) -> None:
    """Judge the system and simple recommenders on several weeks, each refitted every week, and say what they cost."""
    settings = choice.settings_or_those_of(run, output.artifacts)
    output.confine(settings)
    reporter = output.reporter()
    from lookbook.pipelines.run import run_of
    from lookbook.pipelines.runs.finished import reopened
    from lookbook.pipelines.studies.backtest.backtest import backtest as run_backtest
    from lookbook.pipelines.studies.backtest.display import show_backtest

    folder = run_of(settings, reporter, root=output.artifacts, name=run)
    with reopened(folder, reporter, root=output.artifacts, fresh=output.fresh) as finished:
        found = run_backtest(finished, weeks=weeks, until=until)
    show_backtest(found, folder, reporter, json_lines=output.json)
    tell(after_run(folder, output.artifacts), silent=output.silent)


def leaderboard(
    *,
    run: FinishedRun = None,
    weeks: Annotated[int, Parameter(help="Test weeks: the run's and those before it.", validator=AT_LEAST_ONE)] = 1,
    only: Annotated[
        tuple[str, ...],
        Parameter(
            consume_multiple=True, negative="", show_default=False, help="Only these sources and baselines, by name; default: all."
        ),
    ] = (),
    choice: Choice = NO_CHOICE,
    output: Output = DEFAULT_OUTPUT,
) -> None:
    """Judge every known source and baseline alone: what it finds, what only it finds, what its lists are like, what it costs."""
    settings = choice.settings_or_those_of(run, output.artifacts)
    output.confine(settings)
    reporter = output.reporter()
    from lookbook.pipelines.run import run_of
    from lookbook.pipelines.runs.finished import reopened
    from lookbook.pipelines.studies.leaderboard.display import show_leaderboard
    from lookbook.pipelines.studies.leaderboard.leaderboard import leaderboard as judge_methods
    from lookbook.pipelines.studies.leaderboard.methods import methods

    names = [name for given in only for name in given.split(",")]
    methods(names)
    folder = run_of(settings, reporter, root=output.artifacts, name=run)
    with reopened(folder, reporter, root=output.artifacts, fresh=output.fresh) as finished:
        found = judge_methods(finished, weeks=weeks, only=names)
    show_leaderboard(found, folder, reporter, json_lines=output.json)
    tell(after_run(folder, output.artifacts), silent=output.silent)


def tune(
    *,
    run: FinishedRun = None,
    what: Annotated[
        str, Parameter(help="Groups of settings, joined by commas: sources, embeddings, ranker, or those of --space. Default: all.")
    ] = "",
    space: Annotated[Path | None, Parameter(help="TOML file that says what may be changed, as docs/tuning.md explains.")] = None,
    sampler: Annotated[
        Literal["tpe", "random", "grid"], Parameter(help="How values are chosen; tpe learns from earlier trials.")
    ] = "tpe",
    trials: Annotated[
        int | None, Parameter(help="Trials in all, those of earlier calls too; default: 20, of a grid all.", validator=AT_LEAST_ONE)
    ] = None,
    time_limit: Annotated[str | None, Parameter(help="Begin nothing after this time, such as 90s, 30m or 1.5h.")] = None,
    weeks: Annotated[int, Parameter(help="Validation weeks, each with its own training weeks.", validator=AT_LEAST_ONE)] = 3,
    until: Annotated[
        str | None, Parameter(help="Last day of the newest of them, YYYY-MM-DD; default: 4 weeks before that of the test week.")
    ] = None,
    prune: Annotated[bool, Parameter(help="End a trial that is clearly worse than the best after some of the weeks.")] = True,
    choice: Choice = NO_CHOICE,
    output: Output = DEFAULT_OUTPUT,
) -> None:
    """Search settings that do better than a run's, on weeks before its test week. The same command goes on where it ended."""
    settings = choice.settings_or_those_of(run, output.artifacts)
    output.confine(settings)
    reporter = output.reporter()
    from lookbook.pipelines.run import run_of
    from lookbook.pipelines.runs.finished import reopened
    from lookbook.pipelines.studies.tuning.display import show_tuning
    from lookbook.pipelines.studies.tuning.request import Request, seconds_of
    from lookbook.pipelines.studies.tuning.tune import tune as search_settings

    groups, seconds = tuple(what.split(",")) if what else (), seconds_of(time_limit)
    request = Request(groups, space, sampler, trials, seconds, weeks, until, prune)
    folder = run_of(settings, reporter, root=output.artifacts, name=run)
    with reopened(folder, reporter, root=output.artifacts, fresh=output.fresh) as finished:
        found = search_settings(finished, request, root=output.artifacts, fresh=output.fresh)
    show_tuning(found, folder, reporter, json_lines=output.json)
    tell(after_tuning(folder, output.artifacts, better=found.better), silent=output.silent)


def report(*, run: FinishedRun = None, choice: Choice = NO_CHOICE, output: Output = DEFAULT_OUTPUT) -> None:
    """Write report.html into a run: one page with all that run, ablate and explain found, which opens in any browser."""
    settings = choice.settings_or_those_of(run, output.artifacts)
    output.confine(settings)
    reporter = output.reporter()
    from lookbook.pipelines.report import report as write_report
    from lookbook.pipelines.report import show_report
    from lookbook.pipelines.run import run_of

    folder = run_of(settings, reporter, root=output.artifacts, name=run)
    flags = flags_of(folder, output.artifacts)
    page = write_report(folder, reporter, root=output.artifacts, fresh=output.fresh, flags=flags)
    show_report(page, reporter, json_lines=output.json)
    tell(after_run(folder, output.artifacts), silent=output.silent)


def attach(app: App) -> None:
    """Add the commands of this file to `lookbook`."""
    for command in (ablate, backtest, explain, leaderboard, report, tune):
        app.command(command)
