"""The vector of a customer by how often and how lately they bought each article, in groups of baskets: TIFU.

Input: BASKETS. Output: a weight per (customer, article). Hu, He, Gao, Zhang, "Modeling personalized item frequency information for
next-basket recommendation", SIGIR 2020.
"""

from dataclasses import dataclass

import polars as pl

from lookbook.data.schema import PAIR

WEIGHT_UNIT = 1 << 24
"""Weights of articles are whole multiples of 1 / WEIGHT_UNIT: the products of two of them add up exactly."""


@dataclass(frozen=True)
class TifuVectors:
    """A vector is the mean of the vectors of a customer's groups of baskets, that of a group with g later ones times
    group_decay ** g; the vector of a group is the mean of its baskets (1 = holds the article), that of a basket with j later ones
    in the group times basket_decay ** j.

    groups: how many, of as many baskets each as can be, the latest ones of one more. Who has fewer baskets has a group for each,
    of the ages of the oldest groups of others, as in the authors' code.
    """

    basket_decay: float
    group_decay: float
    groups: int

    def of(self, bought: pl.DataFrame) -> pl.DataFrame:
        """PAIR and weight (whole units of 1 / WEIGHT_UNIT, Int64) from BASKETS, in any order."""
        first, last = (each.over("customer", "age") for each in (pl.col("later").max(), pl.col("later").min()))
        groups = pl.col("age").n_unique().over("customer")
        decay = self.basket_decay ** (pl.col("later") - last).cast(pl.Float64) * self.group_decay ** pl.col("age").cast(pl.Float64)
        weight = decay / (first - last + 1) / groups
        return (
            bought.lazy()
            .with_columns(age=self._age())
            .with_columns(weight=(weight * WEIGHT_UNIT).round().cast(pl.Int64))
            .group_by(PAIR)
            .agg(pl.col("weight").sum())
            .collect()
        )

    def _age(self) -> pl.Expr:
        """How many groups are later than that of a basket."""
        later, n = pl.col("later").cast(pl.Int64), pl.col("baskets").cast(pl.Int64)
        each, larger = n // self.groups, n % self.groups
        in_larger = larger * (each + 1)
        in_others = larger + (later - in_larger) // pl.max_horizontal(each, pl.lit(1, dtype=pl.Int64))
        counted = pl.when(later < in_larger).then(later // (each + 1)).otherwise(in_others)
        return pl.when(n < self.groups).then(later + self.groups - n).otherwise(counted)
