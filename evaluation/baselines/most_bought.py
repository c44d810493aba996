"""The customer's own articles by how often they were bought of late, then popular ones."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import polars as pl

from lookbook.evaluation.baselines.own import WINDOWS_DAYS, Own, bought_within

MOST_DAYS = 1 << 16
"""More than any days_ago."""


@dataclass(frozen=True)
class MostBought(Own):
    """By the days of purchase within the last window_days, ties by the latest of these."""

    name: ClassVar[str] = "most_bought"

    window_days: int

    @staticmethod
    def tried() -> tuple["MostBought", ...]:
        return tuple(MostBought(days) for days in WINDOWS_DAYS)

    def numbers(self) -> Mapping[str, pl.Expr]:
        return {"latest": pl.col("days_ago").min(), **bought_within(self.window_days)}

    def score(self) -> pl.Expr:
        days = pl.col(f"days_{self.window_days}")
        return pl.when(days > 0).then(days * MOST_DAYS + MOST_DAYS - pl.col("latest")).otherwise(0)
