"""The written probabilities are those with which the simulator buys."""

from itertools import islice

import numpy as np
import pytest
from scipy.stats import chi2

from lookbook.data.simulate.behaviour.pairs import Pairs, likely_pairs
from lookbook.data.simulate.behaviour.propensities import item_chances, pair_propensities
from lookbook.data.simulate.market import build_market, trade_week, trade_weeks, with_seed

REPEATS = 1500


@pytest.fixture
def small(make_simulation):
    settings = make_simulation(
        people__customers=60, catalogue__products=90, catalogue__articles=150, catalogue__styles=57, demand__weekly_buyers=[30],
        choice__repurchase=0.15, choice__same_product=0.2, visits__exchange_share=0.5, visits__second_visit_share=0.4,
        visits__weekly_churn=0.01,
    )  # fmt: skip
    return build_market(settings, scale=1.0, seed=5)


def last_trade(market):
    n = len(market.weeks)
    return next(islice(trade_weeks(market), n - 2, None))


def all_pairs(market) -> Pairs:
    n, articles = market.people.n, market.catalogue.n_articles
    return Pairs(np.repeat(np.arange(n), articles), np.tile(np.arange(articles), n))


def test_what_one_item_can_be_sums_to_one(small):
    trade = last_trade(small)
    for chances in item_chances(small, trade, np.arange(small.people.n), all_pairs(small)):
        assert chances.min() >= 0
        np.testing.assert_allclose(chances.reshape(small.people.n, -1).sum(axis=1), 1.0, atol=1e-9)


def test_the_likely_pairs_hold_the_most_probable_articles_of_everybody(small):
    trade, customers, n = last_trade(small), np.arange(small.people.n), 12
    everything = pair_propensities(small, trade, customers, all_pairs(small)).reshape(len(customers), -1)
    pairs = likely_pairs(small, trade, customers, n)
    found = np.zeros_like(everything)
    found[pairs.row, pairs.article] = pair_propensities(small, trade, customers, pairs)
    assert len(pairs.row) < everything.size
    np.testing.assert_array_equal(np.sort(found, axis=1)[:, -n:], np.sort(everything, axis=1)[:, -n:])


def test_simulating_a_week_again_and_again_gives_the_probabilities_that_are_written(small):
    trade, customers = last_trade(small), np.arange(small.people.n)
    expected = pair_propensities(small, trade, customers, all_pairs(small)).reshape(len(customers), -1)
    bought, came = np.zeros_like(expected), np.zeros(small.people.n)
    for seed in range(REPEATS):
        again = trade_week(with_seed(small, 1000 + seed), trade.week, trade.memory, trade.goods)
        pairs = np.unique(np.column_stack([again.visits.customer[again.items.visit], again.items.article]), axis=0)
        bought[pairs[:, 0], pairs[:, 1]] += 1
        came[np.unique(again.visits.customer)] += 1
    assert_as_probable(bought, expected)
    assert_as_probable(came, trade.probability)


def assert_as_probable(count, probability):
    """Chi-square over the cells where at least 10 cases of either kind are expected; the others are added up."""
    count, probability = count.ravel(), probability.ravel()
    enough = np.minimum(probability, 1 - probability) * REPEATS >= 10
    assert enough.sum() >= 20
    variance = REPEATS * probability * (1 - probability)
    statistic = ((count - REPEATS * probability) ** 2 / np.where(enough, variance, 1.0))[enough].sum()
    assert 1e-4 < chi2.sf(statistic, enough.sum()) < 1 - 1e-4
    rest, sum_of_rest = REPEATS * probability[~enough].sum(), count[~enough].sum()
    assert abs(sum_of_rest - rest) <= 5 * np.sqrt(variance[~enough].sum()) + 1e-9
