"""What `lookbook explain` leaves as JSON: importance.json."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class ImportanceRow:
    """A row of IMPORTANCE (ranking/importance.py). level: feature, group or source; group, source: those that a feature belongs to,
    joined by commas, None where there is none; doc: None for what is not a single feature."""

    level: str
    name: str
    method: str
    value: float
    low: float | None
    high: float | None
    share: float | None
    group: str | None
    source: str | None
    doc: str | None


@dataclass(frozen=True)
class DependencePoint:
    """A row of PARTIAL_DEPENDENCE (ranking/dependence.py). value: None = missing."""

    feature: str
    value: float | None
    score: float


@dataclass(frozen=True)
class ShapPoint:
    """What a feature added to the score of one pair, and the value that it had there, None = missing."""

    feature: str
    value: float | None
    contribution: float


@dataclass(frozen=True)
class LostLabels:
    """A row of LOST_LABELS (evaluation/lost_labels.py). share: of the labels of the segment."""

    segment: str
    stage: str
    labels: int
    share: float


@dataclass(frozen=True)
class Explained:
    """importance.json. week: its first day; map: of the n_customers looked at; n_pairs: ranked for them, of which n_pairs_shap have
    SHAP values; repeats: permutations."""

    k: int
    week: str
    n_customers: int
    n_pairs: int
    n_pairs_shap: int
    repeats: int
    map: float
    importance: Sequence[ImportanceRow]
    partial_dependence: Sequence[DependencePoint]
    shap_values: Sequence[ShapPoint]
    lost_labels: Sequence[LostLabels]
