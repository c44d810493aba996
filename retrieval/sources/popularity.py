"""Popularity: what sells now, overall and among customers of the same segment.

Input: History. Output: CANDIDATES; every customer gets some.
"""

from dataclasses import dataclass
from typing import ClassVar

import polars as pl

from lookbook.data.dataset import History
from lookbook.data.order import best_first
from lookbook.retrieval.source import (
    DECAY_UNITS,
    EVIDENCE,
    FORBID_UNKNOWN_KEYS,
    Count,
    Days,
    Device,
    NotNegative,
    Positive,
    Tables,
    decay,
    purchase_days,
)


@dataclass(frozen=True)
class Popularity:
    """score: the article's share of the purchases of the customer's segment, averaged over the windows.

    A segment is one combination of values of the columns `segments` (null is a value like any other). Its shares are
    those of its own purchases plus `segment_prior` purchases spread like everybody's: a small segment resembles all.
    """

    name: ClassVar[str] = "popularity"
    warm_start: ClassVar[bool] = False
    personal: ClassVar[bool] = False
    needs: ClassVar[str] = "purchases within retrieval.popularity.windows_days before the week"
    __pydantic_config__: ClassVar[dict[str, str]] = FORBID_UNKNOWN_KEYS

    k: Count
    windows_days: tuple[Count, ...]
    half_life_days: Days
    segments: tuple[str, ...]
    segment_prior: Positive
    collapsed_below: NotNegative

    def learn(self, history: History, *, earlier: Tables | None, seed: int, device: Device) -> Tables:
        """overall: the best `k` articles with score and rank. segments: the same for every segment, its columns in front.

        Left out of both are collapsed articles: per day they sold in the shortest window less than `collapsed_below`
        times what they sold in the longest.

        Raises:
            ValueError: `segments` names a column that the customers do not have.
        """
        purchases = self._purchases(history.transactions)
        shares = self._shares(purchases)
        overall = self._best(shares, [])
        if not self.segments:
            return {"overall": overall}
        segment_of = self._segment_of(history)
        return {"overall": overall, "segments": self._segment_lists(purchases, shares, overall, segment_of)}

    def generate(self, learned: Tables, history: History, customers: pl.Series) -> pl.LazyFrame:
        ids = pl.LazyFrame({"customer": customers})
        if not self.segments:
            return ids.join(learned["overall"], how="cross", maintain_order="left_right")
        known = ids.join(self._segment_of(history), on="customer")
        in_segment = known.join(learned["segments"], on=self.segments, nulls_equal=True).drop(self.segments)
        unknown = ids.join(in_segment, on="customer", how="anti")
        return pl.concat([in_segment, unknown.join(learned["overall"], how="cross")]).sort("customer", "rank")

    def evidence(self, learned: Tables, history: History, pairs: pl.LazyFrame) -> pl.LazyFrame:
        """None: what sells does not depend on what the customer bought."""
        return pl.LazyFrame(schema=EVIDENCE)

    @property
    def _windows(self) -> list[str]:
        return [f"within_{days}_days" for days in self.windows_days]

    def _purchases(self, transactions: pl.LazyFrame) -> pl.LazyFrame:
        """One row per purchase day of the longest window, with its weight in each window (0 = before it)."""
        recent = transactions.filter(pl.col("days_ago") <= max(self.windows_days))
        weight = decay(pl.col("days_ago"), self.half_life_days)
        return purchase_days(recent).with_columns(
            pl.when(pl.col("days_ago") <= days).then(weight).otherwise(0).alias(window)
            for days, window in zip(self.windows_days, self._windows, strict=True)
        )

    def _shares(self, purchases: pl.LazyFrame) -> pl.LazyFrame:
        """article, its share of everybody's purchases in each window, and score = their mean; collapsed articles left out."""
        shortest, longest = min(self.windows_days), max(self.windows_days)
        newest = (pl.col("days_ago") <= shortest).sum().alias("newest")
        return (
            purchases.group_by("article")
            .agg(newest, pl.len().alias("sales"), pl.col(self._windows).sum())
            .filter(pl.col("newest") / shortest >= self.collapsed_below * pl.col("sales") / longest)
            .select("article", *((pl.col(window) / pl.col(window).sum()).fill_nan(0.0) for window in self._windows))
            .with_columns(score=pl.mean_horizontal(self._windows))
        )

    def _segment_lists(
        self, purchases: pl.LazyFrame, shares: pl.LazyFrame, overall: pl.LazyFrame, segment_of: pl.LazyFrame
    ) -> pl.LazyFrame:
        sold = (
            purchases.join(shares, on="article", how="semi")
            .join(segment_of, on="customer")
            .group_by(*self.segments, "article")
            .agg(pl.col(self._windows).sum())
        )
        totals = sold.group_by(self.segments).agg(pl.col(self._windows).sum().name.suffix("_total"))
        not_sold = (
            segment_of.select(self.segments)
            .unique()
            .join(overall.select("article"), how="cross")
            .with_columns(pl.lit(0, dtype=pl.Int64).alias(window) for window in self._windows)
        )
        prior = self.segment_prior * DECAY_UNITS
        share_in_segment = [
            (pl.col(window) + prior * pl.col(f"{window}_share")) / (pl.col(f"{window}_total").fill_null(0) + prior)
            for window in self._windows
        ]
        return self._best(
            pl.concat([sold, not_sold])
            .group_by(*self.segments, "article")
            .agg(pl.col(self._windows).sum())
            .join(totals, on=self.segments, how="left", nulls_equal=True)
            .join(shares.select("article", pl.col(self._windows).name.suffix("_share")), on="article")
            .with_columns(score=pl.mean_horizontal(share_in_segment)),
            list(self.segments),
        )

    def _best(self, scored: pl.LazyFrame, keys: list[str]) -> pl.LazyFrame:
        """The best `k` articles of each combination of `keys`; ties go to the smaller article id."""
        position = pl.int_range(1, pl.len() + 1, dtype=pl.UInt32)
        return (
            best_first(scored.select(*keys, "article", pl.col("score").cast(pl.Float32)), "score", within=tuple(keys))
            .with_columns(rank=position.over(keys) if keys else position)
            .filter(pl.col("rank") <= self.k)
            .with_columns(pl.col("rank").cast(pl.UInt16))
        )

    def _segment_of(self, history: History) -> pl.LazyFrame:
        """customer and its value of every segment column; channel is the one the customer bought in most, null = unknown."""
        channel = pl.col("customer_channel") % 256
        # most rows first, then the smaller channel, in one number: the largest of a customer needs no sort
        best = (pl.col("rows").cast(pl.UInt64) * 256 + (255 - channel)).max()
        main_channel = (
            history.transactions.filter(pl.col("channel") > 0)
            .group_by(customer_channel=pl.col("customer").cast(pl.UInt64) * 256 + pl.col("channel"))
            .agg(pl.len().alias("rows"))
            .group_by(customer=(pl.col("customer_channel") // 256).cast(pl.UInt32))
            .agg(channel=(255 - best % 256).cast(pl.UInt8))
        )
        known = {*history.customers.collect_schema().names(), "channel"} - {"customer"}
        for column in self.segments:
            if column not in known:
                raise ValueError(f"[retrieval.popularity] segments: unknown column {column!r}; known: {', '.join(sorted(known))}")
        return history.customers.join(main_channel, on="customer", how="left").select("customer", *self.segments)
