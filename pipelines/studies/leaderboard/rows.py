"""The rows of a leaderboard: figures of all test weeks together with their intervals, what a week takes, and what went wrong.

Input: Measured by method and week, and who refused. Output: Leaderboard.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import polars as pl

from lookbook.data.errors import DataError
from lookbook.evaluation.variants import Judged, judge_variants
from lookbook.pipelines.stages.shards import Target
from lookbook.pipelines.stages.system import System
from lookbook.pipelines.studies.backtest.cost import cost
from lookbook.pipelines.studies.leaderboard.measured import PER_CUSTOMER, Measured
from lookbook.pipelines.studies.leaderboard.methods import DEPTH, Method, ask, default_sources, told_parameters
from lookbook.pipelines.studies.leaderboard.record import Figure, Leaderboard, MethodRow
from lookbook.retrieval.registry import SOURCES

Results = list[Measured]
"""Of one method, in the order of the weeks."""
FOUND_NOTHING, REFUSED = "found nothing", "refused"


@dataclass(frozen=True)
class Pooled:
    """All methods over all weeks. Means of columns of PER_CUSTOMER, and ratios of their sums, on the same resamples."""

    judged: Judged

    @staticmethod
    def of(results: Mapping[Method, Results], *, resamples: int, seed: int) -> "Pooled":
        weeks = [
            {_column(method, what): _values(week.customers, what) for method, week in zip(results, each, strict=True)
             for what in PER_CUSTOMER}
            for each in zip(*results.values(), strict=True)
        ]  # fmt: skip
        return Pooled(judge_variants(weeks, metric="value", resamples=resamples, seed=seed))

    def mean(self, method: Method, what: str) -> Figure:
        found = self.judged.of(_column(method, what))
        return Figure(found.value, found.low, found.high)

    def ratio(self, method: Method, above: str, below: str) -> Figure:
        found = self.judged.ratio(_column(method, above), _column(method, below))
        return Figure(found.value, found.low, found.high)


def leaderboard_of(
    system: System, targets: Sequence[Target], results: Mapping[Method, Results], refused: Mapping[Method, DataError]
) -> Leaderboard:
    """results: of the methods that worked."""
    settings, rows = system.settings, []
    if results:
        pooled = Pooled.of(results, resamples=settings.evaluation.bootstrap_resamples, seed=settings.run.seed)
        rows = [_row(system, targets, method, weeks, pooled) for method, weeks in results.items()]
    customers = pl.concat([shard.served for target in targets for shard in target.shards])
    labels = [system.dataset.labels(target.window).select(pl.len()).collect(engine="streaming").item() for target in targets]
    return Leaderboard(
        weeks=[str(target.window.as_of) for target in targets],
        k=settings.run.k,
        depth=DEPTH,
        n_customers=customers.n_unique(),
        n_customer_weeks=len(customers),
        n_labels=sum(labels),
        beside=[method.name for method in default_sources()],
        methods=[*sorted(rows, key=_place), *(_refusal(method, error) for method, error in refused.items())],
    )


def _row(system: System, targets: Sequence[Target], method: Method, weeks: Results, pooled: Pooled) -> MethodRow:
    oldest = targets[-1].window
    costs = [cost(system, partial(ask, target=target, method=method, oldest=oldest)) for target in targets]
    covered = [week.coverage for week in weeks if week.coverage is not None]
    return MethodRow(
        method=method.name,
        kind=method.kind,
        note="" if any(week.rows for week in weeks) else f"{FOUND_NOTHING}: it needs {_needs(method)}",
        parameters=told_parameters(system, method, oldest=oldest),
        recall=pooled.mean(method, "recall"),
        map=pooled.mean(method, "map"),
        ndcg=pooled.mean(method, "ndcg"),
        coverage=sum(covered) / len(covered) if covered else None,
        novelty=pooled.ratio(method, "information", "places"),
        new=pooled.ratio(method, "new", "places"),
        only=pooled.ratio(method, "only", "labels"),
        n_only=sum(int(week.customers["only"].sum()) for week in weeks),
        cpu_seconds=round(sum(each.cpu_seconds for each in costs) / len(costs), 2),
        peak_memory_mb=max(each.peak_memory_mb for each in costs),
    )


def _refusal(method: Method, error: DataError) -> MethodRow:
    why = "; ".join(line.strip() for line in str(error).splitlines())
    figures = dict.fromkeys(("recall", "map", "ndcg", "coverage", "novelty", "new", "only", "n_only"))
    return MethodRow(
        method=method.name,
        kind=method.kind,
        note=f"{REFUSED}: {why}",
        parameters="",
        **figures,
        cpu_seconds=None,
        peak_memory_mb=None,
    )


def _needs(method: Method) -> str:
    return SOURCES[method.name].needs if method.kind == "source" else "purchases before the week"


def _place(row: MethodRow) -> tuple[float, float, str, str]:
    values = [-figure.value if figure and figure.value is not None else 0.0 for figure in (row.map, row.recall)]
    return values[0], values[1], row.method, row.kind


def _values(customers: pl.DataFrame, what: str) -> pl.DataFrame:
    return customers.select("customer", value=pl.col(what).cast(pl.Float64))


def _column(method: Method, what: str) -> str:
    return f"{method.kind} {method.name} {what}"
