"""The customers of a week, in shards that are processed one at a time.

Input: Dataset, Window. Output: Shards. With run.rank_scope "active" only some customers of a shard are ranked.
"""

import hashlib
from dataclasses import dataclass
from functools import cached_property

import polars as pl

from lookbook.data.dataset import Dataset
from lookbook.data.windows import HORIZON_DAYS, Window


@dataclass(frozen=True)
class Shard:
    """Some customers that are processed at a time.

    served: all of them, sorted; each gets recommendations. customers: those of them who are ranked; the others get the fallback
    list. label: for people, "2017-12-25 shard 1/3". kept: whether their candidates and pairs are written to disk.
    """

    window: Window
    served: pl.Series
    customers: pl.Series
    label: str
    kept: bool = True

    @cached_property
    def digest(self) -> str:
        return _digest(self.customers)

    @cached_property
    def served_digest(self) -> str:
        return _digest(self.served)


def shards_of(customers: pl.Series, window: Window, *, size: int, active: pl.Series | None, kept: bool = True) -> list[Shard]:
    """Shards of `size` of `customers` (sorted, unique), at least one. active: those who are ranked; None = all."""
    count = max(1, -(-len(customers) // size))
    pieces = [customers.slice(n * size, size) for n in range(count)]
    ranked = pieces if active is None else [piece.filter(piece.is_in(active.implode())) for piece in pieces]
    labels = [f"{window.as_of} shard {n + 1}/{count}" for n in range(count)]
    return [Shard(window, *each, kept) for each in zip(pieces, ranked, labels, strict=True)]


def active_customers(dataset: Dataset, window: Window, *, weeks: int) -> pl.Series:
    """The customers who bought in the `weeks` weeks before the window, sorted."""
    recent = dataset.before(window.as_of).transactions.filter(pl.col("days_ago") <= weeks * HORIZON_DAYS)
    return recent.select("customer").unique().sort("customer").collect()["customer"]


def _digest(customers: pl.Series) -> str:
    return hashlib.sha256(customers.to_numpy().tobytes()).hexdigest()[:16]
