import numpy as np
import pytest

from lookbook.ranking import permutation as module
from lookbook.ranking.permutation import Permutation
from lookbook.ranking.ranker import Ranker
from lookbook.ranking.trees import Floats, Matrix, Trees

ORDER = np.random.default_rng(8).permutation(80 * 25)


class Dealer:
    """Deals always in ORDER."""

    def permutation(self, rows: int) -> np.ndarray:
        assert rows == len(ORDER)
        return ORDER


def permuted(trees: Trees, matrix: Matrix, *columns: str, repeats: int = 2, seed: int = 4) -> list[list[float]]:
    rows = np.arange(0, len(matrix), 3)
    return [scores.tolist() for scores in Permutation(trees, matrix, rows, seed).scores(columns, repeats=repeats)]


@pytest.mark.parametrize(
    "columns",
    [("leak",), ("noise",), ("step",), ("hint", "leak"), ("constant", "step"), ("hint", "noise", "leak", "constant", "step")],
)
def test_scores_are_those_of_a_matrix_whose_columns_were_moved_together(
    trees: Trees, matrix: Matrix, columns: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_generator", lambda *_: Dealer())
    monkeypatch.setattr(module, "BLOCK_ROWS", 100)
    moved = matrix.copy()
    for name in columns:
        place = trees.names.index(name)
        moved[:, place] = matrix[ORDER, place]
    slowly = trees.scores(moved).astype(np.float32)[::3].tolist()
    assert permuted(trees, matrix, *columns) == [slowly, slowly]
    assert slowly != trees.scores(matrix).astype(np.float32)[::3].tolist()


def test_sums_that_are_off_by_less_than_rounding_may_do_give_the_same_scores(
    trees: Trees, matrix: Matrix, monkeypatch: pytest.MonkeyPatch
) -> None:
    exactly = permuted(trees, matrix, "hint", "step")
    original, turn = Trees.splitting_on, iter(range(100))

    class Off(Trees):
        def scores(self, matrix: Matrix) -> Floats:
            return super().scores(matrix) + 1e-4 * (next(turn) % 2)

    monkeypatch.setattr(Trees, "splitting_on", lambda self, places: Off(original(self, places).ranker))
    assert permuted(trees, matrix, "hint", "step") != exactly
    monkeypatch.setitem(vars(trees), "rounding", 1e-3)
    assert permuted(trees, matrix, "hint", "step") == exactly


def test_a_feature_that_no_tree_splits_on_changes_no_score(trees: Trees, matrix: Matrix) -> None:
    unchanged = trees.scores(matrix[::3]).astype(np.float32).tolist()
    assert permuted(trees, matrix, "constant") == [unchanged, unchanged]


def test_the_order_of_the_columns_changes_nothing_but_the_columns_the_repeat_and_the_seed_do(trees: Trees, matrix: Matrix) -> None:
    first, second = permuted(trees, matrix, "leak", "step")
    assert permuted(trees, matrix, "step", "leak") == [first, second]
    assert first != second
    others = (permuted(trees, matrix, "leak", "step", "noise"), permuted(trees, matrix, "leak", "step", seed=5))
    assert all(first != other[0] for other in others)


def test_more_repeats_continue_fewer(trees: Trees, matrix: Matrix) -> None:
    assert permuted(trees, matrix, "leak", repeats=3)[:2] == permuted(trees, matrix, "leak")


def test_threads_change_nothing(ranker: Ranker, matrix: Matrix) -> None:
    one, two = (permuted(Trees(ranker, threads), matrix, "leak", "hint") for threads in (1, 2))
    assert one == two
