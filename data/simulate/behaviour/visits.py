"""Who comes in a week, on which days, and how much they take.

Input: People, Memory, Week. Output: the probability of each customer to buy in the week, and Visits.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lookbook.data.simulate.behaviour.memory import NEVER, Memory
from lookbook.data.simulate.settings import VisitSettings
from lookbook.data.simulate.streams import stream
from lookbook.data.simulate.weeks import Week
from lookbook.data.simulate.world.catalogue import Floats, Ints
from lookbook.data.simulate.world.people import People

SOLVING_STEPS = 12


@dataclass(frozen=True)
class Visits:
    """One row per visit, sorted by customer and day. day: place in the week; exchange: a short return after the last visit;
    items: how many are taken; store: whether it is to a store."""

    customer: Ints
    day: Ints
    exchange: npt.NDArray[np.bool_]
    items: Ints
    store: npt.NDArray[np.bool_]


def joining_probabilities(settings: VisitSettings, never_share: float, n_weeks: int) -> Floats:
    """Probability per week that somebody who never bought buys for the first time; one for the week after the data, too.

    At the end of the data, never_share have not bought yet.
    """
    week = np.arange(n_weeks)
    members = np.exp(-week / settings.member_weeks)
    joining = np.linspace(1.0, settings.joining_trend, n_weeks)
    share = settings.member_share * members / members.sum() + (1 - settings.member_share) * joining / joining.sum()
    arrived = (1 - never_share) * share
    left = 1 - np.concatenate([[0.0], np.cumsum(arrived)[:-1]])
    probability = np.minimum(arrived / left, 1.0)
    return np.append(probability, probability[-1])


def buying_probabilities(people: People, memory: Memory, week: Week, joining: Floats, settings: VisitSettings) -> Floats:
    """Probability of each customer to buy in `week`, given everything before it.

    Those who bought before come at their own rate, more often soon after a visit, all scaled by one number so that as many
    buyers are expected as the week asks for (or all who can come, if they are too few).
    """
    weeks_ago = week.number - memory.last_week
    new = memory.last_week == NEVER
    rate = people.rate * (1 + settings.return_boost * np.exp(-(weeks_ago - 1) / settings.return_weeks))
    rate = np.where(new | memory.left, 0.0, rate)
    first = np.where(new, joining[week.number], 0.0)
    returning = np.flatnonzero(rate)
    if not len(returning):
        return first
    wanted = min(max(week.buyers - first.sum(), 0.0), 0.95 * len(returning))
    first[returning] = -np.expm1(-_scale(rate[returning], wanted) * rate[returning])
    return first


def draw_visits(people: People, memory: Memory, week: Week, probability: Floats, settings: VisitSettings, *, seed: int) -> Visits:
    """Each buyer comes on one day, or with second_visit_share on two."""
    rng = stream(seed, "visits", week.number)
    buyer = np.flatnonzero(rng.random(people.n) < probability)
    first = _day(week.weekday, rng.random(len(buyer)))
    others = (first + 1 + (rng.random(len(buyer)) * (len(week.days) - 1)).astype(np.int64)) % len(week.days)
    twice = rng.random(len(buyer)) < settings.second_visit_share
    customer = np.concatenate([buyer, buyer[twice]])
    day = np.concatenate([first, others[twice]])
    order = np.lexsort((day, customer))
    customer, day = customer[order], day[order]
    exchange = rng.random(len(customer)) < exchange_probabilities(memory, customer, week, settings)
    mean = np.where(exchange, settings.exchange_items, people.basket[customer])
    store = rng.random(len(customer)) < people.store[customer] * week.store[day]
    return Visits(customer, day, exchange, rng.geometric(1 / mean), store)


def exchange_probabilities(memory: Memory, customer: Ints, week: Week, settings: VisitSettings) -> Floats:
    """Probability that a visit of these customers is an exchange; 0 for a first visit."""
    last = memory.last_week[customer]
    decayed = settings.exchange_share * np.exp(-(week.number - last - 1) / settings.exchange_weeks)
    return np.where(last == NEVER, 0.0, decayed)


def after_visits(memory: Memory, week: Week, buyers: Ints, settings: VisitSettings, *, seed: int) -> Memory:
    """Memory with the buyers' latest week, and with those who left since: one_time_share of the first-time buyers, and
    weekly_churn of all."""
    rng = stream(seed, "visits", 100_000 + week.number)
    lost = rng.random(len(memory.left)) < settings.weekly_churn
    first = buyers[memory.last_week[buyers] == NEVER]
    lost[first[rng.random(len(first)) < settings.one_time_share]] = True
    last = memory.last_week.copy()
    last[buyers] = week.number
    return Memory(last, memory.left | (lost & (last != NEVER)), memory.bought, memory.articles)


def _scale(rate: Floats, wanted: float) -> float:
    """The s for which 1 - exp(-s * rate) sums to `wanted`: Newton's method from below, which never overshoots."""
    scale = wanted / float(rate.sum())
    for _ in range(SOLVING_STEPS):
        stays = np.exp(-scale * rate)
        missing = wanted - float(len(rate) - stays.sum())
        scale += missing / float((rate * stays).sum())
        if abs(missing) < 1e-6 * wanted:
            break
    return scale


def _day(weekday: Floats, drawn: Floats) -> Ints:
    return np.minimum(np.searchsorted(np.cumsum(weekday), drawn, side="right"), len(weekday) - 1)
