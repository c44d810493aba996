import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from lookbook.data.schema import CANDIDATES, PAIRS, conform
from lookbook.retrieval.merge import merge, pair_columns

Rows = list[tuple[int, int, float, int]]


def candidates(rows: Rows) -> pl.LazyFrame:
    return pl.LazyFrame(rows, schema=CANDIDATES, orient="row")


def test_a_pair_has_the_score_and_rank_of_every_source_that_retrieved_it() -> None:
    two = {
        "b": candidates([(1, 10, 5.0, 1), (1, 20, 4.0, 2), (2, 10, 3.0, 1)]),
        "a": candidates([(1, 20, 0.5, 1)]),
    }
    expected = pl.DataFrame(
        {
            "customer": [1, 1, 2],
            "article": [10, 20, 10],
            "n_sources": [1, 2, 1],
            "rrf": [1 / 61, 1 / 61 + 1 / 62, 1 / 61],
            "b_score": [5.0, 4.0, 3.0],
            "b_rank": [1, 2, 1],
            "a_score": [None, 0.5, None],
            "a_rank": [None, 1, None],
        },
        schema={**PAIRS, "b_score": pl.Float32, "b_rank": pl.UInt16, "a_score": pl.Float32, "a_rank": pl.UInt16},
    )
    assert_frame_equal(merge(two, rrf_constant=60, max_candidates=10).collect(), expected)


def test_the_best_pairs_by_rrf_stay_and_ties_go_to_the_smaller_article() -> None:
    two = {
        "a": candidates([(1, 30, 9.0, 1), (1, 20, 8.0, 2)]),
        "b": candidates([(1, 10, 9.0, 1), (1, 20, 8.0, 2)]),
    }
    kept = {n: merge(two, rrf_constant=60, max_candidates=n).collect()["article"].to_list() for n in (1, 2, 3)}
    assert kept == {1: [20], 2: [10, 20], 3: [10, 20, 30]}


def test_a_source_without_candidates_still_has_its_columns() -> None:
    merged = merge({"a": candidates([(1, 10, 1.0, 1)]), "b": candidates([])}, rrf_constant=60, max_candidates=5).collect()
    assert merged.columns == pair_columns(["a", "b"]) == [*PAIRS, "a_score", "a_rank", "b_score", "b_rank"]
    assert merged["b_rank"].to_list() == [None]
    conform(merged.lazy(), PAIRS, "pairs", extra=True)


def sources() -> st.SearchStrategy[dict[str, list[tuple[int, int]]]]:
    pairs = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 8)), unique=True, max_size=25)
    return st.fixed_dictionaries(dict.fromkeys(("zeta", "alpha", "mid"), pairs))


def ranked(pairs: list[tuple[int, int]]) -> Rows:
    """CANDIDATES whose order within a customer is that of the list."""
    seen: dict[int, int] = {}
    rows = []
    for customer, article in pairs:
        seen[customer] = seen.get(customer, 0) + 1
        rows.append((customer, article, 100.0 - seen[customer], seen[customer]))
    return rows


def merged_slowly(rows: dict[str, Rows], rrf_constant: int, max_candidates: int) -> list[tuple[object, ...]]:
    said = {(source, c, a): (score, rank) for source, table in rows.items() for c, a, score, rank in table}
    pairs = {(c, a) for _, c, a in said}
    found = []
    for customer in sorted({c for c, _ in pairs}):
        mine = []
        for article in sorted(a for c, a in pairs if c == customer):
            by_source = [said.get((source, customer, article)) for source in rows]
            ranks = [answer[1] for answer in by_source if answer]
            rrf = float(np.float32(sum(1.0 / (rrf_constant + rank) for rank in ranks)))
            columns = [value for answer in by_source for value in (answer or (None, None))]
            mine.append((customer, article, len(ranks), rrf, *columns))
        best = sorted(mine, key=lambda row: (-row[3], row[1]))[:max_candidates]
        found += sorted(best, key=lambda row: row[1])
    return found


@given(sources(), st.integers(1, 80), st.integers(1, 12))
def test_merging_equals_a_slow_reference(pairs: dict[str, list[tuple[int, int]]], rrf_constant: int, max_candidates: int) -> None:
    rows = {source: ranked(table) for source, table in pairs.items()}
    tables = {source: candidates(table) for source, table in rows.items()}
    merged = merge(tables, rrf_constant=rrf_constant, max_candidates=max_candidates).collect()
    assert merged.rows() == merged_slowly(rows, rrf_constant, max_candidates)
