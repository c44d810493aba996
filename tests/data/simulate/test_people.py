import numpy as np
import pytest

from lookbook.data.simulate.weeks import calendar
from lookbook.data.simulate.world.appeal import build_appeal
from lookbook.data.simulate.world.catalogue import build_catalogue
from lookbook.data.simulate.world.people import build_people, pick
from lookbook.data.simulate.world.prices import STEPS, paid_prices, usual_prices, week_prices


def people_of(settings):
    catalogue = build_catalogue(settings.catalogue, scale=1.0, seed=4)
    return catalogue, build_people(catalogue, settings.people, scale=1.0, seed=4)


def test_baskets_have_the_mean_and_the_limit_of_the_settings(make_simulation):
    settings = make_simulation(
        people__customers=40_000, people__basket_items=3.0, people__basket_spread=0.5, people__basket_most=9.0
    )
    _, people = people_of(settings)
    assert people.basket.mean() == pytest.approx(3.0, rel=0.02)
    assert 1 <= people.basket.min() < people.basket.max() == 9.0


def test_favourites_follow_the_sales_of_the_groups_and_the_age(make_simulation):
    catalogue, people = people_of(make_simulation(people__customers=40_000, people__age_group_strength=1.0))
    group = catalogue.section_group[catalogue.style_section[people.favourites.astype(np.int64)]]
    shares = np.bincount(group.ravel(), minlength=5) / group.size
    np.testing.assert_allclose(shares, [0.642, 0.039, 0.224, 0.056, 0.040], atol=0.02)
    divided = (group == 2).mean(axis=1)
    assert divided[people.age < 25].mean() > 1.2 * divided[people.age > 45].mean()
    assert 16 <= people.age.min() <= people.age.max() <= 99


def test_picking_follows_the_weights_and_never_takes_one_of_weight_zero():
    weights = np.array([0.0, 2.0, 0.0, 1.0, 5.0, 0.0])
    reach = np.concatenate([[0.0], np.cumsum(weights)])
    drawn = np.append(np.random.default_rng(0).random(30_000), [0.0, np.nextafter(1.0, 0.0)])
    found = np.bincount(pick(reach, np.zeros(30_002), np.full(30_002, 8.0), drawn), minlength=6)
    np.testing.assert_allclose(found / 30_002, weights / 8, atol=0.01)
    assert (found[weights == 0] == 0).all()
    part = pick(reach, np.full(30_002, reach[2]), np.full(30_002, reach[4]), drawn)
    assert set(part) == {3}


def test_prices_fall_with_age_and_in_sales_and_are_whole_steps(make_simulation):
    settings = make_simulation(price__offer_share=0.5, price__offer=0.2, price__token_share=0.01)
    catalogue, _ = people_of(settings)
    appeal = build_appeal(catalogue, settings.appeal, n_weeks=20, seed=4)
    usual = usual_prices(catalogue, settings.price, seed=4)
    week = calendar(settings, scale=1.0, seed=4)[10]
    asked = week_prices(usual, appeal, week.days[-1], 10, settings.price)
    cut = asked / (usual * (1 - settings.price.sale_months[week.days[-1].month - 1]))
    lives = (10.5 - appeal.launch) / appeal.life
    np.testing.assert_allclose(cut[lives <= 2.5], 1.0)
    np.testing.assert_allclose(cut[lives >= 5.0], 0.6)
    paid = paid_prices(np.full(20_000, 0.02), settings.price, week=10, seed=4) * STEPS
    assert np.abs(paid - np.rint(paid)).max() < 1e-6
    steps, counts = np.unique(np.rint(paid), return_counts=True)
    assert steps.tolist() == [1, 944, 1180]
    np.testing.assert_allclose(counts / 20_000, [0.01, 0.495, 0.495], atol=0.02)


@pytest.mark.parametrize(
    ("setting", "value", "message"),
    [
        ("people__basket_items", 0.5, "basket_items 0.5; allowed: 1 to basket_most"),
        ("people__rate_spread", -1.0, "rate_spread -1.0; allowed: 0 and more"),
        ("catalogue__articles", 10, "articles 10; allowed: at least products = 400"),
        ("catalogue__group_sales_shares", [1.0], "group_sales_shares .* 5 weights"),
        ("choice__market_share", 0.95, "market_share \\+ section_share is over 1"),
        ("choice__memory_decay", 1.0, "below 1"),
        ("demand__event_factors", [1.0], "event_weeks .* rising dates, one for each of event_factors"),
        ("demand__weekly_buyers", [], "weekly_buyers .* one number > 0 for each calendar month"),
        ("price__sale_months", [0.1], "sale_months .* 12 shares"),
        ("last_day", "2020-05-01", "last_day 2020-05-01; allowed: at least 14 days after first_day"),
        ("visits__member_weeks", 0.0, "member_weeks 0.0; allowed: above 0"),
    ],
)
def test_a_setting_out_of_range_is_refused_with_its_name_and_what_is_allowed(make_simulation, setting, value, message):
    with pytest.raises(ValueError, match=message):
        make_simulation(**{setting: value})
