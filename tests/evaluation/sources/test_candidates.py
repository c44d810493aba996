import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from lookbook.data.schema import CANDIDATES, LABELS
from lookbook.evaluation.sources.candidates import (
    UNION,
    candidate_counts,
    pairs_of,
    source_quality,
    sources_in,
    union_counts,
    union_recall,
)

Retrieved = dict[str, dict[int, list[int]]]
Bought = dict[int, set[int]]


def candidates(lists: dict[int, list[int]]) -> pl.LazyFrame:
    rows = [(c, a, 1.0, rank) for c, articles in lists.items() for rank, a in enumerate(articles, start=1)]
    return pl.LazyFrame(rows, schema=CANDIDATES, orient="row")


def labelled(bought: Bought) -> pl.LazyFrame:
    return pl.LazyFrame([(c, a) for c, articles in bought.items() for a in articles], schema=LABELS, orient="row")


def pairs(retrieved: Retrieved) -> pl.LazyFrame:
    return pairs_of({source: candidates(lists) for source, lists in retrieved.items()})


article = st.integers(0, 12)
lists_of = st.dictionaries(st.integers(0, 5), st.lists(article, max_size=8, unique=True))
retrieved_by = st.fixed_dictionaries({"a": lists_of, "b": lists_of, "c": lists_of})
labels_of = st.dictionaries(st.integers(0, 5), st.sets(article, min_size=1, max_size=8), min_size=1)


@settings(deadline=None)
@given(retrieved_by, labels_of)
def test_source_quality_equals_a_slow_reference(retrieved: Retrieved, bought: Bought) -> None:
    table = source_quality(candidate_counts(pairs(retrieved), labelled(bought)).collect(), resamples=20, seed=0)
    found = {row["source"]: row for row in table.iter_rows(named=True)}
    by_source = {s: {(c, a) for c, articles in lists.items() if c in bought for a in articles} for s, lists in retrieved.items()}
    answers = {(c, a) for c, articles in bought.items() for a in articles}
    assert list(found) == [*retrieved, UNION]
    for source, row in found.items():
        mine = set().union(*by_source.values()) if source == UNION else by_source[source]
        finders = {pair: sum(pair in theirs for theirs in by_source.values()) for pair in answers}
        only = {pair for pair in answers & mine if finders[pair] == 1}
        own = [len({(c, a) for a in articles} & mine) / len(articles) for c, articles in bought.items()]
        assert row["found"] == len(answers & mine)
        assert row["found_only"] == len(only)
        assert row["n_labels"] == len(answers)
        assert row["n_customers"] == len(bought)
        assert row["recall"] == pytest.approx(len(answers & mine) / len(answers))
        assert row["customer_recall"] == pytest.approx(sum(own) / len(own))
        assert row["candidates_per_customer"] == pytest.approx(len(mine) / len(bought))
        assert row["positive_rate"] == (pytest.approx(len(answers & mine) / len(mine)) if mine else None)
        assert 0 <= row["low"] <= row["high"] <= 1


def test_pooled_recall_weighs_labels_and_customer_recall_weighs_customers() -> None:
    counts = candidate_counts(pairs({"a": {1: [1]}}), labelled({1: {1}, 2: {1, 2, 3}})).collect()
    row = source_quality(counts, resamples=20, seed=0).row(0, named=True)
    assert (row["recall"], row["customer_recall"]) == (0.25, 0.5)


def test_counts_of_shards_put_together_equal_those_of_all_customers() -> None:
    retrieved = {"a": {c: [c, c + 1, 7] for c in range(600)}, "b": {c: [7, 3] for c in range(400)}}
    bought = {c: {c, 3, 9} for c in range(600)}
    whole = candidate_counts(pairs(retrieved), labelled(bought)).collect()
    shards = [
        candidate_counts(
            pairs(retrieved).filter(pl.col("customer").is_between(*ids)),
            labelled(bought).filter(pl.col("customer").is_between(*ids)),
        ).collect()
        for ids in ((0, 299), (300, 599))
    ]
    assert_frame_equal(pl.concat(shards), whole)


def test_union_recall_follows_the_fused_order_and_ties_go_to_the_smaller_article() -> None:
    fused = pl.LazyFrame(
        {"customer": [1, 1, 1, 2], "article": [6, 5, 4, 1], "rrf": [0.2, 0.2, 0.9, 0.5]},
        schema={"customer": pl.UInt32, "article": pl.UInt32, "rrf": pl.Float32},
    )
    depths = [1, 2, 3, 10]
    counts = union_counts(fused, labelled({1: {5, 7}, 3: {1, 2}}), depths=depths).collect()
    table = union_recall(counts, depths=depths, resamples=20, seed=0)
    assert table.select("depth", "found", "recall", "customer_recall", "candidates_per_customer", "positive_rate").rows() == [
        (1, 0, 0.0, 0.0, 0.5, 0.0),
        (2, 1, 0.25, 0.25, 1.0, 0.5),
        (3, 1, 0.25, 0.25, 1.5, pytest.approx(1 / 3)),
        (10, 1, 0.25, 0.25, 1.5, pytest.approx(1 / 3)),
    ]


def test_quality_is_the_same_bytes_in_any_row_order() -> None:
    retrieved = {"a": {c: [c % 7, 8, 9] for c in range(50)}, "b": {c: [c % 5, 9] for c in range(40)}}
    bought = {c: {c % 7, c % 3, 9 + c % 2} for c in range(50)}
    found, answers = pairs(retrieved).collect(), labelled(bought).collect()
    plain = source_quality(candidate_counts(found.lazy(), answers.lazy()).collect(), resamples=50, seed=0)
    found, answers = (frame.sample(fraction=1, shuffle=True, seed=1) for frame in (found, answers))
    shuffled = candidate_counts(found.lazy(), answers.lazy()).collect().sample(fraction=1, shuffle=True, seed=2)
    assert_frame_equal(source_quality(shuffled, resamples=50, seed=0), plain, check_exact=True)


def test_pairs_hold_one_row_per_pair_and_null_where_a_source_did_not_retrieve() -> None:
    found = pairs({"a": {1: [5, 4]}, "b": {1: [4], 2: [4]}})
    assert sources_in(found) == ("a", "b")
    assert found.collect().rows() == [(1, 4, 2, 1), (1, 5, 1, None), (2, 4, None, 1)]
