from datetime import date, timedelta

import polars as pl
from hypothesis import example, given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from lookbook.data.conversion.transactions_file import CANONICAL_ORDER, canonically_sorted
from lookbook.data.schema import TRANSACTIONS

FEW = st.tuples(*[st.integers(0, 2)] * 6)
ANY = st.tuples(*[st.integers(0, 2**32 - 1)] * 2, st.integers(0, 60_000), st.integers(1, 2**32 - 1), *[st.integers(0, 255)] * 2)
FAR = [(0, 2**32 - 1, 60_000, 1, 1, 1), (2**32 - 1, 0, 0, 1, 1, 1), (2**32 - 1, 0, 0, 1, 0, 1)]


@given(st.lists(FEW | ANY, max_size=30))
@example(FAR)
@example([(7, 7, 7, 1, 1, 1)])
def test_rows_are_sorted_by_all_columns(rows: list[tuple[int, ...]]) -> None:
    dated = [(row[0], row[1], date(1900, 1, 1) + timedelta(days=row[2]), *row[3:]) for row in rows]
    table = pl.DataFrame(dated, schema=TRANSACTIONS, orient="row")
    assert_frame_equal(canonically_sorted(table), table.sort(CANONICAL_ORDER))
