"""One level of the article hierarchy: what sells in each of its groups, and which groups a customer buys from.

Input: History (the level is a column of its articles; an article with null there is in no group).
Output: small tables keyed by `group`, the level's code.
"""

import polars as pl

from lookbook.data.dataset import History
from lookbook.retrieval.source import DECAY_UNITS, HALF_LIVES_TO_ZERO, best_per_key, decay, purchase_days, strongest_evidence


def best_sellers(history: History, level: str, *, half_life_days: float, top: int) -> pl.LazyFrame:
    """group, article, share: the `top` articles of each group by their share of its purchases, decayed over time."""
    return best_per_key(
        _purchases(history, level, half_life_days)
        .group_by("group", "article")
        .agg(pl.col("weight").sum())
        .filter(pl.col("weight") > 0)
        .with_columns(share=pl.col("weight") / pl.col("weight").sum().over("group")),
        "group",
        by="weight",
        tie="article",
        top=top,
    ).select("group", "article", "share")


def favourite_groups(history: History, level: str, *, half_life_days: float, top: int) -> pl.LazyFrame:
    """customer, group, purchases: the `top` groups each customer buys from most; purchases are days decayed over time."""
    return best_per_key(
        _purchases(history, level, half_life_days)
        .group_by("customer", "group")
        .agg(pl.col("weight").sum())
        .filter(pl.col("weight") > 0),
        "customer",
        by="weight",
        tie="group",
        top=top,
    ).select("customer", "group", purchases=pl.col("weight") / DECAY_UNITS)


def evidence_in_groups(history: History, level: str, suggested: pl.LazyFrame, *, half_life_days: float) -> pl.LazyFrame:
    """EVIDENCE for `suggested` (customer, article, group): what the customer bought in the group; strength: days, decayed."""
    return strongest_evidence(
        _purchases(history, level, half_life_days)
        .group_by("customer", "group", purchase="article")
        .agg(pl.col("weight").sum())
        .filter(pl.col("weight") > 0)
        .join(suggested, on=["customer", "group"])
        .with_columns(strength=pl.col("weight") / DECAY_UNITS)
    )


def _purchases(history: History, level: str, half_life_days: float) -> pl.LazyFrame:
    groups = history.articles.select("article", group=pl.col(level)).drop_nulls()
    weight = decay(pl.col("days_ago"), half_life_days)
    recent = history.transactions.filter(pl.col("days_ago") <= 1 + HALF_LIVES_TO_ZERO * half_life_days)
    return purchase_days(recent).join(groups, on="article").with_columns(weight=weight)
