from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from lookbook.data.dataset import Dataset
from lookbook.retrieval.source import CandidateSource

AS_OF = date(2020, 9, 15)
Retrieve = Callable[..., tuple[dict[str, pl.DataFrame], pl.DataFrame]]
WithSettings = Callable[..., CandidateSource]

GOODS = {
    # article: name; 1 to 5 say one thing, 6 to 8 another, 9 nothing
    **dict.fromkeys(range(1, 6), "wool hat"),
    **dict.fromkeys(range(6, 9), "silk dress"),
    9: None,
}
BOUGHT = [
    # customer, article, days ago; 3 and 4 and 8 are never bought, 5 not lately
    (1, 1, 1), (1, 1, 8), (1, 5, 100), (1, 9, 1), (2, 6, 1), (2, 7, 1), (3, 2, 1), (3, 2, 2), (4, 9, 1), (5, 7, 1),
]  # fmt: skip


@pytest.fixture
def shop(make_dataset: Callable[..., Dataset]) -> Dataset:
    rows = [(customer, article, AS_OF - timedelta(days=ago)) for customer, article, ago in BOUGHT]
    return make_dataset(
        pl.DataFrame(rows, schema=["customer", "article", "date"], orient="row"),
        articles=pl.DataFrame({"article": list(GOODS), "name": list(GOODS.values())}),
    )


def source(with_settings: WithSettings, **changes: object) -> CandidateSource:
    """Its settings for a small shop: a sale counts alike on every day."""
    plain = {"article_half_life_days": 1e9, "customer_half_life_days": 1e9, "sales_power": 1.0, "smoothing": 0.5}
    return with_settings("content", **{"launch_share": 0.0, "k": 10, **plain, **changes})


def scores(found: pl.DataFrame, customer: int) -> dict[int, float]:
    rows = found.filter(pl.col("customer") == customer)
    return dict(zip(rows["article"], (round(score, 5) for score in rows["score"]), strict=True))


def test_the_score_is_the_cosine_times_the_sales_over_the_mean_plus_the_smoothing(
    shop: Dataset, with_settings: WithSettings, retrieve: Retrieve
) -> None:
    # on sale are 1 (2 days of purchase), 2 (2), 6 (1), 7 (2), 9 (2): 1.8 on average
    found = retrieve(source(with_settings), shop, AS_OF)[1]
    sold, one, never = (round(sales / 1.8 + 0.5, 5) for sales in (2, 1, 0))
    assert scores(found, 3) == {1: sold, 2: sold, 3: never, 4: never, 6: 0, 7: 0, 8: 0}
    assert scores(found, 2) == {7: sold, 6: one, 8: never, 1: 0, 2: 0, 3: 0, 4: 0}
    found = retrieve(source(with_settings, sales_power=0.0), shop, AS_OF)[1]
    assert set(scores(found, 3).values()) == {0.0, 1.0}


def test_a_customer_is_the_mean_of_what_they_bought_and_the_latest_counts_most(
    shop: Dataset, with_settings: WithSettings, retrieve: Retrieve
) -> None:
    changed = source(with_settings, sales_power=0.0, customer_half_life_days=7.0)
    more = pl.DataFrame({"customer": [2], "article": [1], "date": [AS_OF - timedelta(days=8)]}).cast(
        {"customer": pl.UInt32, "article": pl.UInt32}
    )
    others = shop.transactions.collect().head(1).drop("customer", "article", "date")
    mixed = pl.concat([shop.transactions.collect(), more.join(others, how="cross")], how="diagonal")
    found = retrieve(changed, replace(shop, transactions=mixed.lazy()), AS_OF)[1]
    # two dresses yesterday, a hat a week before that: (2, 1/2) in directions that are at right angles
    expected = {**dict.fromkeys((6, 7, 8), 2.0), **dict.fromkeys((1, 2, 3, 4), 0.5)}
    assert scores(found, 2) == {article: pytest.approx(x / 4.25**0.5, abs=1e-5) for article, x in expected.items()}


def test_articles_nobody_bought_yet_are_found_and_those_sold_out_are_not(
    shop: Dataset, with_settings: WithSettings, retrieve: Retrieve
) -> None:
    learned, found = retrieve(source(with_settings), shop, AS_OF)
    assert learned["offered"]["article"].to_list() == [1, 2, 3, 4, 6, 7, 8]
    assert {3, 4} < set(scores(found, 1))
    assert 5 not in found["article"]
    assert 5 in retrieve(source(with_settings, on_sale_days=100), shop, AS_OF)[1]["article"]


def test_a_launch_is_an_article_that_nobody_bought_before_the_last_days(
    shop: Dataset, with_settings: WithSettings, retrieve: Retrieve
) -> None:
    launches = {
        days: retrieve(source(with_settings, launch_days=days), shop, AS_OF)[0]["offered"].filter("launch")["article"].to_list()
        for days in (1, 2, 7, 8)
    }
    assert launches == {1: [3, 4, 6, 7, 8], 2: [2, 3, 4, 6, 7, 8], 7: [2, 3, 4, 6, 7, 8], 8: [1, 2, 3, 4, 6, 7, 8]}
    few = retrieve(source(with_settings, launch_days=1, launch_share=0.5, k=2), shop, AS_OF)[1]
    assert few.filter(pl.col("customer") == 3)["article"].to_list() == [1, 3]


