"""What `lookbook explain` tells: importance.json, and of one customer or one article the card or the decision.

Articles and customers go by the retailer's ids.
"""

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


@dataclass(frozen=True)
class RankBySource:
    """rank: 1 = the best of what the source retrieved for the customer."""

    source: str
    rank: int


@dataclass(frozen=True)
class Recommended:
    """score: None = the list was filled up with it. sources: best rank first."""

    rank: int
    article: str
    name: str
    score: float | None
    bought: bool
    sources: Sequence[RankBySource]
    reason: str


@dataclass(frozen=True)
class Bought:
    """A label. lost_at: a stage of evaluation.lost_labels, None if it was recommended; rank: among all that was ranked, place:
    among all that was retrieved; None = not among it."""

    article: str
    name: str
    recommended_rank: int | None
    lost_at: str | None
    rank: int | None
    place: int | None


@dataclass(frozen=True)
class Purchase:
    """An article that the customer had bought. days_ago: of the last time; times: days on which it was bought."""

    article: str
    name: str
    days_ago: int
    times: int


@dataclass(frozen=True)
class Card:
    """A customer in one week. bought: those recommended first; last_purchases: the last bought first."""

    customer: str
    segment: str
    bought: Sequence[Bought]
    recommended: Sequence[Recommended]
    last_purchases: Sequence[Purchase]


@dataclass(frozen=True)
class CustomerCard:
    """The Card of a customer who was asked about. week: its first day; outcome_known: whether the data say what was bought then."""

    week: str
    k: int
    outcome_known: bool
    customer: str
    segment: str
    bought: Sequence[Bought]
    recommended: Sequence[Recommended]
    last_purchases: Sequence[Purchase]


@dataclass(frozen=True)
class Evidence:
    """A purchase of the customer that leads a source to the article. strength: on the source's own scale."""

    article: str
    name: str
    days_ago: int
    strength: float


@dataclass(frozen=True)
class SourceSays:
    """about: what the source suggests, in a sentence; rank, score: None if it did not retrieve the article; limit: how many it may
    retrieve; rank_without_limit: None = no link from this customer to the article; nearest: whether, where no source retrieved it,
    this one came closest to its limit."""

    source: str
    about: str
    rank: int | None
    score: float | None
    limit: int
    rank_without_limit: int | None
    nearest: bool
    evidence: Sequence[Evidence]


@dataclass(frozen=True)
class Contribution:
    """What a feature added to the score (SHAP). meaning, text: what the feature says and its value, in words; value: None =
    unknown; against_others: the contribution less its mean over all pairs that were ranked for the customer."""

    feature: str
    meaning: str
    value: float | None
    text: str
    contribution: float
    against_others: float


@dataclass(frozen=True)
class Decision:
    """What every step made of one article for one customer; None where it did not get so far.

    bought: None = not known yet. stage: not for sale before, never retrieved, cut, ranked, gave way to new or recommended. times,
    days_ago: the customer's own purchases of it (0 and None = none). place: among n_retrieved by rrf; rank: among n_ranked.
    start: the score before any feature; contributions: largest first, with `start` they add up to the score.
    """

    customer: str
    article: str
    name: str
    week: str
    outcome_known: bool
    bought: bool | None
    stage: str
    k: int
    max_candidates: int
    times: int
    days_ago: int | None
    place: int | None
    n_retrieved: int
    rank: int | None
    n_ranked: int
    score: float | None
    recommended_rank: int | None
    start: float | None
    contributions: Sequence[Contribution] | None
    sources: Sequence[SourceSays]
