import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from lookbook.data.schema import CANDIDATES
from lookbook.evaluation.sources.candidates import pairs_of
from lookbook.evaluation.sources.overlap import OVERLAP, overlap, shared_pairs

Pairs = set[tuple[int, int]]


def pairs(retrieved: dict[str, Pairs]) -> pl.LazyFrame:
    tables = {
        source: pl.LazyFrame([(c, a, 1.0, 1) for c, a in found], schema=CANDIDATES, orient="row")
        for source, found in sorted(retrieved.items())
    }
    return pairs_of(tables)


found = st.sets(st.tuples(st.integers(0, 3), st.integers(0, 4)))
retrieved_by = st.fixed_dictionaries({"a": found, "b": found, "c": found})


@settings(deadline=None)
@given(st.lists(retrieved_by, min_size=1, max_size=2))
def test_overlap_equals_a_slow_reference(weeks: list[dict[str, Pairs]]) -> None:
    table = overlap([shared_pairs(pairs(week)).collect() for week in weeks])
    assert table.schema == pl.Schema(OVERLAP)
    everything = {source: {(n, *pair) for n, week in enumerate(weeks) for pair in week[source]} for source in ("a", "b", "c")}
    expected = {
        (a, b): len(mine & theirs) / len(mine | theirs) if mine | theirs else None
        for a, mine in everything.items()
        for b, theirs in everything.items()
    }
    assert {(a, b): jaccard for a, b, jaccard in table.rows()} == {key: pytest.approx(j) if j else j for key, j in expected.items()}
    assert list(expected) == [(a, b) for a, b, _ in table.rows()]


def test_shards_put_together_equal_all_customers() -> None:
    whole = pairs({"a": {(1, 1), (2, 2)}, "b": {(1, 1), (2, 3)}})
    parts = [shared_pairs(whole.filter(pl.col("customer") == customer)).collect() for customer in (1, 2)]
    assert_frame_equal(overlap(parts), overlap([shared_pairs(whole).collect()]), check_exact=True)
