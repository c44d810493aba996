"""Features of what is planned for an article in the week that is predicted, against the week before it.

Input: the History of all customers (scope "all", once per as_of), with a plan; the names of its kinds. Output: one row per article
that is planned in one of the two weeks. All are null while nothing at all is known of the week that is predicted.
"""

from collections.abc import Iterator, Sequence
from functools import partial

import polars as pl

from lookbook.data.windows import HORIZON_DAYS
from lookbook.features.feature import Feature, FeatureGroup, Inputs
from lookbook.features.purchases import MICRO, ratio, total

PLAN = "plan"
AHEAD, BEFORE = pl.col("day") >= 0, pl.col("day") < 0
UNKNOWN = "null = it is in neither week, or nothing is known of one of the weeks"


def plan(kinds: Sequence[str]) -> FeatureGroup:
    """The group for a plan with these kinds."""
    days = Feature(
        "article_plan_days",
        pl.col("days"),
        "Days of the week from as_of on for which the article is planned in any kind, 1..7; null = none is known.",
    )
    of_kinds = (feature for kind in kinds for feature in _of_kind(kind))
    return FeatureGroup(PLAN, ("article",), (days, *of_kinds), partial(plan_table, kinds=tuple(kinds)), scope="all")


def _of_kind(kind: str) -> Iterator[Feature]:
    ahead, before = (ratio(pl.col(f"{kind}_{week}"), pl.lit(HORIZON_DAYS * MICRO)) for week in ("ahead", "before"))
    yield Feature(
        f"article_plan_{kind}_share",
        pl.when(pl.col(f"{kind}_ahead") > 0).then(ahead),
        f"Share of the stores planned for {kind} in the week from as_of on, mean of its 7 days, 0..1; null = none is known.",
    )
    yield Feature(
        f"article_plan_{kind}_change",
        pl.when((pl.col(f"{kind}_ahead") + pl.col(f"{kind}_before") > 0) & pl.col("both_known")).then(ahead - before),
        f"That share less the one of the 7 days before as_of, -1..1: above 0 = it begins, below 0 = it ends; {UNKNOWN}.",
    )


def plan_table(inputs: Inputs, *, kinds: Sequence[str]) -> pl.LazyFrame:
    """One row per article, sorted: days, and by kind the sums of the shares of the days `_ahead` and `_before`, in 1e-6.
    both_known: whether the plan has anything to say about the days before as_of too."""
    by_kind = [
        total(pl.col("share").filter(week & (pl.col("kind") == code))).alias(f"{kind}_{name}")
        for code, kind in enumerate(kinds, 1)
        for name, week in (("ahead", AHEAD), ("before", BEFORE))
    ]
    days = pl.when(AHEAD.any()).then(pl.col("day").filter(AHEAD).n_unique())
    return _days(inputs).group_by("article").agg(*by_kind, days=days, both_known=pl.col("both_known").first()).sort("article")


def _days(inputs: Inputs) -> pl.LazyFrame:
    """One row per article, kind and day (0 = as_of) of the two weeks on which it is planned in some store. share: the largest of
    its rows, in 1e-6. Empty where nothing is planned from as_of on."""
    assert inputs.history.plan is not None
    first, last = -HORIZON_DAYS, HORIZON_DAYS - 1
    start, end = pl.max_horizontal("starts_in", pl.lit(first)), pl.min_horizontal("ends_in", pl.lit(last))
    return (
        inputs.history.plan.filter(pl.col("share") > 0, pl.col("starts_in") <= last, pl.col("ends_in") >= first)
        .with_columns(day=pl.int_ranges(start, end + 1), share=(pl.col("share").cast(pl.Float64) * MICRO).round().cast(pl.Int64))
        .explode("day")
        .group_by("article", "kind", "day")
        .agg(pl.col("share").max())
        .filter(AHEAD.any())
        .with_columns(both_known=BEFORE.any())
    )
