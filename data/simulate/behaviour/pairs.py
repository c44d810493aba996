"""Customers and articles that may meet: the likely ones, and what remembered purchases lead to.

Input: Market, Trade, a block of customers. Output: Pairs; Led.
"""

from dataclasses import dataclass

import numpy as np

from lookbook.data.simulate.behaviour.choices import Shelf
from lookbook.data.simulate.behaviour.memory import at_place, memory_shares, n_remembered
from lookbook.data.simulate.market import Market, Trade
from lookbook.data.simulate.world.catalogue import Catalogue, Floats, Ints


@dataclass(frozen=True)
class Pairs:
    """One row per pair. row: place of the customer in the block; article: number in the catalogue."""

    row: Ints
    article: Ints


@dataclass(frozen=True)
class Led:
    """What remembered items lead to. `*_key`: row and article (product) as one number, rising; `*_share`: the part of the
    memory that it holds. `*_on_sale`: per customer, the part of the memory whose article (product) is on sale."""

    catalogue: Catalogue
    goods: Shelf
    article_key: Ints
    article_share: Floats
    product_key: Ints
    product_share: Floats
    articles_on_sale: Floats
    products_on_sale: Floats

    def again(self, pairs: Pairs) -> Floats:
        """Probability of the article when a remembered article is bought again."""
        key = pairs.row * self.catalogue.n_articles + pairs.article
        return np.where(self.goods.weights[pairs.article] > 0, _look_up(self.article_key, self.article_share, key), 0.0)

    def relative(self, pairs: Pairs) -> Floats:
        """Probability of the article when a variant of a remembered product is bought."""
        product = self.catalogue.product[pairs.article]
        share = _look_up(self.product_key, self.product_share, pairs.row * self.catalogue.n_products + product)
        mass = _product_mass(self.catalogue, self.goods)[product]
        weights = self.goods.weights[pairs.article]
        return share * np.divide(weights, mass, out=np.zeros_like(mass), where=weights > 0)


def led_by(market: Market, trade: Trade, customers: Ints) -> Led:
    catalogue, goods = market.catalogue, trade.goods
    row, lead, share = _remembered(market, trade, customers)
    product = catalogue.product[lead]
    on_sale = np.where(goods.weights[lead] > 0, share, 0.0)
    product_on_sale = np.where(_product_mass(catalogue, goods)[product] > 0, share, 0.0)
    return Led(
        catalogue, goods,
        *_summed(row * catalogue.n_articles + lead, share),
        *_summed(row * catalogue.n_products + product, share),
        _totals(row, on_sale, len(customers)),
        _totals(row, product_on_sale, len(customers)),
    )  # fmt: skip


def likely_pairs(market: Market, trade: Trade, customers: Ints, n: int) -> Pairs:
    """The `n` most probable articles of each customer are all among these: the most wanted of the market, of each favourite's
    section and of each favourite, and every variant of a remembered product. Sorted, each pair once, all on sale.

    Any other article is outdone by `n` of its own style, section or market, which are wanted more for the same reasons.
    """
    catalogue, weights = market.catalogue, trade.goods.weights
    favourites = market.people.favourites[customers].astype(np.int64)
    rows = np.repeat(np.arange(len(customers)), favourites.shape[1])
    styles = favourites.ravel()
    row, lead, _ = _remembered(market, trade, customers)
    product = catalogue.product[lead]
    found = [
        _best(np.zeros(catalogue.n_articles, np.int64), weights, n, np.arange(len(customers)), np.zeros(len(customers), np.int64)),
        _best(catalogue.style_section[catalogue.style], weights, n, rows, catalogue.style_section[styles]),
        _best(catalogue.style, weights, n, rows, styles),
        _ranges(row, catalogue.product_start[product], catalogue.product_start[product + 1]),
    ]
    keys = np.unique(np.concatenate([pairs.row * catalogue.n_articles + pairs.article for pairs in found]))
    pairs = Pairs(keys // catalogue.n_articles, keys % catalogue.n_articles)
    on_sale = weights[pairs.article] > 0
    return Pairs(pairs.row[on_sale], pairs.article[on_sale])


def _remembered(market: Market, trade: Trade, customers: Ints) -> tuple[Ints, Ints, Floats]:
    """Row, article and share of each remembered item."""
    places = market.settings.choice.remembered
    known = n_remembered(trade.memory, customers)
    share = memory_shares(known, market.settings.choice).ravel()
    row = np.repeat(np.arange(len(customers)), places)
    place = np.tile(np.arange(places), len(customers))
    there = place < known[row]
    row, place = row[there], place[there]
    return row, at_place(trade.memory, customers[row], place), share[there]


def _best(level: Ints, weights: Floats, n: int, row: Ints, wanted: Ints) -> Pairs:
    """Pairs of each row with the `n` articles of most weight that have the level `wanted`."""
    order = np.lexsort((-weights, level))
    start = np.searchsorted(level[order], wanted)
    end = np.searchsorted(level[order], wanted, side="right")
    pairs = _ranges(row, start, np.minimum(end, start + n))
    return Pairs(pairs.row, order[pairs.article])


def _ranges(row: Ints, start: Ints, end: Ints) -> Pairs:
    """Pairs of each row with the numbers from start to before end."""
    length = end - start
    within = np.arange(length.sum()) - np.repeat(np.cumsum(length) - length, length)
    return Pairs(np.repeat(row, length), np.repeat(start, length) + within)


def _summed(keys: Ints, values: Floats) -> tuple[Ints, Floats]:
    distinct, place = np.unique(keys, return_inverse=True)
    return distinct, _totals(place, values, len(distinct))


def _totals(row: Ints, values: Floats, n: int) -> Floats:
    return np.bincount(row, values, minlength=n).astype(np.float64)


def _look_up(keys: Ints, values: Floats, wanted: Ints) -> Floats:
    """The value of each wanted key; 0 where it is missing."""
    if not len(keys):
        return np.zeros(len(wanted))
    place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[place] == wanted, values[place], 0.0)


def _product_mass(catalogue: Catalogue, goods: Shelf) -> Floats:
    return np.diff(goods.reach[catalogue.product_start])
