import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from lookbook.data.schema import LABELS
from lookbook.evaluation.label_ranks import LabelRanks

HITS = {"customer": pl.UInt32, "article": pl.UInt32, "rank": pl.UInt8}
Pair = tuple[int, int]


def frame(pairs: list[Pair]) -> pl.DataFrame:
    return pl.DataFrame(sorted(pairs), schema=LABELS, orient="row")


def candidates(pairs: list[Pair]) -> pl.DataFrame:
    return frame(pairs).with_columns(rrf=pl.Series([rrf(pair) for pair in sorted(pairs)], dtype=pl.Float32))


def rrf(pair: Pair) -> float:
    return pair[1] % 3 / 8


def sorted_by_hand(scores: dict[Pair, float], bought: set[Pair], k: int) -> pl.DataFrame:
    rows = []
    for customer in sorted({c for c, _ in scores}):
        mine = sorted((pair for pair in scores if pair[0] == customer), key=lambda pair: (-scores[pair], -rrf(pair), pair[1]))
        rows += [(*pair, rank) for rank, pair in enumerate(mine[:k], start=1) if pair in bought]
    return pl.DataFrame(sorted(rows), schema=HITS, orient="row")


def hits(scores: dict[Pair, float], bought: set[Pair], k: int) -> pl.DataFrame:
    ranks = LabelRanks.of(candidates(list(scores)), frame(list(bought)))
    every = np.array([scores[pair] for pair in sorted(scores)], dtype=np.float32)
    return ranks.hits(every[ranks.rows], k=k)


def test_labels_are_ranked_among_the_pairs_of_their_customer_and_ties_go_to_the_higher_rrf() -> None:
    scores = {(1, 5): 0.5, (1, 6): 0.9, (1, 7): 0.5, (1, 8): 0.1, (2, 5): 0.3, (4, 9): -1.0, (4, 10): 2.0}
    bought = {(1, 5), (1, 7), (1, 8), (1, 99), (3, 5), (4, 9)}
    expected = pl.DataFrame([(1, 5, 2), (1, 7, 3), (4, 9, 2)], schema=HITS, orient="row")
    assert_frame_equal(hits(scores, bought, 3), expected)
    assert_frame_equal(hits(scores, bought, 2), expected.filter(pl.col("rank") <= 2))


def test_only_pairs_of_customers_with_a_label_among_their_pairs_need_a_score() -> None:
    ranks = LabelRanks.of(candidates([(1, 1), (1, 2), (2, 1), (3, 1), (3, 4)]), frame([(1, 9), (2, 2), (3, 4)]))
    assert ranks.rows.tolist() == [3, 4]


def test_without_a_label_among_the_pairs_nothing_is_hit() -> None:
    for pairs in ([(1, 1)], []):
        ranks = LabelRanks.of(candidates(pairs), frame([(1, 9)]))
        assert_frame_equal(ranks.hits(np.empty(0, dtype=np.float32), k=3), pl.DataFrame(schema=HITS))


pair = st.tuples(st.integers(0, 4), st.integers(0, 9))


@settings(max_examples=60)
@given(
    scores=st.dictionaries(pair, st.sampled_from([-2.0, 0.0, 0.25, 1.0]), max_size=30),
    bought=st.sets(pair, max_size=12),
    k=st.integers(1, 12),
)
def test_the_ranks_are_those_of_sorted_lists(scores: dict[Pair, float], bought: set[Pair], k: int) -> None:
    assert_frame_equal(hits(scores, bought, k), sorted_by_hand(scores, bought, k))
