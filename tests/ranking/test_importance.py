from math import fsum

import numpy as np
import polars as pl
import pytest

from lookbook.data.schema import conform
from lookbook.ranking.importance import IMPORTANCE, Drop, FeatureSet, importance, less_the_mean, strongest
from lookbook.ranking.permutation import Permutation
from lookbook.ranking.trees import Matrix, Trees

GROUPS = {"told": ("leak", "hint"), "rest": ("noise", "constant", "step"), "lonely": ("leak",)}
METHODS = ("gain", "split", "permutation", "shap")


def drop_in_hits(trees: Trees, matrix: Matrix, week: pl.DataFrame, columns: tuple[str, ...]) -> Drop:
    """Of the share of customers whose best pair is a label."""

    def hits(scores: Matrix) -> float:
        best = week.with_columns(score=pl.Series(scores)).sort("score", descending=True).group_by("customer").first()
        return float(best["label"].mean())

    permutation = Permutation(trees, matrix, np.arange(len(matrix)), seed=0)
    value = hits(permutation.unchanged) - fsum(hits(s) for s in permutation.scores(columns, repeats=3)) / 3
    return Drop(value, value - 0.1, value + 0.1)


@pytest.fixture(scope="module")
def table(trees: Trees, matrix: Matrix, week: pl.DataFrame) -> pl.DataFrame:
    features = [FeatureSet("feature", name, (name,)) for name in trees.names]
    sets = [*features, *(FeatureSet("group", name, columns) for name, columns in GROUPS.items())]
    drops = [drop_in_hits(trees, matrix, week, each.columns) for each in sets]
    return importance(sets, trees, trees.contributions(matrix), drops)


def value(table: pl.DataFrame, level: str, name: str, method: str, column: str = "value") -> float:
    return table.filter(level=level, name=name, method=method)[column].item()


@pytest.mark.parametrize("method", METHODS)
def test_a_feature_that_gives_the_label_away_comes_first_and_an_unused_one_is_worth_nothing(
    table: pl.DataFrame, method: str
) -> None:
    assert strongest(table, method)[0] == "leak"
    assert value(table, "feature", "constant", method) == 0


def test_the_table_has_a_row_for_each_level_name_and_method(table: pl.DataFrame, trees: Trees) -> None:
    conform(table.lazy(), IMPORTANCE, "importance")
    names = [("feature", name) for name in trees.names] + [("group", name) for name in GROUPS]
    assert table.select("level", "name", "method").rows() == [(*name, method) for name in names for method in METHODS]
    assert table.filter(pl.col("low").is_not_null())["method"].unique().to_list() == ["permutation"]


def test_gain_and_splits_of_a_group_are_sums_over_its_features(table: pl.DataFrame) -> None:
    for method in ("gain", "split"):
        for group, columns in GROUPS.items():
            assert value(table, "group", group, method) == fsum(value(table, "feature", name, method) for name in columns)


def test_shap_of_a_group_is_the_mean_size_of_the_sum_over_its_features(table: pl.DataFrame, trees: Trees, matrix: Matrix) -> None:
    rows = trees.contributions(matrix).tolist()
    for group, columns in GROUPS.items():
        places = [trees.names.index(name) for name in columns]
        slowly = sum(abs(sum(row[place] for place in places)) for row in rows) / len(rows)
        assert value(table, "group", group, "shap") == pytest.approx(slowly, rel=1e-9)
    assert value(table, "group", "told", "shap") < fsum(value(table, "feature", name, "shap") for name in GROUPS["told"])


@pytest.mark.parametrize("method", METHODS)
def test_a_group_of_one_feature_is_worth_what_the_feature_is(table: pl.DataFrame, method: str) -> None:
    assert value(table, "group", "lonely", method) == value(table, "feature", "leak", method)


def test_shares_add_up_to_one_in_each_level_and_a_rise_of_the_metric_counts_as_nothing(trees: Trees, matrix: Matrix) -> None:
    sets = [FeatureSet("feature", name, (name,)) for name in trees.names]
    drops = [Drop(drop, drop, drop) for drop in (0.03, -0.02, 0.01, 0.0, 0.0)]
    table = importance(sets, trees, trees.contributions(matrix), drops)
    assert table.filter(method="permutation")["share"].to_list() == pytest.approx([0.75, 0, 0.25, 0, 0])
    sums = table.group_by("method").agg(pl.col("share").sum())
    assert sums["share"].to_list() == pytest.approx([1.0] * 4)


def test_where_nothing_is_worth_anything_there_is_no_share(trees: Trees) -> None:
    sets = [FeatureSet("feature", "constant", ("constant",))]
    table = importance(sets, trees, np.empty((0, len(trees.names) + 1)), [Drop(0.0, 0.0, 0.0)])
    assert table["value"].to_list() == [0.0] * 4
    assert table["share"].null_count() == 4


def test_the_order_of_the_pairs_changes_nothing(trees: Trees, matrix: Matrix) -> None:
    sets = [FeatureSet("group", name, columns) for name, columns in GROUPS.items()]
    contributions, drops = trees.contributions(matrix), [Drop(0.0, 0.0, 0.0)] * len(GROUPS)
    shuffled = contributions[np.random.default_rng(1).permutation(len(contributions))]
    assert importance(sets, trees, contributions, drops).equals(importance(sets, trees, shuffled, drops))


def test_what_is_added_to_all_pairs_of_a_customer_alike_counts_for_nothing() -> None:
    customers = np.array([3, 3, 3, 8, 8], dtype=np.uint32)
    added = np.array([[5.0, 1.0], [5.0, 2.0], [5.0, 3.0], [-7.0, 4.0], [-7.0, 0.0]])
    left = less_the_mean(added, customers)
    assert left.tolist() == [[0.0, -1.0], [0.0, 0.0], [0.0, 1.0], [0.0, 2.0], [0.0, -2.0]]
    assert less_the_mean(added[:0], customers[:0]).shape == (0, 2)


def test_what_is_added_alike_counts_for_exactly_nothing_where_its_mean_is_rounded() -> None:
    customers = np.array([1] * 7 + [2] * 3, dtype=np.uint32)
    added = np.array([[0.1]] * 7 + [[0.7]] * 3)
    assert not less_the_mean(added, customers).any()
