"""A simulated market and its weeks, one after the other.

Input: SimulateSettings, scale, seed. Output: Market, and Trade for each week.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from lookbook.data.simulate.behaviour.choices import Choosers, Items, Shelf, draw_items, shelf
from lookbook.data.simulate.behaviour.memory import Memory, empty_memory, remember
from lookbook.data.simulate.behaviour.visits import Visits, after_visits, buying_probabilities, draw_visits, joining_probabilities
from lookbook.data.simulate.settings import SimulateSettings
from lookbook.data.simulate.weeks import Week, calendar
from lookbook.data.simulate.world.appeal import Appeal, build_appeal, first_shocks, next_shocks, week_weights
from lookbook.data.simulate.world.catalogue import Catalogue, Floats, build_catalogue
from lookbook.data.simulate.world.people import People, build_people


@dataclass(frozen=True)
class Market:
    """What does not change. weeks: those of the data and the one after it; joining: see visits.py."""

    settings: SimulateSettings
    seed: int
    catalogue: Catalogue
    appeal: Appeal
    people: People
    weeks: list[Week]
    joining: Floats


@dataclass(frozen=True)
class Trade:
    """One week. memory: as it was when the week began; probability: of each customer to buy in it; visits, items: what
    happened, sorted by customer and day."""

    week: Week
    memory: Memory
    goods: Shelf
    probability: Floats
    visits: Visits
    items: Items


def build_market(settings: SimulateSettings, *, scale: float, seed: int) -> Market:
    weeks = calendar(settings, scale=scale, seed=seed)
    catalogue = build_catalogue(settings.catalogue, scale=scale, seed=seed)
    n_weeks = len(weeks) - 1
    return Market(
        settings=settings,
        seed=seed,
        catalogue=catalogue,
        appeal=build_appeal(catalogue, settings.appeal, n_weeks=n_weeks, seed=seed),
        people=build_people(catalogue, settings.people, scale=scale, seed=seed),
        weeks=weeks,
        joining=joining_probabilities(settings.visits, settings.people.never_share, n_weeks),
    )


def trade_weeks(market: Market) -> Iterator[Trade]:
    """Every week of the data and the week after it. A Trade is valid until the next one is asked for: memory is one table."""
    settings = market.settings
    memory = empty_memory(market.people.n, settings.choice)
    shocks = first_shocks(market.catalogue.n_articles, market.seed)
    for week in market.weeks:
        shocks = next_shocks(shocks, settings.appeal, week=week.number, seed=market.seed)
        goods = shelf(market.catalogue, week_weights(market.appeal, shocks, settings.appeal, week.number))
        trade = trade_week(market, week, memory, goods)
        yield trade
        customer = trade.visits.customer
        remember(memory, customer[trade.items.visit], trade.items.article)
        memory = after_visits(memory, week, np.unique(customer), settings.visits, seed=market.seed)


def trade_week(market: Market, week: Week, memory: Memory, goods: Shelf) -> Trade:
    """What happens in a week, drawn from the market's seed."""
    settings = market.settings
    probability = buying_probabilities(market.people, memory, week, market.joining, settings.visits)
    visits = draw_visits(market.people, memory, week, probability, settings.visits, seed=market.seed)
    choosers = Choosers(market.people, market.catalogue, settings.choice, settings.people)
    items = draw_items(visits, memory, goods, choosers, week=week.number, seed=market.seed)
    return Trade(week, memory, goods, probability, visits, items)


def with_seed(market: Market, seed: int) -> Market:
    """The same market, where other things happen."""
    return replace(market, seed=seed)
