import numpy as np
import numpy.typing as npt
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from threadpoolctl import threadpool_info

from lookbook.retrieval.vectors.inner_product import SEARCH_BLOCK, SETTLE_BLOCK, TopK, top_k, with_bias, with_one

Floats = npt.NDArray[np.float32]


def reference(queries: Floats, items: Floats, k: int) -> TopK:
    scores = (queries.astype(np.float64) @ items.astype(np.float64).T).astype(np.float32)
    rows = [sorted(range(len(items)), key=lambda item: (-line[item], item))[:k] for line in scores]
    shape = (len(queries), min(k, len(items)))
    found = np.array(rows, np.int64).reshape(shape)
    return TopK(found, np.take_along_axis(scores, found, 1).reshape(shape))


def assert_same(found: TopK, expected: TopK) -> None:
    np.testing.assert_array_equal(found.rows, expected.rows)
    np.testing.assert_array_equal(found.scores, expected.scores)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    n_queries=st.integers(0, 8),
    n_items=st.integers(0, 90),
    k=st.integers(1, 60),
    values=st.integers(1, 3),
)
def test_finds_the_best_items_and_breaks_ties_by_the_smaller_row(
    seed: int, n_queries: int, n_items: int, k: int, values: int
) -> None:
    rng = np.random.default_rng(seed)  # few distinct whole numbers: most scores are tied
    queries = rng.integers(-values, values + 1, (n_queries, 3)).astype(np.float32)
    items = rng.integers(-values, values + 1, (n_items, 3)).astype(np.float32)
    assert_same(top_k(queries, items, k, device="cpu"), reference(queries, items, k))


def test_equal_items_are_told_apart_by_their_row_alone() -> None:
    items = np.tile(np.float32([0.1, -0.7, 0.3]), (500, 1))
    found = top_k(np.float32([[0.2, 0.9, -0.4]]), items, 7, device="cpu")
    assert found.rows.tolist() == [[0, 1, 2, 3, 4, 5, 6]]
    assert len(set(found.scores[0])) == 1


def test_blocks_of_queries_are_put_back_in_order() -> None:
    rng = np.random.default_rng(0)
    queries = rng.standard_normal((SEARCH_BLOCK + SETTLE_BLOCK + 3, 4), dtype=np.float32)
    items = rng.standard_normal((40, 4), dtype=np.float32)
    some = [0, SETTLE_BLOCK, SEARCH_BLOCK - 1, SEARCH_BLOCK, len(queries) - 1]
    found = top_k(queries, items, 5, device="cpu")
    assert_same(TopK(found.rows[some], found.scores[some]), reference(queries[some], items, 5))


def test_the_product_of_an_accelerator_finds_the_same() -> None:
    rng = np.random.default_rng(1)
    queries = rng.standard_normal((50, 16), dtype=np.float32)
    items = rng.integers(-2, 3, (300, 16)).astype(np.float32)
    assert_same(top_k(queries, items, 20, device="gpu"), top_k(queries, items, 20, device="cpu"))


@pytest.mark.parametrize("threads", [1, 2])
def test_the_number_of_threads_changes_no_bit(monkeypatch: pytest.MonkeyPatch, threads: int) -> None:
    rng = np.random.default_rng(2)
    queries = rng.standard_normal((700, 64), dtype=np.float32)
    items = rng.standard_normal((900, 64), dtype=np.float32)
    monkeypatch.setattr(pl, "thread_pool_size", lambda: threads)
    assert_same(top_k(queries, items, 30, device="cpu"), reference(queries, items, 30))


def test_the_threads_of_other_libraries_are_left_as_they_were() -> None:
    before = {pool["filepath"]: pool["num_threads"] for pool in threadpool_info()}
    top_k(np.ones((3, 2), np.float32), np.ones((4, 2), np.float32), 2, device="cpu")
    after = {pool["filepath"]: pool["num_threads"] for pool in threadpool_info()}
    assert before.items() <= after.items()


def test_a_bias_is_added_to_every_product() -> None:
    vectors, bias = np.float32([[1, 2], [3, 4]]), np.float32([10, 20])
    assert (with_one(np.float32([[1, 1]])) @ with_bias(vectors, bias).T).tolist() == [[13.0, 27.0]]
