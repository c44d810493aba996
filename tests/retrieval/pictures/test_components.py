import numpy as np
import polars as pl
from threadpoolctl import threadpool_limits

from lookbook.retrieval.pictures.components import ROWS, principal_components


def test_what_all_vectors_share_does_not_count() -> None:
    rng = np.random.default_rng(3)
    own = rng.normal(size=(40, 6))
    vectors = (np.array([9.0, 9, 9, 9, 9, 9]) + 0.1 * own).astype(np.float32)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    away = unit - unit.mean(axis=0)
    found = principal_components(vectors, 6)
    cosines = away @ away.T / np.linalg.norm(away, axis=1) / np.linalg.norm(away, axis=1)[:, None]
    np.testing.assert_allclose(found @ found.T, cosines, atol=1e-4)
    assert np.corrcoef(vectors)[0].min() < 1 < 1.001 + (unit @ unit.T).min()


def test_the_first_coordinates_are_those_in_which_the_vectors_differ_most() -> None:
    vectors = np.array([[10, 1, 0], [10, -1, 0], [10, 0, 0.1], [10, 0, -0.1]], np.float32)
    np.testing.assert_allclose(principal_components(vectors, 2), [[1, 0], [-1, 0], [0, 1], [0, -1]], atol=2e-2)
    np.testing.assert_allclose(principal_components(vectors, 1), [[1], [-1], [1], [1]], atol=2)
    assert principal_components(vectors, 9).shape == (4, 3)


def test_a_vector_like_all_others_or_of_nothing_has_no_direction() -> None:
    assert not principal_components(np.ones((3, 4), np.float32), 2).any()
    assert not principal_components(np.zeros((3, 4), np.float32), 2).any()
    assert principal_components(np.empty((0, 4), np.float32), 2).shape == (0, 2)


def test_the_number_of_threads_changes_no_byte() -> None:
    vectors = np.random.default_rng(1).normal(size=(ROWS + 100, 48)).astype(np.float32)
    found = []
    for threads in (1, 2):
        with threadpool_limits(threads):
            found.append(principal_components(vectors, 8).tobytes())
    assert found[0] == found[1]
    assert pl.Series(found).n_unique() == 1
