"""Who buys: how often, how much, and what each customer has a taste for.

Input: PeopleSettings, Catalogue. Output: People. Nothing in it depends on time.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lookbook.data.simulate.settings import PeopleSettings
from lookbook.data.simulate.streams import stream
from lookbook.data.simulate.world.catalogue import Catalogue, Floats, Ints

YOUNGEST, OLDEST = 16, 99
YOUNG_AGES, OLDER_AGES, OTHER_AGES = (22.5, 3.0), (50.0, 7.5), (34.0, 9.0)
"""Mean and spread of three generations, in years; those who are not young are to one half older, to the other between."""
OTHERS_SHARE = 0.5

GROUP_AGE = np.array([40.0, 37.0, 22.0, 40.0, 30.0])
GROUP_AGE_SPREAD = np.array([22.0, 9.0, 12.0, 22.0, 22.0])
"""Age in years at which each index group (ladies, children, divided, men, sport) is liked most, and how sharply."""


@dataclass(frozen=True)
class People:
    """Per customer, numbered in the order of the ids. age: whole years; rate: how often they visit, 1 = the middle one;
    basket: mean items of a visit; favourites: customers x favourites, a style each, the best liked first;
    store: probability that a visit is to a store while stores are as usual."""

    age: Ints
    rate: Floats
    basket: Floats
    favourites: npt.NDArray[np.uint16]
    store: Floats

    @property
    def n(self) -> int:
        return len(self.age)


def build_people(catalogue: Catalogue, settings: PeopleSettings, *, scale: float, seed: int) -> People:
    rng = stream(seed, "people")
    n = max(20, round(settings.customers * scale))
    age = _ages(n, settings, rng)
    loyal = settings.store_loyalty
    rate = rng.lognormal(0.0, settings.rate_spread, n)
    spread = rng.lognormal(-(settings.basket_spread**2) / 2, settings.basket_spread, n)
    share = np.clip(settings.store_share, 1e-6, 1 - 1e-6)
    return People(
        age=age,
        rate=rate,
        basket=np.minimum(1 + (settings.basket_items - 1) * spread, settings.basket_most),
        favourites=_favourites(age, catalogue, settings, rng),
        store=rng.beta(loyal * share, loyal * (1 - share), n),
    )


def favourite_weights(settings: PeopleSettings) -> Floats:
    """How much each of a customer's favourites is liked: geometric, summing to 1. A style may be there twice."""
    weights = settings.favourite_decay ** np.arange(settings.favourites)
    shares: Floats = weights / weights.sum()
    return shares


def _ages(n: int, settings: PeopleSettings, rng: np.random.Generator) -> Ints:
    drawn = rng.random((2, n))
    middle = drawn[1] < OTHERS_SHARE
    means, spreads = zip(YOUNG_AGES, OTHER_AGES, OLDER_AGES, strict=True)
    generation = np.where(drawn[0] < settings.young_share, 0, np.where(middle, 1, 2))
    age = rng.normal(np.array(means)[generation], np.array(spreads)[generation])
    return np.clip(np.rint(age), YOUNGEST, OLDEST).astype(np.int64)


def _favourites(age: Ints, catalogue: Catalogue, settings: PeopleSettings, rng: np.random.Generator) -> npt.NDArray[np.uint16]:
    """The first favourite is of the customer's own group, each other one with own_group_share; within a group by sales."""
    group = catalogue.section_group[catalogue.style_section]
    sales = np.bincount(group, catalogue.style_share, minlength=5)
    distance = (age[:, None] - GROUP_AGE) / GROUP_AGE_SPREAD
    match = np.exp(-settings.age_group_strength * distance**2)
    liking = np.cumsum(sales * match / match.mean(axis=0), axis=1)
    own = (rng.random(len(age))[:, None] * liking[:, -1:] >= liking).sum(axis=1)
    bounds = np.searchsorted(group, np.arange(6))
    reach = np.concatenate([[0.0], np.cumsum(catalogue.style_share)])
    shape = (len(age), settings.favourites)
    stays = rng.random(shape) < settings.own_group_share
    stays[:, 0] = True
    low = np.where(stays, reach[bounds[own]][:, None], 0.0)
    high = np.where(stays, reach[bounds[own + 1]][:, None], reach[-1])
    return pick(reach, low, high, rng.random(shape)).astype(np.uint16)


def pick(reach: Floats, low: Floats, high: Floats, drawn: Floats) -> Ints:
    """Draw an index between two values of the cumulated weights `reach` (first 0), in proportion to the weights.

    drawn: numbers from 0 to below 1. Where low < high, an index of weight 0 is never picked.
    """
    at = np.minimum(low + drawn * (high - low), np.nextafter(high, 0.0))
    return np.searchsorted(reach, at, side="right") - 1
