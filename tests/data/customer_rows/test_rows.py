import numpy as np
import polars as pl
import pytest
from scipy.sparse import csr_array

from lookbook.data.customer_rows.rows import Rowed, batches, from_lines, line, smallest


def test_batches_hold_all_rows_once_in_order() -> None:
    matrix = csr_array(np.ones((40, 3)))
    rows = np.arange(3, 40, 2)
    assert np.concatenate(list(batches(matrix, rows))).tolist() == rows.tolist()
    assert list(batches(matrix, rows[:0])) == []


def test_a_matrix_has_a_row_for_everybody_who_bought_and_a_column_for_every_article_id() -> None:
    pairs = pl.DataFrame({"customer": [7, 3, 7], "article": [4, 1, 0], "weight": [2, 5, 3]})
    rowed = Rowed.of(pairs)
    assert rowed.matrix(pairs, "weight").toarray().tolist() == [[0, 5, 0, 0, 0], [3, 0, 0, 0, 2]]
    assert rowed.rows_of(pl.Series([2, 7, 8])).tolist() == [1]


@pytest.mark.parametrize(("k", "expected"), [(1, [2]), (2, [2, 3]), (3, [2, 3, 0]), (9, [2, 3, 0, 1])])
def test_of_equal_values_those_with_the_smaller_ids_are_the_smallest(k: int, expected: list[int]) -> None:
    assert smallest(np.array([2.0, 3.0, 1.0, 1.0]), np.array([5, 6, 7, 8]), k=k).tolist() == expected


def test_lines_become_the_rows_that_they_were() -> None:
    given = [
        (np.array([3, 1]), np.array([5.0, 4.0])),
        (np.array([], dtype=np.int64), np.array([])),
        (np.array([0]), np.array([1.0])),
    ]
    made = from_lines(given, 4)
    assert made.toarray().tolist() == [[0, 4, 0, 5], [0, 0, 0, 0], [1, 0, 0, 0]]
    assert [values.tolist() for values in line(made, 0)] == [[1, 3], [4.0, 5.0]]
