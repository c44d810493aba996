"""The customer's own articles by the baskets that held them, then popular ones: the personal top frequency that papers on the next
basket compare with, filled up as in Li et al., "A next basket recommendation reality check", ACM TOIS 2023."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import polars as pl

from lookbook.evaluation.baselines.own import Own, bought_within


@dataclass(frozen=True)
class PersonalTop(Own):
    """By the days of purchase, ties by popularity. window_days: only those within so many days; 0 = all, as it is published."""

    name: ClassVar[str] = "personal_top"

    window_days: int

    @staticmethod
    def tried() -> tuple["PersonalTop", ...]:
        return tuple(PersonalTop(days) for days in (0, 90, 180, 365))

    def numbers(self) -> Mapping[str, pl.Expr]:
        return bought_within(self.window_days)

    def score(self) -> pl.Expr:
        return pl.col(f"days_{self.window_days}")
