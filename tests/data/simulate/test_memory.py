import numpy as np
import pytest
from scipy.stats import chisquare

from lookbook.data.simulate.behaviour.memory import at_place, draw_place, empty_memory, memory_shares, n_remembered, remember


def test_the_latest_items_of_each_customer_are_remembered_in_order(make_simulation):
    settings = make_simulation(choice__remembered=5).choice
    memory = empty_memory(4, settings)
    rng = np.random.default_rng(0)
    bought: dict[int, list[int]] = {customer: [] for customer in range(4)}
    for _ in range(12):
        customer = np.sort(rng.integers(0, 3, 9))
        article = rng.integers(0, 100, 9)
        remember(memory, customer, article)
        for who, what in zip(customer.tolist(), article.tolist(), strict=True):
            bought[who].append(what)
    everybody = np.arange(4)
    assert n_remembered(memory, everybody).tolist() == [5, 5, 5, 0]
    for place in range(5):
        found = at_place(memory, everybody[:3], np.full(3, place))
        assert found.tolist() == [bought[customer][-1 - place] for customer in range(3)]


def test_shares_fall_with_the_place_and_sum_to_one():
    settings = type("Choice", (), {"remembered": 4, "memory_decay": 0.5, "old_share": 0.2})
    shares = memory_shares(np.array([0, 1, 2, 4]), settings)
    np.testing.assert_allclose(shares[0], [0, 0, 0, 0])
    np.testing.assert_allclose(shares[1], [1, 0, 0, 0])
    np.testing.assert_allclose(shares[2], [0.8 * 2 / 3 + 0.1, 0.8 / 3 + 0.1, 0, 0])
    np.testing.assert_allclose(shares[3], np.array([8, 4, 2, 1]) / 15 * 0.8 + 0.05)


@pytest.mark.parametrize("known", [1, 3, 24])
def test_places_are_drawn_with_the_shares_that_are_stated(make_simulation, known):
    settings = make_simulation(choice__old_share=0.3).choice
    n = 40_000
    old, drawn = np.random.default_rng(1).random((2, n))
    places = draw_place(np.full(n, known), old, drawn, settings)
    expected = memory_shares(np.array([known]), settings)[0][:known] * n
    assert places.max() < known
    if known > 1:
        assert chisquare(np.bincount(places, minlength=known), expected * (n / expected.sum())).pvalue > 1e-4
