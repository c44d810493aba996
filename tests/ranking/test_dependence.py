import numpy as np
import polars as pl
import pytest

from lookbook.ranking.dependence import partial_dependence
from lookbook.ranking.ranker import Ranker
from lookbook.ranking.trees import Matrix, Trees


def test_the_score_is_the_mean_over_pairs_that_all_have_the_value(
    trees: Trees, ranker: Ranker, week: pl.DataFrame, matrix: Matrix
) -> None:
    table = partial_dependence(trees, matrix, ["leak", "step"], points=4)
    for feature, value, score in table.rows():
        same = pl.lit(value, dtype=week.schema[feature])
        slowly = ranker.score(week.drop("label").with_columns(same.alias(feature)))["score"]
        assert score == pytest.approx(slowly.mean(), abs=1e-6)


def test_values_are_distinct_quantiles_of_those_there_are_and_missing_is_a_point_of_its_own(trees: Trees, matrix: Matrix) -> None:
    table = partial_dependence(trees, matrix, ["step", "leak", "constant"], points=5)
    values = {feature: rows["value"].to_list() for (feature,), rows in table.group_by("feature", maintain_order=True)}
    assert list(values) == ["step", "leak", "constant"]
    assert values["step"] == [0.0, 1.0, 2.0, 3.0]
    assert values["constant"] == [1.0]
    *known, missing = values["leak"]
    leak = matrix[:, trees.names.index("leak")]
    assert missing is None
    assert known == sorted(set(known))
    assert (known[0], known[-1]) == (np.nanmin(leak), np.nanmax(leak))
    assert set(known) <= set(leak[~np.isnan(leak)].tolist())


def test_the_score_rises_with_a_feature_that_gives_the_label_away(trees: Trees, matrix: Matrix) -> None:
    known = partial_dependence(trees, matrix, ["leak"], points=9).drop_nulls()
    assert known["score"][0] + 1 < known["score"][-1]


def test_the_matrix_is_left_as_it_was_and_an_unused_feature_has_one_score(trees: Trees, matrix: Matrix) -> None:
    before = matrix.copy()
    table = partial_dependence(trees, matrix, ["leak", "constant"], points=3)
    assert np.array_equal(matrix, before, equal_nan=True)
    unused = table.filter(pl.col("feature") == "constant")["score"].item()
    assert unused == pytest.approx(trees.scores(matrix).mean(), abs=1e-12)
