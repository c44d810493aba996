import polars as pl
import pytest
from polars.testing import assert_frame_equal

from lookbook.data.schema import RECOMMENDATIONS
from lookbook.evaluation.simulated.oracle import PROBABILITIES, Way, oracle_recommendations, way_covered


def per_customer(*precisions: float) -> pl.DataFrame:
    return pl.DataFrame({"customer": range(len(precisions)), "average_precision": precisions})


def way(baseline, recommender, oracle) -> Way:
    variants = {"b": baseline, "r": recommender, "o": oracle}
    return way_covered(variants, baseline="b", recommender="r", oracle="o", resamples=200, seed=0)


def test_the_oracle_recommends_the_most_probable_articles_and_of_equal_ones_the_smaller_id():
    known = pl.LazyFrame([(1, 5, 0.2), (1, 3, 0.2), (1, 9, 0.7), (0, 4, 0.1), (1, 8, 0.1)], schema=PROBABILITIES, orient="row")
    after = pl.DataFrame([(0, 4, 0.1, 1), (1, 9, 0.7, 1), (1, 3, 0.2, 2), (1, 5, 0.2, 3)], schema=RECOMMENDATIONS, orient="row")
    assert_frame_equal(oracle_recommendations(known, k=3).collect(), after)


def test_the_part_of_the_way_is_that_of_the_means_and_has_an_interval():
    found = way(per_customer(0.0, 0.1, 0.2, 0.1), per_customer(0.1, 0.1, 0.5, 0.1), per_customer(0.4, 0.5, 0.6, 0.5))
    assert (found.baseline, found.recommender, found.oracle) == pytest.approx((0.1, 0.2, 0.5))
    assert found.covered == pytest.approx(0.25)
    assert found.low < 0.25 < found.high
    assert found.n_customers == 4


def test_baseline_and_oracle_are_the_ends_of_the_way():
    low, high = per_customer(0.0, 0.1, 0.2), per_customer(0.3, 0.5, 0.4)
    assert (way(low, low, high).covered, way(low, high, high).covered) == (0.0, 1.0)
    assert (way(low, high, high).low, way(low, high, high).high) == (1.0, 1.0)


def test_there_is_no_way_to_an_oracle_that_is_not_above_the_baseline():
    same = per_customer(0.2, 0.4)
    assert way(same, same, same) == Way(pytest.approx(0.3), pytest.approx(0.3), pytest.approx(0.3), None, None, None, 2)


def test_there_is_no_interval_where_a_resample_has_no_way_to_go():
    found = way(per_customer(0.0, 0.5), per_customer(0.0, 0.5), per_customer(1.0, 0.5))
    assert (found.covered, found.low, found.high) == (0.0, None, None)


def test_customers_are_paired_by_id_and_must_be_the_same():
    low, high = per_customer(0.0, 0.2), per_customer(0.5, 0.5)
    assert way(low, high.reverse(), high).covered == 1.0
    with pytest.raises(ValueError, match="'b' and 'o' were measured on different customers"):
        way(low, high, per_customer(0.5, 0.5, 0.5))
