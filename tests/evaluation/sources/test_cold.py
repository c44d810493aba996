import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lookbook.data.schema import CANDIDATES, LABELS
from lookbook.evaluation.segments import COLD_ARTICLES, FIRST_SALE_SEGMENTS
from lookbook.evaluation.sources.candidates import UNION
from lookbook.evaluation.sources.cold import COLD_RECALL, cold_counts, cold_recall

Retrieved = dict[str, dict[int, list[int]]]
Bought = dict[int, set[int]]
FIRST_SALES = {article: FIRST_SALE_SEGMENTS[article % 3] for article in range(12)}

article = st.integers(0, 11)
retrieved_by = st.fixed_dictionaries(
    {source: st.dictionaries(st.integers(0, 5), st.lists(article, max_size=8, unique=True)) for source in "ab"}
)
labels_of = st.dictionaries(st.integers(0, 5), st.sets(article, min_size=1, max_size=8), min_size=1)


def counted(retrieved: Retrieved, bought: Bought) -> pl.DataFrame:
    candidates = {
        source: pl.LazyFrame(
            [(c, a, 1.0, rank) for c, articles in lists.items() for rank, a in enumerate(articles, 1)], CANDIDATES, orient="row"
        )
        for source, lists in retrieved.items()
    }
    labels = pl.LazyFrame([(c, a) for c, articles in bought.items() for a in articles], schema=LABELS, orient="row")
    first_sales = pl.LazyFrame(list(FIRST_SALES.items()), {"article": pl.UInt32, "segment": pl.String}, orient="row")
    return cold_counts(candidates, labels, first_sales)


@settings(deadline=None)
@given(retrieved_by, labels_of)
def test_recall_of_new_articles_equals_a_slow_reference(retrieved: Retrieved, bought: Bought) -> None:
    table = cold_recall(counted(retrieved, bought), resamples=20, seed=0)
    assert table.schema == COLD_RECALL
    expected = []
    for segment in COLD_ARTICLES:
        labels = {(c, a) for c, articles in bought.items() for a in articles if FIRST_SALES[a] == segment}
        if not labels:
            continue
        by = {s: {(c, a) for c, articles in lists.items() for a in articles} & labels for s, lists in retrieved.items()}
        finders = {pair: sum(pair in theirs for theirs in by.values()) for pair in labels}
        for source, found in {**by, UNION: by["a"] | by["b"]}.items():
            only = sum(finders[pair] == 1 for pair in found)
            buyers = len({c for c, _ in labels})
            expected.append((segment, source, len(found), pytest.approx(len(found) / len(labels)), len(labels), buyers, only))
    assert table.drop("low", "high").rows() == expected


def test_shards_may_be_concatenated() -> None:
    retrieved: Retrieved = {"a": {1: [0, 1], 2: [3], 3: [0]}, "b": {1: [1], 3: [5, 4]}}
    bought: Bought = {1: {0, 1, 2}, 2: {3, 5}, 3: {4}, 4: {0}}
    parts = [counted(retrieved, {c: bought[c] for c in shard}) for shard in ((1, 2), (3, 4))]
    whole = cold_recall(counted(retrieved, bought), resamples=20, seed=0)
    assert cold_recall(pl.concat(parts), resamples=20, seed=0).equals(whole)


def test_where_nobody_bought_a_new_article_there_are_no_rows() -> None:
    table = cold_recall(counted({"a": {1: [0]}}, {1: {2, 5}}), resamples=20, seed=0)
    assert table.is_empty()
    assert table.schema == COLD_RECALL
