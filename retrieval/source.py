"""What a candidate source is: a frozen dataclass that learns tables once per as_of and retrieves per customer shard.

Input: History. Output: CANDIDATES (data/schema.py), and EVIDENCE for those that somebody asks about.
"""

from collections.abc import Mapping
from math import inf
from typing import Annotated, ClassVar, Final, Literal, Protocol, runtime_checkable

import polars as pl
from annotated_types import Ge, Gt, Le, Lt

from lookbook.data.dataset import History
from lookbook.data.order import best_first
from lookbook.data.schema import PAIR, Schema

EVIDENCE: Schema = {"customer": pl.UInt32, "article": pl.UInt32, "purchase": pl.UInt32, "strength": pl.Float32}
"""One row per past purchase because of which a source suggests the article. purchase: an article that the customer bought,
maybe the same; strength: higher = weighed more, on the source's own scale. Sorted by customer, article, strongest first."""

MOST_EVIDENCE = 5
"""Purchases per customer and article in EVIDENCE."""

Tables = Mapping[str, pl.LazyFrame]
"""What a source learned: plain tables by name, so that they can be cached, shipped, inspected and deleted.

A table named `customer_embeddings` or `article_embeddings` (EMBEDDINGS) also feeds the embedding features: one source at a time.
Nobody else sees any other.
"""


Device = Literal["cpu", "gpu"]

Count = Annotated[int, Gt(0), Le(65_535)]
Days = Annotated[float, Gt(0)]
Positive = Annotated[float, Gt(0), Lt(inf)]
NotNegative = Annotated[float, Ge(0), Lt(inf)]
Exponent = Annotated[float, Ge(0), Le(5)]
"""Larger ones of decayed purchases, which may be 2**-20, would leave the range of a Float32."""
Level = Literal["product", "category", "department", "section", "colour", "brand"]
"""A column of data.schema.LEVELS."""

FORBID_UNKNOWN_KEYS: Final[dict[str, str]] = {"extra": "forbid"}
"""`__pydantic_config__` of a source: a misspelt key of its settings table is refused."""


class CandidateSource(Protocol):
    """A way to find articles that a customer may buy next. Its fields are its keys in the settings file.

    `name` is the settings table, the prefix of its columns in PAIRS, and what `--sources` and `--drop` take.
    """

    name: ClassVar[str]
    warm_start: ClassVar[bool]  # whether learn() makes use of `earlier`
    personal: ClassVar[bool]  # whether all that it suggests follows from the customer's own purchases, which are its evidence
    needs: ClassVar[str]  # "It needs ...": what data must have for it to find anything; said where it finds nothing

    def learn(self, history: History, *, earlier: Tables | None, seed: int, device: Device) -> Tables:
        """What is global to one as_of, from all customers. `earlier`: what it learned for an earlier as_of, to start warm
        from, or null; never a later one. Same history, settings, seed and device: the same bytes."""
        ...

    def generate(self, learned: Tables, history: History, customers: pl.Series) -> pl.LazyFrame:
        """CANDIDATES of `customers` (sorted unique ids), at most `k` each, sorted by customer and rank.

        `history` is narrowed to these customers (`History.of`). A customer for whom the source knows nothing has no row.
        """
        ...

    def evidence(self, learned: Tables, history: History, pairs: pl.LazyFrame) -> pl.LazyFrame:
        """EVIDENCE for `pairs` (unique customer, article), at most MOST_EVIDENCE rows each; ties go to the smaller purchase.

        `history` is narrowed to their customers. Pairs that `generate` would not give at any `k` have none; those that it
        would give have some, unless the source looks at nobody's own purchases. The rows of a pair depend on no other pair.
        """
        ...


@runtime_checkable
class ReadsPictures(Protocol):
    """A source with this setting reads `History.pictures` where it is more than 0; only then they are looked at."""

    @property
    def picture_weight(self) -> float: ...


def reads_pictures(source: CandidateSource) -> bool:
    return isinstance(source, ReadsPictures) and source.picture_weight > 0


def strongest_evidence(links: pl.LazyFrame, top: int = MOST_EVIDENCE) -> pl.LazyFrame:
    """EVIDENCE from all (customer, article, purchase, strength): the `top` strongest of each pair."""
    return best_first(
        links.select(pl.col(column).cast(dtype) for column, dtype in EVIDENCE.items()),
        "strength",
        within=PAIR,
        tie="purchase",
    ).filter(pl.int_range(pl.len(), dtype=pl.UInt32).over(PAIR) < top)


def rank_candidates(scored: pl.LazyFrame, k: int) -> pl.LazyFrame:
    """CANDIDATES from (customer, article, score): the best `k` per customer; ties go to the smaller article id."""
    place = pl.col("score").rank("ordinal", descending=True).over("customer")  # ties in order of rows
    kept = scored.select("customer", "article", pl.col("score").cast(pl.Float32)).sort(pair_key()).filter(place <= k)
    return best_first(kept, "score").with_columns(
        rank=pl.int_range(1, pl.len() + 1, dtype=pl.UInt32).over("customer").cast(pl.UInt16)
    )


def pair_key() -> pl.Expr:
    """Customer and article as one UInt64, which groups and sorts several times as fast as two columns."""
    return pl.col("customer").cast(pl.UInt64) * 2**32 + pl.col("article")


DECAY_UNITS = 1 << 20
HALF_LIVES_TO_ZERO = 21
"""Half-lives after day 1 beyond which a decayed weight rounds to 0."""


def decay(days_ago: pl.Expr, half_life: float) -> pl.Expr:
    """Weight that halves every `half_life` days, in whole units of 2**-20 (Int64), 1.0 on day 1.

    Whole numbers, because sums of floats inside a group_by depend on the order of the rows.
    """
    weight = 0.5 ** ((days_ago.cast(pl.Float64) - 1.0) / half_life)
    return (weight * DECAY_UNITS).round().cast(pl.Int64)


def purchase_days(transactions: pl.LazyFrame) -> pl.LazyFrame:
    """One row per (customer, article, days_ago): several receipts or items on one day count once."""
    return transactions.select("customer", "article", "days_ago").unique()


def best_per_key(table: pl.LazyFrame, key: str, *, by: str, tie: str, top: int) -> pl.LazyFrame:
    """The `top` rows of every `key` with the largest `by` (ties: smaller `tie`), sorted in that order."""
    return best_first(table, by, within=(key,), tie=tie).filter(pl.int_range(pl.len(), dtype=pl.UInt32).over(key) < top)
