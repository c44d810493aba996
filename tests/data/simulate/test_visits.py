import numpy as np
import pytest

from lookbook.data.simulate.behaviour.memory import NEVER
from lookbook.data.simulate.behaviour.visits import joining_probabilities
from lookbook.data.simulate.market import build_market, trade_weeks


def weeks_of(settings, seed=2):
    return [
        (trade.week, trade.probability.copy(), trade.memory.last_week.copy(), trade.visits, trade.items)
        for trade in trade_weeks(build_market(settings, scale=1.0, seed=seed))
    ]


def test_as_many_buyers_are_expected_as_a_week_asks_for(make_simulation):
    weeks = weeks_of(make_simulation(people__customers=3000, demand__weekly_buyers=[300, 500]))
    for week, probability, _, _, _ in weeks[8:]:
        assert probability.sum() == pytest.approx(week.buyers, rel=1e-5)


def test_an_event_multiplies_the_buyers_of_its_week_only(make_simulation):
    changes = {"demand__weekly_buyers": [400], "demand__week_spread": 0.0, "people__customers": 3000}
    plain = weeks_of(make_simulation(**changes, demand__event_weeks=[], demand__event_factors=[]))
    event = weeks_of(make_simulation(**changes, demand__event_weeks=["2020-06-12"], demand__event_factors=[1.5]))
    factors = {a[0].days[0].isoformat(): b[0].buyers / a[0].buyers for a, b in zip(plain, event, strict=True)}
    assert {day: factor for day, factor in factors.items() if factor != 1} == {"2020-06-10": 1.5}


def test_the_share_that_never_bought_is_left_at_the_end(make_simulation):
    settings = make_simulation().visits
    probability = joining_probabilities(settings, 0.05, 40)
    assert len(probability) == 41
    assert np.prod(1 - probability[:40]) == pytest.approx(0.05)
    assert 0 < probability.min() <= probability.max() < 1


def test_those_who_left_never_come_and_one_time_buyers_leave(make_simulation):
    weeks = weeks_of(make_simulation(people__customers=2000, visits__one_time_share=1.0, demand__weekly_buyers=[200]))
    bought_before = weeks[-1][2] != NEVER
    assert bought_before.sum() > 500
    assert (weeks[-1][1][bought_before] == 0).all()
    customers = np.concatenate([np.unique(visits.customer) for _, _, _, visits, _ in weeks])
    assert len(np.unique(customers)) == len(customers)


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_a_share_of_the_buyers_comes_on_two_days(make_simulation, share):
    weeks = weeks_of(make_simulation(people__customers=3000, visits__second_visit_share=share, demand__weekly_buyers=[500]))
    buyers = sum(len(np.unique(visits.customer)) for _, _, _, visits, _ in weeks)
    visits = sum(len(visits.customer) for _, _, _, visits, _ in weeks)
    assert visits / buyers - 1 == pytest.approx(share, abs=0.02)
    for _, _, _, week, _ in weeks:
        assert len(np.unique(np.column_stack([week.customer, week.day]), axis=0)) == len(week.customer)


def test_stores_that_are_closed_sell_nothing(make_simulation):
    weeks = weeks_of(
        make_simulation(people__customers=2000, demand__weekly_buyers=[300], people__store_share=0.8,
                        demand__online_events=["2020-06-01", "2020-07-01"], demand__store_factors=[0.0, 1.0])
    )  # fmt: skip
    stores = {day: visits.store[visits.day == i] for week, _, _, visits, _ in weeks for i, day in enumerate(week.days)}
    june = np.concatenate([flags for day, flags in stores.items() if day.month == 6])
    others = np.concatenate([flags for day, flags in stores.items() if day.month != 6])
    assert not june.any()
    assert others.mean() == pytest.approx(0.8, abs=0.03)


def test_a_customer_comes_more_often_soon_after_a_visit(make_simulation):
    week, probability, last, _, _ = weeks_of(
        make_simulation(people__customers=4000, people__rate_spread=0.0, visits__return_boost=3.0, visits__weekly_churn=0.0,
                        visits__one_time_share=0.0, demand__weekly_buyers=[500])
    )[-1]  # fmt: skip
    rate = -np.log1p(-probability)
    soon, late = rate[last == week.number - 1], rate[(last != NEVER) & (last < week.number - 15)]
    assert soon.mean() / late.mean() == pytest.approx(4.0, rel=0.06)


@pytest.mark.parametrize(("share", "repeats"), [(0.0, 0.0), (0.2, 0.2)])
def test_copies_of_an_item_are_as_many_as_the_setting_says(make_simulation, share, repeats):
    weeks = weeks_of(make_simulation(people__customers=3000, choice__extra_item_share=share, demand__weekly_buyers=[500]))
    copies = np.concatenate([items.copies for *_, items in weeks])
    assert 1 - len(copies) / copies.sum() == pytest.approx(repeats, abs=0.01)


def test_repurchase_settings_decide_how_often_an_article_is_bought_again(make_simulation):
    def bought_again(**changes: float) -> float:
        settings = make_simulation(people__customers=800, catalogue__articles=40_000, catalogue__products=20_000,
                                   demand__weekly_buyers=[300], choice__market_share=1.0, choice__section_share=0.0,
                                   visits__exchange_share=0.0, choice__same_product=0.0, choice__same_product_recent=0.0,
                                   appeal__product_spread=0.0, appeal__end_lives=1000.0, **changes)  # fmt: skip
        weeks = weeks_of(settings)
        pairs = np.concatenate([np.unique(v.customer[i.visit] * 40_000 + i.article) for *_, v, i in weeks])
        return 1 - len(np.unique(pairs)) / len(pairs)

    rare = bought_again(choice__repurchase=0.0, choice__repurchase_recent=0.0)
    often = bought_again(choice__repurchase=0.5, choice__repurchase_recent=0.0)
    assert rare < 0.01
    assert 0.3 < often < 0.5
