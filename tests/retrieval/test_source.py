import math

import polars as pl
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from lookbook.data.schema import CANDIDATES, LEVELS
from lookbook.retrieval import source
from lookbook.retrieval.source import DECAY_UNITS, HALF_LIVES_TO_ZERO, best_per_key, decay, purchase_days, rank_candidates


def test_candidates_are_the_best_k_with_ties_to_the_smaller_article() -> None:
    scored = pl.LazyFrame({"customer": [2, 1, 1, 1], "article": [5, 9, 7, 8], "score": [0.5, 2.0, 2.0, 3.0]})
    expected = pl.DataFrame([(1, 8, 3.0, 1), (1, 7, 2.0, 2), (2, 5, 0.5, 1)], schema=CANDIDATES, orient="row")
    assert_frame_equal(rank_candidates(scored.cast({"customer": pl.UInt32, "article": pl.UInt32}), 2).collect(), expected)


@given(st.integers(1, 65_000), st.floats(0.1, 1e6))
def test_decay_is_1_on_day_1_and_halves_every_half_life(days_ago: int, half_life: float) -> None:
    ages = pl.DataFrame({"days_ago": [1, days_ago]}, schema={"days_ago": pl.UInt16})
    newest, weight = ages.select(decay(pl.col("days_ago"), half_life)).to_series().to_list()
    assert newest == DECAY_UNITS
    assert math.isclose(weight, DECAY_UNITS * 0.5 ** ((days_ago - 1) / half_life), abs_tol=0.51)


def test_a_weight_is_0_from_the_stated_number_of_half_lives_on_and_not_long_before() -> None:
    ages = pl.DataFrame({"days_ago": [1 + 3 * (HALF_LIVES_TO_ZERO - 1), 2 + 3 * HALF_LIVES_TO_ZERO]})
    assert ages.select(decay(pl.col("days_ago"), 3.0)).to_series().to_list() == [1, 0]


def test_receipts_and_items_of_one_day_are_one_purchase_day() -> None:
    rows = pl.LazyFrame({"customer": [1, 1, 1], "article": [5, 5, 5], "days_ago": [3, 3, 4], "quantity": [1, 9, 1]})
    assert purchase_days(rows).collect().sort("days_ago").rows() == [(1, 5, 3), (1, 5, 4)]


def test_the_best_rows_of_every_key_stay_with_ties_to_the_smaller() -> None:
    table = pl.LazyFrame({"key": [2, 1, 1, 1], "weight": [4, 7, 7, 8], "name": [1, 3, 2, 9]})
    assert best_per_key(table, "key", by="weight", tie="name", top=2).collect().rows() == [(1, 8, 9), (1, 7, 2), (2, 4, 1)]


def test_a_level_setting_takes_the_levels_of_the_article_table() -> None:
    assert source.Level.__args__ == LEVELS
