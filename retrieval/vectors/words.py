"""Articles as vectors of what is said of them: articles that share words and levels lie near each other, sold or not.

Input: ARTICLES. Output: TERMS, WORD_VECTORS. Latent semantic analysis (Deerwester et al. 1990): TF-IDF weights of the terms of each
article, then a truncated singular value decomposition, randomized (Halko, Martinsson and Tropp 2011).
"""

from typing import NamedTuple

import numpy as np
import polars as pl

from lookbook.data.schema import LEVELS, Schema

POWER_ITERATIONS = 2
"""Of the randomized decomposition: they keep 97 % of what the usual seven keep of complete-journey, in a third of the time."""

LEAST_LENGTH = 1e-6
"""An article of whose length of 1 less than this is left in the reduced space has a direction that is rounding error only."""


class WordVectors(NamedTuple):
    """terms: term, articles (how many have it), idf (inverse document frequency), vector (its weight in each of the dimensions),
    sorted by term. articles: id, vector (length 1), sorted by id; those without a term are left out.

    A vector is an Array(Float32) of `dim` numbers, or of fewer where there are not so many terms or articles.
    """

    terms: pl.DataFrame
    articles: pl.DataFrame


def word_vectors(articles: pl.LazyFrame, *, dim: int, min_articles: int, seed: int) -> WordVectors:
    """A term is a word of the name or text, in lower case, or a level with its code. It weighs idf x (1 + log of how often the
    article has it); terms of fewer than `min_articles` articles are left out.

    The same bytes for any order of rows and any number of threads. Holds a row for every article and term in memory.
    """
    from scipy.sparse import csr_array
    from sklearn.feature_extraction.text import TfidfTransformer
    from sklearn.utils.extmath import randomized_svd
    from threadpoolctl import threadpool_limits

    counted = _counted(articles).collect()
    terms = counted.group_by("term").agg(articles=pl.len()).filter(pl.col("articles") >= min_articles).sort("term")
    cells = counted.join(terms.with_row_index("column"), on="term").sort("article", "column")
    if cells.is_empty():
        return _nothing(dim)
    ids = cells["article"].unique().sort()
    places = (ids.search_sorted(cells["article"]).to_numpy(), cells["column"].to_numpy())
    counts = csr_array((cells["count"].to_numpy().astype(np.float64), places), shape=(len(ids), len(terms)))
    weigher = TfidfTransformer(sublinear_tf=True)
    weights = weigher.fit_transform(counts)
    with threadpool_limits(1):  # how a product is split among threads decides how it is rounded
        left, sizes, right = randomized_svd(
            weights, min(dim, *counts.shape), n_iter=POWER_ITERATIONS, random_state=seed, flip_sign=True
        )
    vectors = left * sizes
    lengths = np.linalg.norm(vectors, axis=1)
    kept = lengths > LEAST_LENGTH
    return WordVectors(
        terms.with_columns(idf=pl.Series(weigher.idf_.astype(np.float32)), vector=right.T.astype(np.float32)),
        pl.DataFrame({"id": ids.filter(pl.Series(kept)), "vector": (vectors[kept] / lengths[kept, None]).astype(np.float32)}),
    )


def _counted(articles: pl.LazyFrame) -> pl.LazyFrame:
    """article, term, count: how often the article has the term."""
    words = pl.concat_str("name", "text", separator=" ", ignore_nulls=True).str.to_lowercase().str.extract_all(r"\w+")
    levels = (pl.format(f"{level}={{}}", level) for level in LEVELS)  # no word has a =
    terms = pl.concat_list(words.fill_null([]), pl.concat_list(levels))
    return articles.select("article", term=terms).explode("term").drop_nulls().group_by("article", "term").agg(count=pl.len())


def _nothing(dim: int) -> WordVectors:
    vector = pl.Array(pl.Float32, dim)
    terms: Schema = {"term": pl.String, "articles": pl.UInt32, "idf": pl.Float32, "vector": vector}
    return WordVectors(pl.DataFrame(schema=terms), pl.DataFrame(schema={"id": pl.UInt32, "vector": vector}))
