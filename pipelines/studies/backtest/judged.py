"""Every method on the same customers: in all test weeks together, by segment, and by whether a label was bought before.

Input: RECOMMENDATIONS by method and week. Output: rows of record.py.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from lookbook.data.schema import PAIR
from lookbook.evaluation.metrics import customer_metrics
from lookbook.evaluation.segments import ALL, customer_segments, frequency_segments, segment_members
from lookbook.evaluation.variants import Judged, judge_variants
from lookbook.pipelines.settings.config import Settings
from lookbook.pipelines.stages.evaluate import SYSTEM
from lookbook.pipelines.stages.shards import Target
from lookbook.pipelines.stages.system import System
from lookbook.pipelines.studies.backtest.methods import Recommended
from lookbook.pipelines.studies.backtest.record import MethodRow, Paired, SegmentRow

REPEATED, NEW = "bought before", "new to the customer"
RECENCY, FREQUENCY, LABELS = "days since last purchase", "purchase days in 90", "labels"
Measured = Mapping[str, pl.DataFrame]
"""CUSTOMER_METRICS by method."""


@dataclass(frozen=True)
class TestedWeek:
    """One test week. methods: what each recommended; parts: what was measured, by (by, segment) of SegmentRow; ALL, ALL: of all."""

    methods: Mapping[str, Recommended]
    parts: Mapping[tuple[str, str], Measured]


def tested(system: System, target: Target, methods: Mapping[str, Recommended]) -> TestedWeek:
    """Measure the lists of one week."""
    k, customers = system.settings.run.k, pl.concat([shard.served for shard in target.shards])
    history = system.dataset.before(target.window.as_of).of(customers)
    labels = system.dataset.labels(target.window, customers).collect().lazy()
    lists = {name: each.lists.collect().lazy() for name, each in methods.items()}

    def measured(counted: pl.LazyFrame) -> Measured:
        return {name: customer_metrics(each, counted, k=k).collect() for name, each in lists.items()}

    everybody = measured(labels)
    parts = {(ALL, ALL): everybody}
    segments = {RECENCY: customer_segments(history, customers), FREQUENCY: frequency_segments(history, customers)}
    for by, segmented in segments.items():
        for segment, members in segment_members(segmented.collect()):
            if segment != ALL:
                parts[by, segment] = {name: each.join(members, on="customer", how="semi") for name, each in everybody.items()}
    before = history.transactions.select(PAIR).unique()
    parts[LABELS, REPEATED] = measured(labels.join(before, on=PAIR, how="semi"))
    parts[LABELS, NEW] = measured(labels.join(before, on=PAIR, how="anti"))
    return TestedWeek(methods, parts)


def pooled(weeks: Sequence[TestedWeek], settings: Settings, part: tuple[str, str] = (ALL, ALL)) -> Judged | None:
    """All methods over all weeks, on a part of the customer-weeks or labels; null where there are none."""
    found = [week.parts[part] for week in weeks if part in week.parts and len(week.parts[part][SYSTEM])]
    if not found:
        return None
    return judge_variants(found, resamples=settings.evaluation.bootstrap_resamples, seed=settings.run.seed)


def method_rows(weeks: Sequence[TestedWeek], settings: Settings) -> list[MethodRow]:
    """The system, then the others, best first, ties by name."""
    judged = pooled(weeks, settings)
    by_week = [pooled([week], settings) for week in weeks]
    assert judged is not None
    others = sorted((name for name in judged.variants if name != SYSTEM), key=lambda name: (-judged.of(name).value, name))
    return [_method_row(name, judged, [each for each in by_week if each], weeks) for name in (SYSTEM, *others)]


def _method_row(name: str, judged: Judged, by_week: Sequence[Judged], weeks: Sequence[TestedWeek]) -> MethodRow:
    mean, costs = judged.of(name), [week.methods[name] for week in weeks]
    return MethodRow(
        method=name,
        map=mean.value,
        low=mean.low,
        high=mean.high,
        map_by_week=[each.of(name).value for each in by_week],
        parameters=costs[0].parameters,
        lookbook=None if name == SYSTEM else _paired(judged, name),
        cpu_seconds=round(sum(cost.cpu_seconds for cost in costs) / len(costs), 2),
        peak_memory_mb=max(cost.peak_memory_mb for cost in costs),
    )


def segment_rows(weeks: Sequence[TestedWeek], settings: Settings, *, baseline: str) -> Iterator[SegmentRow]:
    """One row for each segment that has customers in some week, in the order of their declaration."""
    for by in (RECENCY, FREQUENCY, LABELS):
        names = {ALL: None} | {segment: None for week in weeks for part, segment in week.parts if part == by}
        table = pl.DataFrame({"customer": range(len(names)), "segment": list(names)})
        for segment, _ in segment_members(table):
            judged = pooled(weeks, settings, (by, segment)) if segment != ALL else None
            if judged:
                means = judged.of(SYSTEM).value, judged.of(baseline).value
                yield SegmentRow(by, segment, judged.n_customer_weeks, *means, _paired(judged, baseline))


def _paired(judged: Judged, other: str) -> Paired:
    found, ratio = judged.difference(SYSTEM, other), judged.ratio(SYSTEM, other)
    return Paired(found.value, found.low, found.high, ratio.value, ratio.low, ratio.high, found.verdict)
