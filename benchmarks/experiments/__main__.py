"""Settings against settings on past weeks, paired by customer: what docs/experiments.md is made of.

`python -m benchmarks.experiments base.toml other.toml --first 2017-11-06 --weeks 4`. Each file is one variant, all of one data set.
A variant is fitted once, on the weeks before the first judged one, and ranks the buyers of each judged week with what was known
before that week. So the last week of data decides nothing, and a variant costs one fit. Output: a line per variant on stdout,
with its difference to the first; processor seconds count what was not found on disk.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from time import process_time
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

if TYPE_CHECKING:
    import polars as pl

    from lookbook.data.windows import Window
    from lookbook.pipelines.stages.system import System

app = App(name="python -m benchmarks.experiments", help=__doc__, help_format="plaintext")


@app.default
def experiments(
    variants: Annotated[tuple[Path, ...], Parameter(help="Settings files; the first is what the others are compared with.")],
    *,
    first: Annotated[str, Parameter(help="First day of the first judged week, whole weeks before the last one.")],
    weeks: Annotated[int, Parameter(help="Judged weeks, one after the other.")] = 4,
    artifacts: Annotated[Path, Parameter(help="Folder for stage tables.")] = Path("artifacts/bench-experiments"),
) -> None:
    """Measure and print."""
    from lookbook.data.windows import Window
    from lookbook.evaluation.variants import judge_variants
    from lookbook.pipelines.settings.config import load_settings
    from lookbook.pipelines.stages.system import open_system
    from lookbook.pipelines.terminal.progress import Reporter

    judged = [Window(date.fromisoformat(first)).earlier(-week) for week in range(weeks)]
    found: dict[str, list[pl.DataFrame]] = {}
    seconds: dict[str, float] = {}
    for file in variants:
        settings = load_settings(file)
        with open_system(settings, Reporter("quiet"), root=artifacts) as system:
            begin = process_time()
            found[file.stem] = precisions(system, judged)
            seconds[file.stem] = process_time() - begin
    by_week = [{name: tables[week] for name, tables in found.items()} for week in range(weeks)]
    verdict = judge_variants(by_week, resamples=settings.evaluation.bootstrap_resamples, seed=settings.run.seed)
    for name in verdict.variants:
        mean, difference = verdict.of(name), verdict.difference(name, verdict.variants[0])
        interval = f"[{difference.low:+.4f}, {difference.high:+.4f}]"
        print(f"{name:<24} {mean.value:.5f} {difference.value:+.5f} {interval} {seconds[name]:.0f} processor seconds")


def precisions(system: "System", judged: Sequence["Window"]) -> "list[pl.DataFrame]":
    """CUSTOMER_METRICS of the buyers of each of the weeks, by one ranker fitted before the first of them."""
    from lookbook.evaluation.metrics import customer_metrics
    from lookbook.pipelines.stages.fit import fit_target
    from lookbook.pipelines.stages.rank import listed, recommend
    from lookbook.pipelines.stages.shards import targets

    k, training = system.settings.run.k, system.settings.ranking.training_weeks
    system = replace(system, first=judged[0].earlier(training))
    weeks = targets(system, judged)
    ranker = fit_target(system, weeks[0]).ranker
    lists = [listed(recommend(system, ranker, week.shards)) for week in weeks]
    labels = [system.dataset.labels(window) for window in judged]
    return [customer_metrics(table, bought, k=k).collect() for table, bought in zip(lists, labels, strict=True)]


if __name__ == "__main__":
    app()
