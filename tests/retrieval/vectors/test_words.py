import math
from collections import Counter

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookbook.data.schema import ARTICLES, LEVELS
from lookbook.retrieval.vectors.words import WordVectors, word_vectors


def articles(*rows: tuple[str | None, str | None, int | None]) -> pl.LazyFrame:
    """ARTICLES 0, 1, ... from (name, text, colour)."""
    levels = dict.fromkeys(LEVELS, None)
    listed = [{"article": i, "name": n, "text": t, **levels, "colour": c} for i, (n, t, c) in enumerate(rows)]
    return pl.LazyFrame(listed, schema=ARTICLES)


def cosines(found: WordVectors) -> np.ndarray:
    vectors = found.articles["vector"].to_numpy().astype(np.float64)
    return vectors @ vectors.T


def reference(rows: list[tuple[str | None, str | None, int | None]], min_articles: int) -> dict[tuple[int, int], float]:
    """The cosine of every two articles by their TF-IDF weights, in loops."""
    said = [
        Counter([*(name or "").lower().split(), *(text or "").lower().split(), *([f"={colour}"] if colour is not None else [])])
        for name, text, colour in rows
    ]
    have = Counter(term for terms in said for term in terms)
    known = {term for term, n in have.items() if n >= min_articles}
    total = sum(1 for terms in said if known & set(terms))
    idf = {term: math.log((1 + total) / (1 + have[term])) + 1 for term in known}
    weights = [{t: (1 + math.log(n)) * idf[t] for t, n in terms.items() if t in known} for terms in said]
    lengths = [math.sqrt(sum(w * w for w in each.values())) for each in weights]
    return {
        (i, j): sum(w * weights[j].get(t, 0.0) for t, w in weights[i].items()) / (lengths[i] * lengths[j])
        for i in range(len(rows))
        for j in range(len(rows))
        if lengths[i] and lengths[j]
    }


word = st.sampled_from(["red", "RED", "blue", "wool", "silk"])
phrase = st.none() | st.lists(word, max_size=5).map(" ".join)


@given(st.lists(st.tuples(phrase, phrase, st.none() | st.integers(0, 2)), min_size=1, max_size=8), st.integers(1, 3))
def test_with_all_dimensions_the_cosines_are_those_of_the_tf_idf_weights(
    rows: list[tuple[str | None, str | None, int | None]], min_articles: int
) -> None:
    found = word_vectors(articles(*rows), dim=64, min_articles=min_articles, seed=0)
    ids = found.articles["id"].to_list()
    expected = reference(rows, min_articles)
    assert [(i, i) for i in ids] == [pair for pair in expected if pair[0] == pair[1]]
    if ids:
        np.testing.assert_allclose(cosines(found), [[expected[i, j] for j in ids] for i in ids], atol=1e-5)


def test_with_few_dimensions_articles_that_share_words_lie_together() -> None:
    rows = [
        ("wool hat", None, 1),
        ("wool scarf", None, 1),
        ("silk dress", "long", 2),
        ("silk skirt", "long", 2),
        ("hat", "wool", 1),
    ]
    found = word_vectors(articles(*rows), dim=2, min_articles=1, seed=0)
    near = cosines(found)
    assert near[0, [1, 4]].min() > 0.9
    assert near[2, 3] > 0.9
    assert abs(near[:2, 2:4]).max() < 0.1


def test_terms_are_words_and_levels_and_rare_ones_are_left_out() -> None:
    rows = [("Red, red HAT!", "wool", 7), ("red", None, 7), (None, "5 OZ; wool", None), ("unique", None, None)]
    found = word_vectors(articles(*rows), dim=8, min_articles=2, seed=0)
    assert found.terms.select("term", "articles").rows() == [("colour=7", 2), ("red", 2), ("wool", 2)]
    assert found.terms["idf"].to_list() == pytest.approx([math.log(4 / 3) + 1] * 3)
    assert found.articles["id"].to_list() == [0, 1, 2]
    assert found.terms["vector"].dtype == found.articles["vector"].dtype == pl.Array(pl.Float32, 3)


def test_a_word_that_looks_like_a_level_is_not_taken_for_one() -> None:
    found = word_vectors(articles(("colour=7", None, None), (None, None, 7)), dim=8, min_articles=1, seed=0)
    assert found.terms["term"].to_list() == ["7", "colour", "colour=7"]


@pytest.mark.parametrize("rows", [[], [(None, None, None)], [("one", None, None), ("two", " ", None)]])
def test_where_no_term_is_left_there_are_no_vectors(rows: list[tuple[str | None, str | None, int | None]]) -> None:
    found = word_vectors(articles(*rows), dim=4, min_articles=2, seed=0)
    assert found.terms.is_empty()
    assert found.articles.is_empty()
    assert found.articles.schema == {"id": pl.UInt32, "vector": pl.Array(pl.Float32, 4)}
