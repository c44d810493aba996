"""Labelling pairs and sampling negatives."""

from collections import defaultdict

import polars as pl
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from lookbook.ranking.examples import label_pairs, sample_negatives

IDS = {"customer": pl.UInt32, "article": pl.UInt32}


def pairs_of(rows: list[tuple[int, int]]) -> pl.LazyFrame:
    return pl.LazyFrame(rows, schema=IDS, orient="row")


def test_a_pair_is_positive_when_the_customer_bought_that_article_and_order_is_kept() -> None:
    pairs = pairs_of([(2, 9), (1, 5), (1, 6), (2, 5)])
    labels = pairs_of([(1, 5), (2, 9), (3, 5)])
    after = pl.DataFrame(
        {"customer": [2, 1, 1, 2], "article": [9, 5, 6, 5], "label": [1, 1, 0, 0]}, schema={**IDS, "label": pl.UInt8}
    )
    assert_frame_equal(label_pairs(pairs, labels).collect(), after)


def test_customers_without_a_positive_are_dropped_and_all_positives_stay() -> None:
    pairs = pairs_of([(1, article) for article in range(10)] + [(2, article) for article in range(10)])
    labels = pairs_of([(1, 3), (1, 4)])
    sampled = sample_negatives(label_pairs(pairs, labels), negatives_per_positive=2, seed=1).collect()
    assert sampled["customer"].unique().to_list() == [1]
    assert sampled.filter(pl.col("label") == 1)["article"].to_list() == [3, 4]
    assert (sampled["label"] == 0).sum() == 4


@given(
    rows=st.sets(st.tuples(st.integers(0, 5), st.integers(0, 30)), min_size=1),
    bought=st.sets(st.tuples(st.integers(0, 5), st.integers(0, 30))),
    negatives=st.integers(1, 3),
)
def test_each_customer_keeps_its_positives_and_the_right_number_of_negatives(
    rows: set[tuple[int, int]], bought: set[tuple[int, int]], negatives: int
) -> None:
    sampled = sample_negatives(
        label_pairs(pairs_of(sorted(rows)), pairs_of(sorted(bought))), negatives_per_positive=negatives, seed=3
    ).collect()
    expected: dict[int, tuple[int, int]] = {}
    by_customer: dict[int, list[bool]] = defaultdict(list)
    for pair in rows:
        by_customer[pair[0]].append(pair in bought)
    for customer, hits in by_customer.items():
        if any(hits):
            expected[customer] = (sum(hits), min(len(hits) - sum(hits), negatives * sum(hits)))
    counts = sampled.group_by("customer").agg(positives=pl.col("label").sum(), negatives=(pl.col("label") == 0).sum())
    assert {c: (p, n) for c, p, n in counts.iter_rows()} == expected
    assert_frame_equal(sampled, sampled.sort("customer", "article"))


def test_the_sample_of_a_customer_does_not_depend_on_the_other_rows() -> None:
    pairs = pairs_of([(customer, article) for customer in range(4) for article in range(50)])
    labels = pairs_of([(customer, customer * 7) for customer in range(4)])
    whole = sample_negatives(label_pairs(pairs, labels), negatives_per_positive=5, seed=2).collect()
    alone = sample_negatives(label_pairs(pairs.filter(pl.col("customer") == 2), labels), negatives_per_positive=5, seed=2).collect()
    assert_frame_equal(whole.filter(pl.col("customer") == 2), alone)
    shuffled = pairs.collect().sample(fraction=1.0, shuffle=True, seed=1).lazy()
    again = sample_negatives(label_pairs(shuffled, labels), negatives_per_positive=5, seed=2).collect()
    assert_frame_equal(again.sort("customer", "article"), whole)


def test_another_seed_draws_other_negatives_spread_over_all_articles() -> None:
    pairs = pairs_of([(0, article) for article in range(2000)])
    labels = pairs_of([(0, 0)])
    draws = [
        sample_negatives(label_pairs(pairs, labels), negatives_per_positive=200, seed=seed).collect()["article"].to_list()
        for seed in (1, 2)
    ]
    assert draws[0] != draws[1]
    assert 700 < sum(draws[0]) / len(draws[0]) < 1300
