"""What ablation.json holds. MAPs are of the test weeks pooled; low and high end 95 % intervals over customers."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Whole:
    """What the whole system reached. trees: of each week, null = too few examples to fit in it; note: why nothing was fitted, null
    = all well. n_customer_weeks: a customer counts once for each week with purchases."""

    map: float
    low: float
    high: float
    map_by_week: Sequence[float]
    candidates_per_customer: float
    recall: float
    trees: Sequence[int | None]
    fit_seconds: float
    note: str | None
    n_customers: int
    n_customer_weeks: int


@dataclass(frozen=True)
class VariantRow:
    """What a variant reached, as in Whole, and how far it stays behind. difference: the whole system's MAP - the variant's.

    left_out, kept: names of sources, or of feature groups in mode "features". budget: null in that mode. smallest_visible: the
    smallest difference that these customers could have shown; verdict: on the part that is left out.
    """

    mode: str
    name: str
    left_out: Sequence[str]
    kept: Sequence[str]
    budget: str | None
    map: float
    low: float
    high: float
    map_by_week: Sequence[float]
    candidates_per_customer: float
    recall: float
    trees: Sequence[int | None]
    fit_seconds: float
    note: str | None
    difference: float
    difference_low: float
    difference_high: float
    smallest_visible: float
    verdict: str


@dataclass(frozen=True)
class Gain:
    """What adding a source to the step before gave: its MAP, and by how much that is more."""

    source: str
    map: float
    gain: float
    gain_low: float
    gain_high: float
    smallest_visible: float
    verdict: str


@dataclass(frozen=True)
class GreedyStep:
    """The best source of those that were tried, with its Gain, and whether it was added."""

    best: str
    added: bool
    source: str
    map: float
    gain: float
    gain_low: float
    gain_high: float
    smallest_visible: float
    verdict: str
    tried: Sequence[Gain]


@dataclass(frozen=True)
class BuiltUp:
    """The sources in the end, and every step to there; the last one may have added nothing."""

    budget: str
    kept: Sequence[str]
    steps: Sequence[GreedyStep]


@dataclass(frozen=True)
class SourceRow:
    """SOURCE_QUALITY before the cut, and what the source's stages took when they were computed."""

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
    learn_seconds: float
    retrieve_seconds: float
    peak_memory_mb: int


@dataclass(frozen=True)
class Overlap:
    """jaccard: null where neither source retrieved anything."""

    source: str
    other: str
    jaccard: float | None


@dataclass(frozen=True)
class ShapleyRow:
    """SHAPLEY of recall before the cut or of MAP; budget: of MAP only, no key in the file where it is null."""

    source: str
    of: str
    value: float
    low: float | None
    high: float | None
    standard_error: float | None
    share: float | None
    budget: str | None = None


@dataclass(frozen=True)
class Ablation:
    """weeks: test weeks, newest first. k: of MAP@k. source_stages_computed_by_variants: 0 where none was computed again."""

    budget: str
    weeks: Sequence[str]
    k: int
    full: Whole
    variants: Sequence[VariantRow]
    greedy: Sequence[BuiltUp]
    sources: Sequence[SourceRow]
    overlap: Sequence[Overlap]
    shapley: Sequence[ShapleyRow]
    source_stages_computed_by_variants: int
