from datetime import date, timedelta

import polars as pl

from lookbook.evaluation.simulated.ladder import LADDER, ladder_recommendations

AS_OF = date(2020, 9, 16)
BOUGHT = [
    # customer, article, days before AS_OF
    (0, 1, 2), (0, 2, 5), (0, 2, 40), (0, 3, 5), (0, 4, 60), (0, 5, 200),
    (1, 9, 3), (1, 9, 4), (1, 8, 3),
    (2, 7, 100), (2, 7, 101), (2, 7, 102), (2, 7, 103),
]  # fmt: skip


def lists(make_dataset, name: str, k: int = 4) -> dict[int, list[int]]:
    rows = pl.DataFrame(
        [(customer, article, AS_OF - timedelta(days=ago)) for customer, article, ago in BOUGHT] + [(3, 6, AS_OF)],
        schema=["customer", "article", "date"],
        orient="row",
    )
    history = make_dataset(rows).before(AS_OF)
    found = ladder_recommendations(history, pl.Series([0, 1, 2, 3]), LADDER[name], k=k).collect()
    assert found.group_by("customer").agg((pl.col("rank") == pl.int_range(1, pl.len() + 1)).all())["rank"].all()
    return {customer: found.filter(pl.col("customer") == customer)["article"].to_list() for customer in range(4)}


def test_popularity_counts_purchases_of_its_days_and_prefers_the_smaller_id(make_dataset):
    assert lists(make_dataset, "popularity, 7 days") == {key: [9, 1, 2, 3] for key in range(4)}
    assert lists(make_dataset, "popularity, all time") == {key: [7, 2, 9, 1] for key in range(4)}


def test_repurchase_gives_own_articles_of_its_days_the_latest_first_then_those_of_more_dates(make_dataset):
    assert lists(make_dataset, "repurchase, 7 days") == {0: [1, 2, 3], 1: [9, 8], 2: [], 3: []}
    assert lists(make_dataset, "repurchase, 90 days") == {0: [1, 2, 3, 4], 1: [9, 8], 2: [], 3: []}


def test_the_last_rung_fills_up_with_what_is_popular_and_repeats_nothing(make_dataset):
    assert lists(make_dataset, "repurchase, 90 days, then popularity") == {
        0: [1, 2, 3, 4], 1: [9, 8, 1, 2], 2: [9, 1, 2, 3], 3: [9, 1, 2, 3],
    }  # fmt: skip


def test_every_rung_gives_the_map_of_the_real_data_in_rising_order():
    values = [rung.hm_map for rung in LADDER.values()]
    assert values == sorted(values)
