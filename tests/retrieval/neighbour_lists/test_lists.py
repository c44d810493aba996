import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from lookbook.data.schema import conform
from lookbook.retrieval.neighbour_lists.lists import NEIGHBOURS, Similar, neighbour_lists

IDS = pl.Series([2, 3, 5, 7, 11, 13, 17], dtype=pl.UInt32)


def similar(rows: list[tuple[int, int, float]]) -> Similar:
    seeds, articles, values = ([row[i] for row in rows] for i in range(3))
    return Similar(np.array(seeds, np.int64), np.array(articles, np.int64), np.array(values, np.float64))


@given(
    lists=st.lists(st.dictionaries(st.integers(0, 6), st.sampled_from([0.1, 0.25, 0.5, 0.5000000001])), max_size=7),
    top=st.integers(1, 7),
    cut=st.integers(0, 7),
)
def test_the_best_of_every_seed_are_kept_best_first_and_equals_by_article(
    lists: list[dict[int, float]], top: int, cut: int
) -> None:
    rows = [(seed, article, value) for seed, each in enumerate(lists) for article, value in each.items()]
    blocks = [similar([row for row in rows if (row[0] < cut) == first]) for first in (True, False)]
    found = neighbour_lists(blocks, IDS, top=top)
    conform(found, NEIGHBOURS, "neighbours")
    slow = [
        (IDS[seed], IDS[article], float(np.float32(value)))
        for seed, each in enumerate(lists)
        for article, value in sorted(each.items(), key=lambda pair: (-np.float32(pair[1]), pair[0]))[:top]
    ]
    assert found.collect().rows() == slow


def test_without_similarities_there_are_no_lists() -> None:
    empty = neighbour_lists([], IDS, top=3)
    conform(empty, NEIGHBOURS, "neighbours")
    assert empty.collect().is_empty()