def test_an_article_of_which_nothing_is_said_is_no_candidate_and_makes_no_customer_known(
    shop: Dataset, with_settings: WithSettings, retrieve: Retrieve
) -> None:
    found = retrieve(source(with_settings), shop, AS_OF)[1]
    assert 9 not in found["article"]
    assert found["customer"].unique().sort().to_list() == [1, 2, 3, 5]


def test_the_evidence_is_what_the_customer_bought_that_is_most_alike(shop: Dataset, with_settings: WithSettings) -> None:
    history = shop.before(AS_OF)
    asked = pl.LazyFrame([(1, 3), (1, 5), (1, 9), (4, 3)], {"customer": pl.UInt32, "article": pl.UInt32}, orient="row")
    chosen = source(with_settings)
    learned = chosen.learn(history, earlier=None, seed=0, device="cpu")
    found = chosen.evidence(learned, history, asked).collect()
    assert found.drop("strength").rows() == [(1, 3, 1), (1, 3, 5)]
    assert found["strength"].to_list() == pytest.approx([1.0, 1.0])


def in_loops(chosen: CandidateSource, learned: dict[str, pl.DataFrame], dataset: Dataset) -> Iterator[tuple[int, list[int]]]:
    """Of every customer the ids of the candidates, from the definition: first the reserved ones, then the best others."""
    settings = vars(chosen)
    vectors = {row["id"]: np.array(row["vector"], np.float64) for row in learned["article_vectors"].iter_rows(named=True)}
    bought = dataset.before(AS_OF).transactions.select("customer", "article", "days_ago").unique().collect()
    for (customer,), rows in bought.sort("customer", "article", "days_ago").group_by("customer", maintain_order=True):
        weighed = [
            (0.5 ** ((ago - 1) / settings["customer_half_life_days"]), vectors[article])
            for _, article, ago in rows.rows()
            if article in vectors
        ]
        taste = sum(weight * vector for weight, vector in weighed)
        offered = {
            article: (float(vectors[article] @ taste) / float(np.linalg.norm(taste)) * weight, launch)
            for article, weight, launch in learned["offered"].rows()
        }
        ranked = sorted(offered, key=lambda article: (-offered[article][0], article))
        reserved = [article for article in ranked if offered[article][1]][: int(settings["k"] * settings["launch_share"])]
        others = [article for article in ranked if article not in reserved][: settings["k"] - len(reserved)]
        yield int(str(customer)), sorted([*reserved, *others])


@pytest.mark.parametrize(("k", "share"), [(1, 1.0), (5, 0.0), (10, 0.3), (20, 0.1), (40, 0.5), (79, 1.0), (500, 0.2)])
def test_the_best_launches_have_their_share_of_the_places(
    k: int, share: float, market: Dataset, with_settings: WithSettings, retrieve: Retrieve
) -> None:
    hidden = market.transactions.filter(pl.col("article") % 9 > 0)
    shop = replace(market, transactions=hidden)
    chosen = with_settings("content", k=k, launch_share=share)
    learned, found = retrieve(chosen, shop, AS_OF)
    assert learned["offered"]["launch"].sum() >= 8
    got = found.group_by("customer").agg(pl.col("article").sort()).sort("customer")
    expected = list(in_loops(chosen, learned, shop))
    assert_frame_equal(got, pl.DataFrame(expected, schema=got.schema, orient="row"))


def test_where_all_sales_are_so_long_ago_that_none_counts_articles_are_ranked_by_what_they_are_like(
    shop: Dataset, with_settings: WithSettings, retrieve: Retrieve
) -> None:
    found = retrieve(source(with_settings, article_half_life_days=0.05), shop, AS_OF + timedelta(days=3))[1]
    assert scores(found, 3) == {1: 0.5, 2: 0.5, 3: 0.5, 4: 0.5, 6: 0.0, 7: 0.0, 8: 0.0}


def test_a_share_that_is_a_whole_number_of_places_gives_all_of_them(
    make_dataset: Callable[..., Dataset], with_settings: WithSettings, retrieve: Retrieve
) -> None:
    rows = [(1, article, AS_OF - timedelta(days=20)) for article in range(100)]  # 100 to 199 are launches
    shop = make_dataset(
        pl.DataFrame(rows, schema=["customer", "article", "date"], orient="row"),
        articles=pl.DataFrame({"article": range(200), "name": ["wool hat"] * 200}),
    )
    found = retrieve(source(with_settings, k=100, launch_share=0.29), shop, AS_OF)[1]  # 100 x 0.29 is 28.999999999999996
    assert found.filter(pl.col("article") >= 100).height == 29
