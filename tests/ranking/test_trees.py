import lightgbm
import numpy as np
import polars as pl

from ranking.ranker import Ranker
from ranking.trees import Matrix, Trees


def test_scores_are_those_of_the_ranker(trees: Trees, ranker: Ranker, week: pl.DataFrame, matrix: Matrix) -> None:
    expected = ranker.score(week.drop("label"))["score"].to_numpy()
    assert np.array_equal(trees.scores(matrix).astype(np.float32), expected)


def test_contributions_add_up_to_the_raw_score(trees: Trees, matrix: Matrix) -> None:
    contributions = trees.contributions(matrix)
    assert contributions.shape == (len(matrix), matrix.shape[1] + 1)
    assert np.allclose(contributions.sum(axis=1), trees.scores(matrix), rtol=0, atol=1e-12)
    assert len(set(contributions[:, -1])) == 1


def test_gain_and_splits_are_those_of_lightgbm(trees: Trees, ranker: Ranker) -> None:
    booster = lightgbm.Booster(model_str=ranker.model)
    assert booster.feature_name() == list(trees.names)
    for kind in ("gain", "split"):
        assert trees.split_importance(kind).tolist() == booster.feature_importance(kind).tolist()


def test_thresholds_are_as_many_as_the_distinct_splits_of_lightgbm(trees: Trees, ranker: Ranker) -> None:
    found: dict[str, set[float]] = {name: set() for name in trees.names}
    waiting = [tree["tree_structure"] for tree in lightgbm.Booster(model_str=ranker.model).dump_model()["tree_info"]]
    while waiting:
        node = waiting.pop()
        if "threshold" in node:
            found[trees.names[node["split_feature"]]].add(node["threshold"])
            waiting += [node["left_child"], node["right_child"]]
    assert {name: of.tolist() for name, of in zip(trees.names, trees.thresholds, strict=True)} == {
        name: sorted(values) for name, values in found.items()
    }
    assert found["leak"]
    assert not found["constant"]


def test_no_result_depends_on_the_number_of_threads(ranker: Ranker, matrix: Matrix) -> None:
    one, two = Trees(ranker, threads=1), Trees(ranker, threads=2)
    assert np.array_equal(one.scores(matrix), two.scores(matrix))
    assert np.array_equal(one.contributions(matrix), two.contributions(matrix))


def test_no_pairs_give_no_scores_and_no_contributions(trees: Trees, matrix: Matrix) -> None:
    assert trees.scores(matrix[:0]).shape == (0,)
    assert trees.contributions(matrix[:0]).shape == (0, len(trees.names) + 1)
