"""The baselines that look at nothing but the customer's own purchases and at what is popular. All of them are one table: a
row per article that the customer bought, a column per number, filled in one pass whatever is tried.

Input: Known. Output: SCORED pairs. Bought twice on a day counts once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import polars as pl

from lookbook.data.schema import PAIR
from lookbook.evaluation.baselines.baseline import UNIT, Baseline, Known, filled

HALF_LIVES_DAYS = (60.0, 15.0, 30.0, 90.0, 180.0, 365.0)
WINDOWS_DAYS = (180, 30, 60, 90, 365)
"""What is tried for every data set; the first were the best on complete-journey before its test weeks."""


class Own:
    """What such baselines have in common; each is one file with a frozen dataclass."""

    def shared(self) -> str:
        return "own purchases"

    def numbers(self) -> Mapping[str, pl.Expr]:
        """Column to what it is of the `days_ago` on which a customer bought an article, each day once: a whole number. Of equal
        names the expressions are equal."""
        raise NotImplementedError

    def pairs(self, together: Sequence[Baseline], known: Known, customers: pl.Series, *, k: int) -> pl.DataFrame:
        """As Baseline.pairs, with share: of last month's buyers those who bought the article, in units of 1 / UNIT."""
        numbers = {name: number for each in together if isinstance(each, Own) for name, number in each.numbers().items()}
        days = known.history.of(customers.cast(pl.UInt32)).transactions.select(*PAIR, "days_ago").unique()
        own = days.group_by(PAIR).agg(**numbers).collect(engine="streaming")
        share = (pl.col("buyers") * UNIT / max(1, known.buyers)).round().cast(pl.Int64)
        return filled(own.lazy(), known, customers, k=k).join(
            known.popular.select("article", share=share), on="article", how="left", validate="m:1", maintain_order="left"
        )


def decayed(half_life_days: float) -> pl.Expr:
    """The days of purchase, each halved every `half_life_days`, in units of 1 / UNIT."""
    return (0.5 ** (pl.col("days_ago").cast(pl.Float64) / half_life_days) * UNIT).round().cast(pl.Int64).sum()


def bought_within(window_days: int) -> dict[str, pl.Expr]:
    """The days of purchase within the last `window_days`; 0 = all."""
    days = pl.col("days_ago")
    counted = (days <= window_days).sum() if window_days else days.len()
    return {f"days_{window_days}": counted.cast(pl.Int64)}


@dataclass(frozen=True)
class Popularity(Own):
    """What most customers bought lately, the same for everybody."""

    name: ClassVar[str] = "popularity"

    @staticmethod
    def tried() -> tuple["Popularity", ...]:
        return (Popularity(),)

    def numbers(self) -> Mapping[str, pl.Expr]:
        return {}

    def score(self) -> pl.Expr:
        return pl.lit(0, dtype=pl.Int64)
