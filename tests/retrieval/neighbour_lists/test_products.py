import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array

from lookbook.retrieval.neighbour_lists import products
from lookbook.retrieval.neighbour_lists.products import Entries, entries, joined, parts, row_blocks

matrices = st.integers(1, 6).flatmap(
    lambda width: st.lists(st.lists(st.integers(0, 2), min_size=width, max_size=width), min_size=1, max_size=6)
)


@given(left=matrices, block=st.integers(1, 30))
def test_the_blocks_of_a_product_are_together_the_product(left: list[list[int]], block: int) -> None:
    matrix = csr_array(np.array(left))
    other = csr_array(matrix.T)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(products, "BLOCK_PRODUCTS", block)
        found = joined(entries(csr_array(matrix[rows] @ other), rows.start) for rows in row_blocks(matrix, other))
    whole = np.zeros((len(left), len(left)), np.int64)
    whole[found.rows, found.columns] = found.values
    assert np.array_equal(whole, matrix.toarray() @ other.toarray())
    assert len(found.rows) == len({*zip(found.rows.tolist(), found.columns.tolist(), strict=True)})
    assert (np.diff(found.rows) >= 0).all()


@given(costs=st.lists(st.integers(0, 12), max_size=20), block=st.integers(1, 10))
def test_parts_cover_all_places_once_and_cost_no_more_than_a_block_and_a_place(costs: list[int], block: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(products, "BLOCK_PRODUCTS", block)
        found = list(parts(np.array(costs, np.int64)))
    assert [place for part in found for place in range(part.start, part.stop)] == list(range(len(costs)))
    assert all(sum(costs[part][1:]) < block for part in found)


@given(rows=matrices, start=st.integers(0, 3))
def test_entries_that_are_not_wanted_are_left_out(rows: list[list[int]], start: int) -> None:
    block = csr_array(np.array(rows))
    wanted, everything = entries(block, start, block.data > 1), entries(block, start)
    expected = everything.where(everything.values > 1)
    for found, same in ((wanted.rows, expected.rows), (wanted.columns, expected.columns), (wanted.values, expected.values)):
        assert np.array_equal(found, same)


def test_no_blocks_join_to_no_entries() -> None:
    empty = joined(iter(()))
    assert [len(each) for each in (empty.rows, empty.columns, empty.values)] == [0, 0, 0]
    some = Entries(np.array([3]), np.array([4]), np.array([5], np.int32))
    assert joined([some, some]).values.dtype == np.int64
