"""The true probability that a customer buys an article in a week, given everything before it.

Input: Market, Trade. Output: PROPENSITIES of a sample of customers.

Exact under the model, because what is drawn within a week depends only on what was known when it began: an item is article a
with a probability q(a), alike for all items of the usual visits and alike for those of the exchanges, and the number of items
is geometric. It counts as known what no data shows: tastes, rates, whether a customer has left. It is therefore a bound that no
recommender can be expected to beat.
"""

from datetime import date

import numpy as np
import polars as pl

from lookbook.data.order import best_first
from lookbook.data.schema import Schema
from lookbook.data.simulate.behaviour.choices import favourite_shares, led_shares
from lookbook.data.simulate.behaviour.pairs import Pairs, led_by, likely_pairs
from lookbook.data.simulate.behaviour.visits import exchange_probabilities
from lookbook.data.simulate.market import Market, Trade
from lookbook.data.simulate.streams import stream
from lookbook.data.simulate.world.catalogue import Floats, Ints

PROPENSITIES: Schema = {
    "as_of": pl.Date,
    "customer_id": pl.String,
    "drawn_from": pl.String,
    "article_id": pl.String,
    "rank": pl.UInt16,
    "propensity": pl.Float64,
    "buys": pl.Float64,
}
"""One row per week, sampled customer and article, for the customer's most probable articles; sorted by as_of, customer_id, rank.
as_of: first day of the week; drawn_from: `all` customers, or the `buyers` of that week who are not in the first sample (of the
last week of data only); propensity: probability that the article is bought in the week; buys: that anything is."""

BLOCK_CUSTOMERS = 2000
"""Customers held at a time."""


def sampled_propensities(market: Market, trade: Trade, customer_ids: pl.Series, article_ids: pl.Series) -> pl.DataFrame:
    """PROPENSITIES of the week of `trade`."""
    n = min(market.settings.propensity_customers, market.people.n)
    anybody = np.sort(stream(market.seed, "sample").permutation(market.people.n)[:n])
    samples = {"all": anybody}
    if trade.week.number == len(market.weeks) - 2:
        others = np.setdiff1d(trade.visits.customer, anybody)
        samples["buyers"] = np.sort(stream(market.seed, "sample", 1).permutation(others)[:n])
    tables = [
        _named(market, trade, block, customer_ids, article_ids).with_columns(drawn_from=pl.lit(name))
        for name, customers in samples.items()
        for block in np.split(customers, range(BLOCK_CUSTOMERS, len(customers), BLOCK_CUSTOMERS))
    ]
    day: date = trade.week.days[0]
    table = pl.concat([pl.DataFrame(schema=PROPENSITIES).drop("as_of"), *(t.select(list(PROPENSITIES)[1:]) for t in tables)])
    return table.with_columns(as_of=pl.lit(day)).select(*PROPENSITIES).sort("customer_id", "rank")


def pair_propensities(market: Market, trade: Trade, customers: Ints, pairs: Pairs) -> Floats:
    """The probability that the customer of each pair buys its article in the week of `trade`."""
    settings = market.settings.visits
    usual, exchange = item_chances(market, trade, customers, pairs)
    exchanges = exchange_probabilities(trade.memory, customers, trade.week, settings)[pairs.row]
    basket = market.people.basket[customers][pairs.row]
    visit = (1 - exchanges) * _without(usual, basket) + exchanges * _without(exchange, np.array(settings.exchange_items))
    twice = settings.second_visit_share
    return trade.probability[customers][pairs.row] * (1 - (1 - twice) * visit - twice * visit**2)


def item_chances(market: Market, trade: Trade, customers: Ints, pairs: Pairs) -> tuple[Floats, Floats]:
    """Probability that one item of the customer is the article, in a usual visit and in an exchange.

    Over all articles on sale, each sums to 1 for a customer.
    """
    led = led_by(market, trade, customers)
    taste = _taste(market, trade, customers, pairs)
    again, relative = led.again(pairs), led.relative(pairs)
    weeks_ago = trade.week.number - trade.memory.last_week[customers]
    chances = []
    for exchange in (False, True):
        a, r = led_shares(weeks_ago, np.full(len(customers), exchange), market.settings.choice)
        rest = 1 - a * led.articles_on_sale - r * led.products_on_sale
        chances.append(a[pairs.row] * again + r[pairs.row] * relative + rest[pairs.row] * taste)
    return chances[0], chances[1]


def _without(chance: Floats, mean_items: Floats) -> Floats:
    """Probability that none of a geometric number (1 and more) of items is the article."""
    one = 1 / mean_items
    return one * (1 - chance) / (1 - (1 - one) * (1 - chance))


def _taste(market: Market, trade: Trade, customers: Ints, pairs: Pairs) -> Floats:
    """Probability of the article when taste decides."""
    settings, catalogue, goods = market.settings, market.catalogue, trade.goods
    favourites = market.people.favourites[customers].astype(np.int64)
    shares = favourite_shares(market.people.favourites[customers], goods, settings.people)
    rows = np.arange(len(customers))[:, None]
    style_mass = np.diff(goods.reach[catalogue.style_start])
    section_mass = np.diff(goods.reach[catalogue.section_start])
    by_style = np.zeros((len(customers), catalogue.n_styles))
    by_section = np.zeros((len(customers), len(catalogue.section_group)))
    section = catalogue.style_section[favourites]
    np.add.at(by_style, (rows, favourites), shares / np.where(shares > 0, style_mass[favourites], 1.0))
    np.add.at(by_section, (rows, section), shares / np.where(shares > 0, section_mass[section], 1.0))
    market_part, section_part = settings.choice.market_share, settings.choice.section_share
    nowhere = shares.sum(axis=1) == 0
    whole = np.where(nowhere, 1.0, market_part) / goods.reach[-1]
    style = catalogue.style[pairs.article]
    narrow = (1 - market_part - section_part) * by_style[pairs.row, style]
    wide = section_part * by_section[pairs.row, catalogue.style_section[style]]
    chance: Floats = (narrow + wide + whole[pairs.row]) * goods.weights[pairs.article]
    return chance


def _named(market: Market, trade: Trade, customers: Ints, customer_ids: pl.Series, article_ids: pl.Series) -> pl.DataFrame:
    """The most probable articles of each customer, ties by the smaller article id."""
    n = market.settings.propensity_articles
    pairs = likely_pairs(market, trade, customers, n)
    return (
        pl.DataFrame({
            "customer_id": customer_ids.gather(customers[pairs.row]),
            "article_id": article_ids.gather(pairs.article),
            "propensity": pair_propensities(market, trade, customers, pairs),
            "buys": trade.probability[customers][pairs.row],
        })
        .pipe(lambda table: best_first(table, "propensity", within=("customer_id",), tie="article_id"))
        .with_columns(rank=pl.int_range(1, pl.len() + 1, dtype=pl.UInt16).over("customer_id"))
        .filter(pl.col("rank") <= n)
    )  # fmt: skip
