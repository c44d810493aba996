"""The customer's own articles and the popular ones in one order: what many buy overtakes what they bought once, long ago."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import ClassVar

import polars as pl

from lookbook.evaluation.baselines.own import HALF_LIVES_DAYS, Own, decayed

WEIGHTS = (0.6, 2.0)
"""What is tried for every data set, with each half-life."""


@dataclass(frozen=True)
class Blended(Own):
    """Decayed days of purchase + weight x the share of the last month's buyers who bought the article.

    half_life_days: after which a day of purchase counts half. weight: what a purchase by all of these is worth, in days of
    purchase.
    """

    name: ClassVar[str] = "blended"

    half_life_days: float
    weight: float

    @staticmethod
    def tried() -> tuple["Blended", ...]:
        days = (75.0, *HALF_LIVES_DAYS)
        return tuple(Blended(half_life, weight) for half_life, weight in product(days, WEIGHTS))

    def numbers(self) -> Mapping[str, pl.Expr]:
        return {f"decayed_{self.half_life_days:g}": decayed(self.half_life_days)}

    def score(self) -> pl.Expr:
        return pl.col(f"decayed_{self.half_life_days:g}") + (self.weight * pl.col("share")).round().cast(pl.Int64)
