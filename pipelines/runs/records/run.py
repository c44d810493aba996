"""What a run leaves as JSON: run.json and metrics.json."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from lookbook.data.windows import Window
from lookbook.evaluation.standing import Standing


@dataclass(frozen=True)
class StepCost:
    """What the stages of one step took: `seconds` in this run; `seconds_when_computed` and `peak_memory_mb` when they were
    computed, now or in an earlier run."""

    seconds: float
    seconds_when_computed: float
    computed: int
    reused: int
    peak_memory_mb: int


@dataclass(frozen=True, kw_only=True)
class About:
    """run.json: what was run, on what, with which versions, and what each step took.

    finished: UTC, ISO 8601. code: digest of what decides the results. data: dataset.json of the converted data set, and as `plan`
    in it plan.json, where one is used. test_week, final_week: their first days; None where the run has no such half. trees: of the
    ranker of its first half. warnings: sentences.
    """

    finished: str
    settings_digest: str
    code: str | None = None
    preset: str
    k: int
    dataset: str
    data_digest: str
    data: Mapping[str, object]
    test_week: str | None = None
    final_week: str | None = None
    device: str
    trees: int
    warnings: Sequence[str] = ()
    versions: Mapping[str, str | None]
    stages: Mapping[str, StepCost]
    peak_memory_mb: int

    @property
    def last_day(self) -> date | None:
        """The last day that was known: the last of the test week, and the one before the final week."""
        if self.final_week:
            return date.fromisoformat(self.final_week) - timedelta(days=1)
        return Window(date.fromisoformat(self.test_week)).end - timedelta(days=1) if self.test_week else None

    @property
    def minute(self) -> str:
        """When it was finished, UTC."""
        return self.finished[:16].replace("T", " ")


@dataclass(frozen=True)
class Cell:
    """A row of METRICS (evaluation/summary.py). low, high: ends of the 95 % interval, null where there is none."""

    value: float | None
    low: float | None
    high: float | None
    n_customers: int


@dataclass(frozen=True)
class DifferenceCell(Cell):
    """A row of DIFFERENCES: the system - a variant, and the system / the variant."""

    ratio: float | None
    ratio_low: float | None
    ratio_high: float | None


@dataclass(frozen=True)
class SourceQuality:
    """A row of SOURCE_QUALITY (evaluation/sources/candidates.py)."""

    source: str
    found: int
    recall: float
    low: float
    high: float
    customer_recall: float
    candidates_per_customer: float
    positive_rate: float | None
    n_labels: int
    n_customers: int
    found_only: int


@dataclass(frozen=True)
class UnionRecall:
    """A row of UNION_RECALL (evaluation/sources/candidates.py)."""

    depth: int
    found: int
    recall: float
    low: float
    high: float
    customer_recall: float
    candidates_per_customer: float
    positive_rate: float | None
    n_labels: int
    n_customers: int


@dataclass(frozen=True)
class ColdRecall:
    """A row of COLD_RECALL (evaluation/sources/cold.py). segment: of articles, by the days since their first sale."""

    segment: str
    source: str
    found: int
    recall: float
    low: float
    high: float
    n_labels: int
    n_customers: int
    found_only: int


Cells = Mapping[str, Mapping[str, Mapping[str, Cell]]]
"""By variant, segment and metric."""
DifferenceCells = Mapping[str, Mapping[str, Mapping[str, DifferenceCell]]]


@dataclass(frozen=True)
class TriedBaseline:
    """A row of TRIED (evaluation/baselines/chosen.py)."""

    variant: str
    parameters: str
    map: float | None
    chosen: bool


@dataclass(frozen=True, kw_only=True)
class Results:
    """metrics.json. standing: against the best baseline. baselines: the parameters tried on the weeks before. cold_customers: those
    with next to no purchase before the week; cold_articles: recall of those with next to no sale before it. All four are null in
    runs of versions that did not tell them."""

    standing: Standing | None = None
    metrics: Cells
    differences: DifferenceCells
    sources: Sequence[SourceQuality]
    union: Sequence[UnionRecall]
    baselines: Sequence[TriedBaseline] | None = None
    cold_customers: Cells | None = None
    cold_articles: Sequence[ColdRecall] | None = None
