"""Which articles are taken: a mixture of repurchase, other colours of a product, and taste.

Input: Visits, Memory, People, the week's weights. Output: Items; and the shares of the mixture, which the propensities use too.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lookbook.data.simulate.behaviour.memory import NEVER, Memory, at_place, draw_place, n_remembered
from lookbook.data.simulate.behaviour.visits import Visits
from lookbook.data.simulate.settings import ChoiceSettings, PeopleSettings
from lookbook.data.simulate.streams import stream
from lookbook.data.simulate.world.catalogue import Catalogue, Floats, Ints
from lookbook.data.simulate.world.people import People, favourite_weights, pick

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Shelf:
    """The weights of the articles in one week. reach: cumulated, one more than articles, first 0; style_heat: the weights
    of a style against its long-run share."""

    weights: Floats
    reach: Floats
    style_heat: Floats


@dataclass(frozen=True)
class Choosers:
    """Who chooses from what, and how."""

    people: People
    catalogue: Catalogue
    settings: ChoiceSettings
    taste: PeopleSettings


@dataclass(frozen=True)
class Items:
    """One row per item taken, sorted by customer and day. visit: row of Visits; copies: how many of it, 1 and more."""

    visit: Ints
    article: Ints
    copies: Ints


def shelf(catalogue: Catalogue, weights: Floats) -> Shelf:
    reach = np.concatenate([[0.0], np.cumsum(weights)])
    heat = (reach[catalogue.style_start[1:]] - reach[catalogue.style_start[:-1]]) / catalogue.style_share
    return Shelf(weights, reach, heat)


def draw_items(visits: Visits, memory: Memory, goods: Shelf, choosers: Choosers, *, week: int, seed: int) -> Items:
    """Every item is drawn alone, given what was known at the start of the week."""
    rng = stream(seed, "items", week)
    catalogue, settings = choosers.catalogue, choosers.settings
    visit = np.repeat(np.arange(len(visits.customer)), visits.items)
    customer = visits.customer[visit]
    again, relative = led_shares(week - memory.last_week[customer], visits.exchange[visit], settings)
    kind, old, place, within = rng.random((4, len(customer)))
    article = _by_taste(customer, goods, choosers, rng)
    led = np.flatnonzero((kind < again + relative) & (memory.last_week[customer] != NEVER))
    who = customer[led]
    known = n_remembered(memory, who)
    lead = at_place(memory, who, draw_place(known, old[led], place[led], settings))
    product = catalogue.product[lead]
    low, high = (goods.reach[catalogue.product_start[product + side]] for side in (0, 1))
    sold = np.where(kind[led] < again[led], goods.weights[lead] > 0, high > low)
    relatives = pick(goods.reach, low, high, within[led])
    article[led[sold]] = np.where(kind[led] < again[led], lead, relatives)[sold]
    return Items(visit, article, rng.geometric(1 - settings.extra_item_share, len(visit)))


def led_shares(weeks_ago: npt.NDArray[np.signedinteger], exchange: Flags, settings: ChoiceSettings) -> tuple[Floats, Floats]:
    """Probability that an item is a remembered article again, and that it is any variant of a remembered product.

    Where what is remembered is not on sale any more, taste decides.
    """
    decay = np.exp(-(np.maximum(weeks_ago, 1) - 1) / settings.repurchase_weeks)
    again = settings.repurchase + settings.repurchase_recent * decay
    relative = settings.same_product + settings.same_product_recent * decay
    return (
        np.where(exchange, settings.exchange_repurchase, again),
        np.where(exchange, settings.exchange_same_product, relative),
    )


def favourite_shares(favourites: npt.NDArray[np.uint16], goods: Shelf, taste: PeopleSettings) -> Floats:
    """Probability of each favourite when taste decides: how much it is liked, times how much it has to offer this week.

    Rows sum to 1, or to 0 where no favourite is on sale; then the whole market decides.
    """
    liking = favourite_weights(taste) * goods.style_heat[favourites]
    total = liking.sum(axis=1, keepdims=True)
    shares: Floats = np.divide(liking, total, out=np.zeros_like(liking), where=total > 0)
    return shares


def _by_taste(customer: Ints, goods: Shelf, choosers: Choosers, rng: np.random.Generator) -> Ints:
    """An article of the whole market, of the section of a favourite style, or of the style itself."""
    level, which, within = rng.random((3, len(customer)))
    catalogue, settings = choosers.catalogue, choosers.settings
    favourites = choosers.people.favourites[customer]
    reach = np.cumsum(favourite_shares(favourites, goods, choosers.taste), axis=1)
    place = np.minimum((which[:, None] >= reach).sum(axis=1), favourites.shape[1] - 1)
    style = favourites[np.arange(len(customer)), place].astype(np.int64)
    section = catalogue.style_section[style]
    whole = (level < settings.market_share) | (reach[:, -1] == 0)
    wide = level < settings.market_share + settings.section_share
    low, high = (
        np.where(whole, goods.reach[(0, -1)[side]], np.where(
            wide, goods.reach[catalogue.section_start[section + side]], goods.reach[catalogue.style_start[style + side]],
        ))
        for side in (0, 1)
    )  # fmt: skip
    return pick(goods.reach, low, high, within)
