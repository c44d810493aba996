"""Vectors of what is said of articles, and of what they look like, as one.

Input: vectors by article (id, vector of length 1), ARTICLE_PICTURES. Output: id, vector of length 1.
"""

import numpy as np
import numpy.typing as npt
import polars as pl

from lookbook.data.errors import DataError


def with_pictures(words: pl.DataFrame, pictures: pl.LazyFrame | None, weight: float) -> pl.DataFrame:
    """Vectors whose cosine is (1 - `weight`) x that of `words` + `weight` x that of `pictures`, for two articles that have both;
    sorted by id. An article that has only one of the two keeps its direction, and lies at a right angle to those with only the
    other. weight: 0 to 1; with 0 `words` are given back as they are, with 1 only articles with a picture have a vector.

    Raises:
        DataError: pictures are asked for, and there are none.
    """
    if not weight:
        return words
    if pictures is None:
        raise DataError(
            f"picture_weight = {weight}, but the pictures of this data set were not read", fix="set it before the data are opened"
        )
    looks = pictures.select(pl.col("article").alias("id"), "vector").collect()
    ids = pl.concat([words["id"], looks["id"]]).unique().sort()
    parts = [_placed(table, ids) * np.sqrt(share) for table, share in ((words, 1 - weight), (looks, weight))]
    vectors = np.concatenate(parts, axis=1)
    lengths = np.linalg.norm(vectors, axis=1)
    known = lengths > 0
    return pl.DataFrame({"id": ids.filter(pl.Series(known)), "vector": (vectors[known] / lengths[known, None]).astype(np.float32)})


def _placed(vectors: pl.DataFrame, ids: pl.Series) -> npt.NDArray[np.float64]:
    """One row per id; 0 where it has no vector."""
    width = vectors.schema["vector"].shape[0] if isinstance(vectors.schema["vector"], pl.Array) else 0
    placed = np.zeros((len(ids), width))
    placed[ids.search_sorted(vectors["id"]).to_numpy()] = vectors["vector"].to_numpy()
    return placed
