"""The calendar of the simulation: weeks of 7 days counted back from the last day, and what is asked of each.

Input: settings. Output: Week per week; the first may be shorter.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from lookbook.data.simulate.settings import DemandSettings, SimulateSettings
from lookbook.data.simulate.streams import stream
from lookbook.data.simulate.world.catalogue import Floats
from lookbook.data.windows import HORIZON_DAYS


@dataclass(frozen=True)
class Week:
    """number: 0 = the first; days: its dates; buyers: customers expected to buy in it; store: what the probability of a
    store visit is multiplied with on each day; weekday: relative number of visits of each day."""

    number: int
    days: tuple[date, ...]
    buyers: float
    store: Floats
    weekday: Floats


def calendar(settings: SimulateSettings, *, scale: float, seed: int) -> list[Week]:
    """Every week of the data, oldest first, and one more: the week after the data."""
    first, last = date.fromisoformat(settings.first_day), date.fromisoformat(settings.last_day)
    n_weeks = -(-((last - first).days + 1) // HORIZON_DAYS)
    noise = stream(seed, "demand").normal(0.0, settings.demand.week_spread, n_weeks + 1)
    weeks = []
    for number in range(n_weeks + 1):
        end = last - timedelta(days=HORIZON_DAYS * (n_weeks - 1 - number))
        days = tuple(day for back in range(HORIZON_DAYS - 1, -1, -1) if (day := end - timedelta(days=back)) >= first)
        buyers = _buyers(settings.demand, days, first) * float(np.exp(noise[number])) * len(days) / HORIZON_DAYS
        weeks.append(_week(settings.demand, number, days, buyers * scale))
    return weeks


def _week(settings: DemandSettings, number: int, days: tuple[date, ...], buyers: float) -> Week:
    weekday = np.array([settings.weekdays[day.weekday()] for day in days])
    return Week(number, days, buyers, np.array([_store_factor(settings, day) for day in days]), weekday / weekday.sum())


def _buyers(settings: DemandSettings, days: Sequence[date], first: date) -> float:
    """Between the middles of two months the number changes in a straight line; the last month's goes on for ever."""
    middle = days[len(days) // 2]
    months = (middle.year - first.year) * 12 + middle.month - first.month + (middle.day - 15.5) / 30.5
    usual = float(np.interp(months, np.arange(len(settings.weekly_buyers)), settings.weekly_buyers))
    for event, factor in zip(settings.event_weeks, settings.event_factors, strict=True):
        if date.fromisoformat(event) in days:
            return usual * factor
    return usual


def _store_factor(settings: DemandSettings, day: date) -> float:
    reached = [
        f for start, f in zip(settings.online_events, settings.store_factors, strict=True) if date.fromisoformat(start) <= day
    ]
    return reached[-1] if reached else 1.0
