"""The customer's own articles, the often and lately bought first, then popular ones."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import polars as pl

from lookbook.evaluation.baselines.own import HALF_LIVES_DAYS, Own, decayed


@dataclass(frozen=True)
class RepurchasePopularity(Own):
    """half_life_days: after which a day of purchase counts half."""

    name: ClassVar[str] = "repurchase_popularity"

    half_life_days: float

    @staticmethod
    def tried() -> tuple["RepurchasePopularity", ...]:
        return tuple(RepurchasePopularity(days) for days in HALF_LIVES_DAYS)

    def numbers(self) -> Mapping[str, pl.Expr]:
        return {f"decayed_{self.half_life_days:g}": decayed(self.half_life_days)}

    def score(self) -> pl.Expr:
        return pl.col(f"decayed_{self.half_life_days:g}")
