"""The order of everything that is ranked: best first, and of equals always the same one first, whatever the order of the rows."""

from typing import TypeVar

import polars as pl

Frame = TypeVar("Frame", pl.DataFrame, pl.LazyFrame)


def best_first(table: Frame, /, *by: str, within: tuple[str, ...] = ("customer",), tie: str = "article") -> Frame:
    """`table` sorted by the columns `within`, rising; then by each of `by`, the highest first, null last; then by `tie`, rising.

    Scores of a ranker tie often where it learned little: give what the sources say (rrf) after the score in `by`.
    """
    best = [*(False for _ in within), *(True for _ in by), False]
    return table.sort(*within, *by, tie, descending=best, nulls_last=best)
