"""What every list of recommendations must satisfy, and lists made from one source's candidates.

Input: RECOMMENDATIONS or CANDIDATES. Output: RECOMMENDATIONS.
"""

import polars as pl

from lookbook.data.schema import RECOMMENDATIONS, conform


class RecommendationError(ValueError):
    """A list of recommendations that cannot be judged or handed out."""


def checked(recommendations: pl.LazyFrame, *, k: int, customers: pl.Series | None = None) -> pl.DataFrame:
    """Return `recommendations` collected, sorted by customer and rank, or refuse.

    Each list must hold distinct articles on ranks 1, 2, ... without gap, at most `k` of them. With `customers`, exactly
    these customers must have a list, each of exactly `k` articles.

    Raises:
        RecommendationError: naming the rule, the number of customers that break it and the first of them.
        SchemaError: for missing or wrongly typed columns.
    """
    frame = conform(recommendations, RECOMMENDATIONS, "recommendations").sort("customer", "rank", "article").collect()
    lists = (
        frame.lazy()
        .group_by("customer")
        .agg(
            pl.len().alias("size"),
            first=pl.col("rank").min(),
            last=pl.col("rank").max(),
            ranks=pl.col("rank").n_unique(),
            articles=pl.col("article").n_unique(),
        )
        .sort("customer")
        .collect()
    )
    size = pl.col("size")
    _refuse(lists.filter(pl.col("first") != 1), "ranks must start at 1")
    _refuse(lists.filter((pl.col("ranks") != size) | (pl.col("last") != size)), "ranks must be 1, 2, ... without gap or tie")
    _refuse(lists.filter(pl.col("articles") != size), "articles must be distinct")
    _refuse(lists.filter(size > k), f"at most {k} articles")
    if customers is not None:
        wanted = customers.cast(pl.UInt32).rename("customer").to_frame()
        _refuse(lists.filter(size != k), f"exactly {k} articles")
        _refuse(wanted.join(lists, on="customer", how="anti").sort("customer"), "every customer must have a list")
        _refuse(lists.join(wanted, on="customer", how="anti").sort("customer"), "no list for a customer who was not asked for")
    return frame


def top_of(candidates: pl.LazyFrame, k: int) -> pl.LazyFrame:
    """RECOMMENDATIONS of one source alone: its best `k` CANDIDATES of each customer; a customer may get fewer or none."""
    return (
        candidates.filter(pl.col("rank") <= k)
        .select(pl.col(column).cast(dtype) for column, dtype in RECOMMENDATIONS.items())
        .sort("customer", "rank")
    )


def _refuse(broken: pl.DataFrame, rule: str) -> None:
    if len(broken):
        raise RecommendationError(f"recommendations: {rule}; broken by {len(broken)} customers, first {broken['customer'][0]}")
