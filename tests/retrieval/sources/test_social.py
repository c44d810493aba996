from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from math import log

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from lookbook.data.dataset import Dataset
from lookbook.data.schema import HOUSEHOLDS, LINKS
from lookbook.retrieval.source import DECAY_UNITS, CandidateSource

AS_OF = date(2020, 9, 23)
Retrieve = Callable[..., tuple[dict[str, pl.DataFrame], pl.DataFrame]]
WithSettings = Callable[..., CandidateSource]
Shop = Callable[..., Dataset]

PURCHASES = [
    # customer, article, days_ago: 1 and 2 bought 10, which three bought; 1 and 3 bought 11, which two did; 4 never bought
    (1, 10, 1), (2, 10, 1), (3, 10, 1), (1, 11, 1), (3, 11, 1), (2, 12, 8), (3, 13, 40),
]  # fmt: skip


@pytest.fixture
def shop(make_dataset: Callable[..., Dataset]) -> Shop:
    def build(*, links: list[tuple[int, int, float]] | None = None, homes: list[tuple[int, int]] | None = None) -> Dataset:
        rows = [(c, a, AS_OF - timedelta(days=d)) for c, a, d in PURCHASES]
        bought = pl.DataFrame(rows, schema=["customer", "article", "date"], orient="row")
        dataset = make_dataset(bought, pl.DataFrame({"customer": [1, 2, 3, 4]}))
        return replace(
            dataset,
            links=None if links is None else pl.LazyFrame(links, schema=LINKS, orient="row"),
            households=None if homes is None else pl.LazyFrame(homes, schema=HOUSEHOLDS, orient="row"),
        )

    return build


@pytest.fixture
def source(with_settings: WithSettings) -> Callable[..., CandidateSource]:
    def build(**settings: object) -> CandidateSource:
        return with_settings("social", **{"window_days": 28, "half_life_days": 7.0, **settings})

    return build


def scores(found: pl.DataFrame, customer: int) -> dict[int, float]:
    mine = found.filter(pl.col("customer") == customer)
    return dict(mine.select("article", "score").rows())


def test_friends_count_by_the_weight_of_the_link_and_their_purchases_by_age(
    shop: Shop, source: Callable[..., CandidateSource], retrieve: Retrieve
) -> None:
    found = retrieve(source(), shop(links=[(4, 1, 1.0), (4, 2, 2.0), (4, 3, 0.5)]), AS_OF)[1]
    assert scores(found, 4) == pytest.approx({10: 0.5 + 1 + 0.25, 11: 0.5 + 0.25, 12: 0.5})
    assert set(found["customer"]) == {4}


def test_where_links_are_stated_neither_households_nor_articles_link(
    shop: Shop, source: Callable[..., CandidateSource], retrieve: Retrieve
) -> None:
    learned, found = retrieve(source(), shop(links=[(1, 2, 3.0)], homes=[(1, 0), (3, 0)]), AS_OF)
    assert learned["friends"].rows() == [(1, 2, DECAY_UNITS)]
    assert set(found["customer"]) == {1}


def test_the_few_of_one_household_are_close_and_those_of_a_large_one_are_not(
    shop: Shop, source: Callable[..., CandidateSource], retrieve: Retrieve
) -> None:
    dataset = shop(homes=[(1, 7), (4, 7), (2, 8), (3, 8)])
    together = retrieve(source(co_purchase_weight=0.0), dataset, AS_OF)[0]["friends"]
    assert together.rows() == [(1, 4, DECAY_UNITS), (2, 3, DECAY_UNITS), (3, 2, DECAY_UNITS), (4, 1, DECAY_UNITS)]
    crowded = shop(homes=[(1, 7), (4, 7), (2, 7), (3, 8)])
    assert retrieve(source(co_purchase_weight=0.0, max_household=2), crowded, AS_OF)[0]["friends"].is_empty()


def test_an_article_makes_close_by_how_few_bought_it_lately(
    shop: Shop, source: Callable[..., CandidateSource], retrieve: Retrieve
) -> None:
    friends = retrieve(source(co_purchase_weight=2.0), shop(), AS_OF)[0]["friends"]
    of_first = {friend: units / DECAY_UNITS for customer, friend, units in friends.rows() if customer == 1}
    assert of_first == pytest.approx({3: 1.0, 2: (1 / log(3)) / (1 / log(3) + 1 / log(2))}, rel=1e-5)
    common = retrieve(source(max_buyers=2), shop(), AS_OF)[0]["friends"]
    assert common.rows() == [(1, 3, DECAY_UNITS), (3, 1, DECAY_UNITS)]


def test_households_and_articles_add_up(shop: Shop, source: Callable[..., CandidateSource], retrieve: Retrieve) -> None:
    dataset = shop(homes=[(1, 7), (2, 7)])
    friends = retrieve(source(household_weight=10.0), dataset, AS_OF)[0]["friends"]
    of_first = {friend: units / DECAY_UNITS for customer, friend, units in friends.rows() if customer == 1}
    assert of_first == pytest.approx({2: 1.0, 3: (1 / log(3) + 1 / log(2)) / (10 + 1 / log(3))}, rel=1e-5)


def test_only_the_closest_friends_are_looked_at_and_of_equals_the_smaller_id(
    shop: Shop, source: Callable[..., CandidateSource], retrieve: Retrieve
) -> None:
    dataset = shop(links=[(4, 1, 1.0), (4, 2, 2.0), (4, 3, 1.0)])
    for friends, expected in ((1, [2]), (2, [2, 1])):
        assert retrieve(source(friends=friends), dataset, AS_OF)[0]["friends"]["friend"].to_list() == expected


def test_links_in_ranges_of_customers_are_those_of_the_whole(
    market: Dataset, source: Callable[..., CandidateSource], retrieve: Retrieve, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = retrieve(source(), market, AS_OF)
    monkeypatch.setattr("lookbook.retrieval.sources.social.RANGE_CUSTOMERS", 7)
    parts = retrieve(source(), market, AS_OF)
    assert_frame_equal(parts[0]["friends"], whole[0]["friends"])
    assert_frame_equal(parts[1], whole[1])


def test_the_order_of_links_does_not_matter(market: Dataset, source: Callable[..., CandidateSource], retrieve: Retrieve) -> None:
    links = [(c, f, float((c * 7 + f * 3) % 5 + 1)) for c in range(60) for f in range(60) if c != f and (c + f) % 4 == 0]
    found = [
        retrieve(source(friends=5), replace(market, links=pl.LazyFrame(rows, schema=LINKS, orient="row")), AS_OF)
        for rows in (links, links[::-1])
    ]
    assert found[0][1].height > 0
    assert_frame_equal(found[0][1], found[1][1], check_exact=True)
    assert_frame_equal(found[0][0]["friends"], found[1][0]["friends"], check_exact=True)
