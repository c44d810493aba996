import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from lookbook.data.errors import DataError
from lookbook.retrieval.pictures.joined import with_pictures


def table(key: str, rows: dict[int, list[float]], width: int = 2) -> pl.DataFrame:
    return pl.DataFrame({key: list(rows), "vector": list(rows.values())}, {key: pl.UInt32, "vector": pl.Array(pl.Float32, width)})


WORDS = table("id", {1: [1.0, 0.0], 2: [0.6, 0.8], 4: [0.0, 1.0]})
LOOKS = table("article", {1: [1.0, 0.0, 0.0], 2: [0.0, 0.8, -0.6], 3: [0.0, 1.0, 0.0]}, 3)


def test_the_weight_is_the_share_of_the_cosine_that_pictures_decide() -> None:
    for weight in (0.25, 0.5, 1.0):
        found = with_pictures(WORDS, LOOKS.lazy(), weight)
        assert found["id"].to_list() == ([1, 2, 3, 4] if weight < 1 else [1, 2, 3])
        assert found["vector"].dtype == pl.Array(pl.Float32, 5)
        vectors = found["vector"].to_numpy().astype(float)
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-6)
        np.testing.assert_allclose(vectors[0] @ vectors[1], (1 - weight) * 0.6 + weight * 0.0, atol=1e-6)


def test_what_has_only_words_or_only_a_picture_is_compared_by_that() -> None:
    one, two, picture, words = with_pictures(WORDS, LOOKS.lazy(), 0.36)["vector"].to_numpy().astype(float)
    np.testing.assert_allclose([words @ one, words @ two, picture @ two], [0, 0.8 * 0.8, 0.6 * 0.8], atol=1e-6)
    assert words @ picture == 0


def test_without_weight_nothing_is_changed_or_asked_for() -> None:
    assert_frame_equal(with_pictures(WORDS, None, 0.0), WORDS)
    with pytest.raises(DataError, match=r"picture_weight = 0\.5, but the pictures of this data set were not read"):
        with_pictures(WORDS, None, 0.5)


def test_one_of_the_two_may_be_empty() -> None:
    for words, looks, ids in ((WORDS.clear(), LOOKS, [1, 2, 3]), (WORDS, LOOKS.clear(), [1, 2, 4])):
        found = with_pictures(words, looks.lazy(), 0.5)
        assert found["id"].to_list() == ids
        assert found["vector"].dtype == pl.Array(pl.Float32, 5)
