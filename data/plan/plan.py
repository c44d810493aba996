"""What a retailer plans ahead, such as promotions, and what of it is known on a day.

Input: the folder that data/plan/conversion.py writes. Output: Plan, PlanSummary, and KNOWN_PLAN, which a History shows.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import polars as pl

from lookbook.data.schema import KNOWN_PLAN, PLAN, conform


@dataclass(frozen=True)
class PlanSummary:
    """What stands in plan.json. digest: SHA-256 of the rows, in whatever order they came, and the kinds. rows: kept; articles:
    distinct among them. first_day, last_day: of the earliest and the latest planned day, both included. read, dropped,
    quarantined, repaired, warnings: as in data/conversion/summary.py."""

    digest: str
    kinds: Sequence[str]
    rows: int
    articles: int
    first_day: str
    last_day: str
    read: Mapping[str, int]
    dropped: Mapping[str, int]
    quarantined: Mapping[str, int]
    repaired: Mapping[str, int]
    warnings: Sequence[str]


@dataclass(frozen=True)
class Plan:
    """rows: PLAN. kinds: the name of each kind, in the order of their codes 1, 2, ...; declared by the data set, not found in the
    rows, so that no row that is known later changes what there can be. digest: SHA-256 of all of it. summary: of its conversion."""

    kinds: Sequence[str]
    digest: str
    rows: pl.LazyFrame
    summary: PlanSummary | None = None

    @staticmethod
    def open(folder: Path) -> "Plan":
        """Open a folder written by `convert_plan`; nothing is read but its plan.json."""
        summary = PlanSummary(**json.loads((folder / "plan.json").read_text()))
        rows = pl.scan_parquet(folder / "plan.parquet", glob=False)
        return Plan(tuple(summary.kinds), summary.digest, conform(rows, PLAN, "plan"), summary)

    def until(self, day: date) -> "Plan":
        """The same on the evening of `day`: what is known only later is hidden, whenever it begins."""
        return replace(self, rows=self.rows.filter(pl.col("known_from") <= day))

    def known(self, as_of: date) -> pl.LazyFrame:
        """KNOWN_PLAN: the rows that are known before `as_of`, past and to come; those known from that day on are left out."""

        def days_ahead(column: str) -> pl.Expr:
            return (pl.col(column) - pl.lit(as_of)).dt.total_days().cast(pl.Int32)

        seen = self.rows.filter(pl.col("known_from") < as_of)
        return seen.with_columns(starts_in=days_ahead("first_day"), ends_in=days_ahead("last_day")).select(*KNOWN_PLAN)
