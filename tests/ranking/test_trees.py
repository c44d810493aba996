import lightgbm
import numpy as np
import polars as pl

from lookbook.ranking.ranker import Ranker
from lookbook.ranking.trees import Matrix, Trees


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


def test_trees_that_split_on_a_feature_follow_it_as_all_trees_do(trees: Trees, matrix: Matrix) -> None:
    assert np.array_equal(trees.splitting_on(range(len(trees.names))).scores(matrix), trees.scores(matrix))
    fewer = set()
    for place, name in enumerate(trees.names):
        some, changed = trees.splitting_on([place]), matrix.copy()
        changed[:, place] = matrix[::-1, place]
        assert some.ranker.trees == lightgbm.Booster(model_str=some.ranker.model).num_trees()
        assert (some.ranker.trees > 0) == (len(trees.thresholds[place]) > 0), name
        fewer.add(0 < some.ranker.trees < trees.ranker.trees)
        if some.ranker.trees:
            others = [trees.scores(rows) - some.scores(rows) for rows in (matrix, changed)]
            assert np.abs(others[0] - others[1]).max() <= trees.rounding
    assert True in fewer


def test_rounding_covers_every_order_of_addition_and_is_far_below_float32(trees: Trees, ranker: Ranker, matrix: Matrix) -> None:
    booster = lightgbm.Booster(model_str=ranker.model)
    by_tree = np.stack([booster.predict(matrix, start_iteration=n, num_iteration=1, raw_score=True) for n in range(ranker.trees)])
    rng = np.random.default_rng(1)
    summed = [by_tree[rng.permutation(ranker.trees)].cumsum(axis=0)[-1] for _ in range(50)]
    assert 0 < np.ptp(np.stack(summed), axis=0).max() < trees.rounding < 1e-12


def test_no_result_depends_on_the_number_of_threads(ranker: Ranker, matrix: Matrix) -> None:
    one, two = Trees(ranker, threads=1), Trees(ranker, threads=2)
    assert np.array_equal(one.scores(matrix), two.scores(matrix))
    assert np.array_equal(one.contributions(matrix), two.contributions(matrix))


def test_no_pairs_give_no_scores_and_no_contributions(trees: Trees, matrix: Matrix) -> None:
    assert trees.scores(matrix[:0]).shape == (0,)
    assert trees.contributions(matrix[:0]).shape == (0, len(trees.names) + 1)
