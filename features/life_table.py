"""Life tables: how likely a purchase is repeated in the next week, by the days since it and how many there were before.

Input: the History of all customers. Output: RATES and RATIOS of one level, once per as_of.

Every purchase starts an interval that ends with the customer's next purchase of the same thing, or is still open at as_of
(censored). They give the discrete-time hazard of survival analysis, events / intervals at risk (Kaplan and Meier, 1958). How
much oftener one thing is repeated than that tells is its standardised ratio, observed / expected repeats, as in epidemiology.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from lookbook.data.bought_pairs import RANGE_CUSTOMERS
from lookbook.data.dataset import History
from lookbook.data.schema import Schema

MOST_PURCHASES = 12
"""Purchases after the twelfth of a customer count as the twelfth."""
MOST_DAYS = 366
"""Longer intervals count as that long, and still open."""
HORIZON = 7
LAST_DAY = (1 << 16) - 1
"""The largest days_ago there can be."""
PRIOR_REPEATS = 5
"""Repeats, observed as expected, that are added to those of everything: what sold little is near the average, a ratio of 1."""
EXPECTED_UNITS = 1 << 20

RATES: Schema = {"purchases": pl.UInt32, "days_since": pl.UInt32, "rate": pl.Float64}
"""One row per number of purchases (1..MOST_PURCHASES) and days since the last one (1..MOST_DAYS). rate: probability, 0..1, that the
customer buys the same again in the next 7 days; 0 where nobody was ever seen that long after so many purchases."""

Counts = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Intervals:
    """One row per purchase. thing: of the level; number: 1 = the customer's first of it; length: days to the next purchase of the
    same, or to as_of; ended: whether there is a next one."""

    thing: npt.NDArray[np.uint32]
    number: npt.NDArray[np.uint8]
    length: npt.NDArray[np.uint16]
    ended: npt.NDArray[np.bool_]


def life_tables(history: History, level: str) -> tuple[pl.LazyFrame, pl.LazyFrame]:
    """RATES, and (`level`, ratio): observed over expected repeats of each thing that sold, shrunk towards 1.

    level: "article" or a column of data.schema.LEVELS; what is unknown there is left out.
    """
    parts = list(_intervals(history, level))
    size = (MOST_PURCHASES + 1) * (MOST_DAYS + 1)
    ends, lasting = np.zeros(size, dtype=np.int64), np.zeros(size, dtype=np.int64)
    for part in parts:
        cell = part.number.astype(np.int64) * (MOST_DAYS + 1) + part.length
        ends += np.bincount(cell[part.ended], minlength=size)
        lasting += np.bincount(cell, minlength=size)
    shape = (MOST_PURCHASES + 1, MOST_DAYS + 1)
    ended, ending = ends.reshape(shape), lasting.reshape(shape)
    # an interval that is still open was at risk on the days before the last one it was seen on
    at_risk = ending[:, ::-1].cumsum(axis=1)[:, ::-1] - (ending - ended)
    return _rates(ended, at_risk), _ratios(parts, level, ended, at_risk)


def _intervals(history: History, level: str) -> Iterator[Intervals]:
    """Of ranges of customers, one after the other: a table of all purchases takes gigabytes at 30 million.

    Customer, thing and day are one number, which is sorted several times as fast as three columns.
    """
    things = history.articles.select("article", thing=level).drop_nulls()
    largest = history.customers.select(pl.col("customer").max()).collect().item() or 0
    for start in range(0, largest + 1, RANGE_CUSTOMERS):
        near = history.transactions.filter(pl.col("customer").is_between(start, start + RANGE_CUSTOMERS - 1))
        place, oldest_first = (pl.col("customer") - start).cast(pl.UInt64), LAST_DAY - pl.col("days_ago").cast(pl.UInt64)
        purchase = place * 2**48 + pl.col("thing").cast(pl.UInt64) * 2**16 + oldest_first
        yield _of_purchases(
            near.join(things, on="article").select(purchase=purchase).collect()["purchase"].unique().sort().to_numpy()
        )


def _of_purchases(purchases: npt.NDArray[np.uint64]) -> Intervals:
    """Intervals of distinct purchases in the order of customer and thing, oldest first."""
    pair = purchases >> np.uint64(16)
    days_ago = LAST_DAY - (purchases & np.uint64(LAST_DAY)).astype(np.int64)
    last = np.append(pair[1:] != pair[:-1], True)[: len(pair)]
    first = np.append(True, last[:-1])[: len(pair)]
    place = np.arange(len(pair))
    number = place - np.maximum.accumulate(np.where(first, place, 0)) + 1
    length = days_ago - np.where(last, 0, np.append(days_ago[1:], 0)[: len(pair)])
    return Intervals(
        (pair & np.uint64(2**32 - 1)).astype(np.uint32),
        np.minimum(number, MOST_PURCHASES).astype(np.uint8),
        np.minimum(length, MOST_DAYS).astype(np.uint16),
        ~last & (length < MOST_DAYS),
    )


def _rates(ended: Counts, at_risk: Counts) -> pl.LazyFrame:
    """Daily hazards are averaged over the 7 days and, since few intervals last long, an eighth of the days since on either side."""
    days = np.arange(1, MOST_DAYS + 1)
    low, high = np.maximum(days - days // 8, 1), np.minimum(days + HORIZON - 1 + days // 8, MOST_DAYS)
    events, exposed = (np.pad(counts.cumsum(axis=1), ((0, 0), (1, 0))) for counts in (ended, at_risk))
    events, exposed = (sums[1:, high + 1] - sums[1:, low] for sums in (events, exposed))
    hazard = np.divide(events, exposed, out=np.zeros(events.shape), where=exposed > 0)
    purchases = np.arange(1, MOST_PURCHASES + 1)
    rows = {"purchases": np.repeat(purchases, len(days)), "days_since": np.tile(days, len(purchases))}
    return pl.LazyFrame({**rows, "rate": 1 - np.exp(-HORIZON * hazard).ravel()}, schema=RATES)


def _ratios(parts: list[Intervals], level: str, ended: Counts, at_risk: Counts) -> pl.LazyFrame:
    """Expected: the hazards of the days on which each interval was at risk, in whole units so that no order of rows matters."""
    hazard = np.divide(ended, at_risk, out=np.zeros(ended.shape), where=at_risk > 0)
    passed = np.rint(hazard.cumsum(axis=1) * EXPECTED_UNITS).astype(np.int64)
    sums = [
        pl.LazyFrame({level: part.thing, "observed": part.ended, "expected": passed[part.number, part.length - ~part.ended]})
        .group_by(level)
        .agg(pl.col("observed").cast(pl.Int64).sum(), pl.col("expected").sum())
        for part in parts
    ]
    observed = pl.col("observed") + PRIOR_REPEATS
    expected = pl.col("expected") / EXPECTED_UNITS + PRIOR_REPEATS
    return pl.concat(sums).group_by(level).agg(pl.all().sum()).sort(level).select(level, ratio=observed / expected)
