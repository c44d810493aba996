import json

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from lookbook.data.schema import LABELS, RECOMMENDATIONS
from lookbook.evaluation.baselines.popularity import POPULARITY
from lookbook.evaluation.recommendations import RecommendationError
from lookbook.evaluation.results import COVERAGE, NOVELTY, Evaluation, evaluate, nested
from lookbook.evaluation.summary import MEANS

Lists = dict[int, list[int]]

BOUGHT = {1: {10, 11}, 2: {12}, 3: {13, 14, 15}}
SYSTEM = {1: [10, 11], 2: [12, 10], 3: [10, 13], 9: [99, 98]}
OTHER = {1: [12, 10], 2: [10, 12], 9: [10, 11]}


def recommended(lists: Lists) -> pl.LazyFrame:
    rows = [(c, a, 0.0, rank) for c, articles in lists.items() for rank, a in enumerate(articles, start=1)]
    return pl.LazyFrame(rows, schema=RECOMMENDATIONS, orient="row")


LABELLED = pl.LazyFrame([(c, a) for c, articles in BOUGHT.items() for a in articles], schema=LABELS, orient="row")
SEGMENTED = pl.LazyFrame(
    {"customer": [1, 2, 3, 9], "segment": ["<=7", "never", "<=7", "never"]},
    schema={"customer": pl.UInt32, "segment": pl.String},
)
PURCHASES = SEGMENTED.with_columns(segment=pl.Series([">2", "none", "1-2", "none"]))
POPULAR = pl.LazyFrame({"article": [10, 11, 12, 13, 14], "buyers": [9, 8, 7, 6, 0], "rank": [1, 2, 3, 4, 5]}, schema=POPULARITY)


def evaluation(
    variants: dict[str, pl.LazyFrame],
    labels: pl.LazyFrame = LABELLED,
    segments: pl.LazyFrame = SEGMENTED,
    purchases: pl.LazyFrame = PURCHASES,
) -> Evaluation:
    return evaluate(variants, labels, segments, purchases, POPULAR, system="system", k=2, resamples=100, seed=0)


def both() -> dict[str, pl.LazyFrame]:
    return {"system": recommended(SYSTEM), "other": recommended(OTHER)}


def test_every_metric_has_a_value_for_every_variant_and_segment() -> None:
    found = evaluation(both())
    keys = found.metrics.select("variant", "segment", "metric")
    assert len(keys.unique()) == len(keys) == 2 * 3 * (len(MEANS) + 2)
    assert set(keys["segment"]) == {"all", "<=7", "never"}
    assert set(keys["metric"]) == {*MEANS, COVERAGE, NOVELTY}
    assert found.metrics["value"].null_count() == 0
    assert set(found.differences["variant"]) == {"other"}


def test_values_are_means_over_customers_with_labels() -> None:
    found = evaluation(both())
    assert found.value("system") == pytest.approx((1 + 1 + 0.25) / 3)
    assert found.value("other") == pytest.approx((0.25 + 0.5 + 0) / 3)
    assert found.value("system", "map", "<=7") == pytest.approx((1 + 0.25) / 2)
    assert found.value("system", "hit_rate") == pytest.approx(1)
    assert found.value("system", "mrr") == pytest.approx((1 + 1 + 0.5) / 3)
    assert found.value("system", COVERAGE) == 4 / 4
    assert found.value("other", COVERAGE) == 2 / 4
    assert found.value("system", NOVELTY) == pytest.approx((1 + 2 + 3 + 1 + 1 + 4) / 6)
    assert found.metrics.filter(pl.col("segment") == "<=7")["n_customers"].unique().to_list() == [2]
    with pytest.raises(KeyError, match="no metric 'mapp' of variant 'system' in segment 'all'"):
        found.value("system", "mapp")


def test_customers_without_labels_change_nothing() -> None:
    without = {name: frame.filter(pl.col("customer") != 9) for name, frame in both().items()}
    assert_frame_equal(evaluation(without).metrics, evaluation(both()).metrics, check_exact=True)


def test_a_variant_that_recommends_nothing_scores_zero_and_has_no_novelty() -> None:
    found = evaluation({**both(), "silent": recommended({})})
    assert found.value("silent") == found.value("silent", COVERAGE) == 0
    at = (pl.col("variant") == "silent") & (pl.col("metric") == NOVELTY)
    assert found.metrics.filter(at)["value"].to_list() == [None, None, None]
    assert found.differences.filter(pl.col("variant") == "silent")["ratio"].null_count() == 3 * len(MEANS)


def test_a_zero_based_rank_is_refused() -> None:
    wrong = recommended(SYSTEM).with_columns(pl.col("rank") - 1)
    with pytest.raises(RecommendationError, match="ranks must start at 1"):
        evaluation({"system": wrong})


def test_cold_customers_are_judged_apart_as_if_there_were_no_others() -> None:
    found = evaluation(both())
    few = found.cold.select("segment", "variant", "metric", "n_customers").unique().sort("segment", "variant", "metric").rows()
    assert few == [(s, v, m, 1) for s in ("1-2", "none") for v in ("other", "system") for m in ("map", "recall")]
    for customer, segment in ((2, "none"), (3, "1-2")):
        alone = evaluation(both(), LABELLED.filter(pl.col("customer") == customer)).metrics
        expected = alone.filter(pl.col("segment") == "all", pl.col("metric").is_in(["map", "recall"])).drop("segment")
        assert_frame_equal(found.cold.filter(pl.col("segment") == segment).drop("segment"), expected, check_row_order=False)


def test_where_no_customer_with_a_label_is_cold_nothing_is_said_of_them() -> None:
    known = evaluation(both(), purchases=PURCHASES.with_columns(segment=pl.lit(">2")))
    assert known.cold.is_empty()
    assert known.cold.schema == known.metrics.schema
    assert nested(known.cold) == {}


def test_an_unknown_system_is_refused_with_the_known_variants() -> None:
    with pytest.raises(ValueError, match="unknown system 'system'; variants: a, b"):
        evaluation({"a": recommended(SYSTEM), "b": recommended(OTHER)})


@settings(deadline=None, max_examples=10)
@given(st.integers(0, 1000))
def test_results_are_the_same_bytes_in_any_row_order(seed: int) -> None:
    def mixed(frame: pl.LazyFrame) -> pl.LazyFrame:
        return frame.collect().sample(fraction=1, shuffle=True, seed=seed).lazy()

    plain = evaluation(both())
    again = evaluation({name: mixed(frame) for name, frame in both().items()}, mixed(LABELLED), mixed(SEGMENTED), mixed(PURCHASES))
    assert_frame_equal(again.cold, plain.cold, check_exact=True)
    assert_frame_equal(again.metrics, plain.metrics, check_exact=True)
    assert_frame_equal(again.differences, plain.differences, check_exact=True)


def test_nested_results_are_valid_json_with_every_number_of_the_tables() -> None:
    found = evaluation(both())
    for table in (found.metrics, found.differences):
        cells = json.loads(json.dumps(nested(table), allow_nan=False))
        for row in table.iter_rows(named=True):
            cell = cells[row["variant"]][row["segment"]][row["metric"]]
            assert cell == {name: row[name] for name in cell}
            assert {"value", "low", "high", "n_customers"} <= cell.keys()
