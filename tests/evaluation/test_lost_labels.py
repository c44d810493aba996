import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from lookbook.data.schema import conform
from lookbook.evaluation.lost_labels import LOST_LABELS, TRACED_LABELS, lost_labels, stage_names, trace_labels

Pair = tuple[int, int]


def table(rows: list[tuple[int, ...]], last: str) -> pl.LazyFrame:
    frame = pl.LazyFrame(rows, schema=["customer", "article", *([last] if last else [])], orient="row")
    return frame.cast(pl.UInt32)


def articles(*ids: int) -> pl.LazyFrame:
    return pl.LazyFrame({"article": pl.Series(ids, dtype=pl.UInt32)})


def traced(labels: list[Pair], k: int = 2, **tables: list[tuple[int, ...]]) -> list[tuple[object, ...]]:
    found = trace_labels(
        table(labels, ""),
        recommended=table(tables.get("recommended", []), "rank").cast({"rank": pl.UInt8}),
        ranked=table(tables.get("ranked", []), "rank"),
        retrieved=table(tables.get("retrieved", []), "place"),
        sold=articles(*(a for (a,) in tables.get("sold", []))),
        k=k,
    )
    conform(found, TRACED_LABELS, "traced")
    return found.collect().rows()


def test_every_label_is_lost_at_the_first_stage_that_did_not_pass_it_on() -> None:
    labels = [(1, article) for article in (10, 11, 12, 13, 14, 15, 16)]
    found = traced(
        labels,
        retrieved=[(1, 10, 4), (1, 11, 1), (1, 12, 80), (1, 13, 301), (2, 14, 1)],
        ranked=[(1, 10, 2), (1, 11, 50), (1, 12, 51), (2, 14, 1)],
        recommended=[(1, 10, 2), (1, 16, 1), (2, 14, 1)],
        sold=[(10,), (11,), (12,), (13,), (14,)],
    )
    assert found == [
        (1, 10, "recommended", 2, 4),
        (1, 11, "ranked 3-50", 50, 1),
        (1, 12, "ranked > 50", 51, 80),
        (1, 13, "cut", None, 301),
        (1, 14, "never retrieved", None, None),
        (1, 15, "not for sale before", None, None),
        (1, 16, "recommended", 1, None),  # from the fallback list
    ]


def test_an_article_that_nobody_bought_before_but_a_source_found_is_not_called_new() -> None:
    assert traced([(1, 10)], retrieved=[(1, 10, 9)]) == [(1, 10, "cut", None, 9)]


@pytest.mark.parametrize(
    ("k", "ranked_stages"),
    [(12, ("ranked > 50", "ranked 13-50")), (49, ("ranked > 50", "ranked 50-50")), (50, ("ranked > 50",)), (80, ("ranked > 80",))],
)
def test_the_stages_are_named_by_the_length_of_the_list(k: int, ranked_stages: tuple[str, ...]) -> None:
    assert stage_names(k) == ("not for sale before", "never retrieved", "cut", *ranked_stages, "recommended")
    found = traced([(1, 10)], k=k, ranked=[(1, 10, 90)], retrieved=[(1, 10, 1)])
    assert found == [(1, 10, ranked_stages[0], 90, 1)]


def test_one_of_the_best_k_that_gave_its_place_to_a_new_article_is_no_label_that_was_ranked_too_low() -> None:
    ranked = [(1, 10, 1), (1, 11, 2), (1, 12, 3)]
    found = traced([(1, 10), (1, 11), (1, 12)], ranked=ranked, recommended=[(1, 10, 1), (1, 13, 2)])
    assert [(article, stage) for _, article, stage, *_ in found] == [
        (10, "recommended"),
        (11, "gave way to new"),
        (12, "ranked 3-50"),
    ]
    table = pl.DataFrame({"customer": [1, 1], "stage": ["gave way to new", "cut"]}, schema_overrides={"customer": pl.UInt32})
    segments = pl.DataFrame({"customer": pl.Series([1], dtype=pl.UInt32), "segment": ["never"]})
    counted = lost_labels(table, segments, k=2).filter(pl.col("labels") > 0, segment="all")
    assert counted["stage"].to_list() == ["cut", "gave way to new"]


def test_labels_are_counted_by_segment_and_stage_with_empty_stages_as_0() -> None:
    rows = [(1, 10, "recommended"), (1, 11, "cut"), (2, 10, "recommended"), (3, 12, "never retrieved"), (3, 13, "recommended")]
    frame = pl.DataFrame(rows, ["customer", "article", "stage"], orient="row").cast({"customer": pl.UInt32})
    segments = pl.DataFrame({"customer": pl.Series([1, 2, 3], dtype=pl.UInt32), "segment": ["never", "<=7", "<=7"]})
    expected = pl.DataFrame(
        [
            *(("all", stage, n, n / 5) for stage, n in zip(stage_names(12), (0, 1, 1, 0, 0, 3), strict=True)),
            *(("<=7", stage, n, n / 3) for stage, n in zip(stage_names(12), (0, 1, 0, 0, 0, 2), strict=True)),
            *(("never", stage, n, n / 2) for stage, n in zip(stage_names(12), (0, 0, 1, 0, 0, 1), strict=True)),
        ],
        schema=LOST_LABELS,
        orient="row",
    )
    assert_frame_equal(lost_labels(frame, segments, k=12), expected)


pairs = st.lists(st.tuples(st.integers(1, 4), st.integers(1, 8)), min_size=1, max_size=20, unique=True)


@given(labels=pairs, retrieved=st.permutations([(c, a) for c in range(1, 5) for a in range(1, 9)]), cut=st.integers(0, 32))
def test_stages_add_up_to_all_labels_and_each_is_what_a_loop_says(labels: list[Pair], retrieved: list[Pair], cut: int) -> None:
    retrieved = retrieved[:24]
    place = {pair: n for n, pair in enumerate(retrieved, 1)}
    ranked = sorted(p for p in retrieved if place[p] <= cut)
    rank = {pair: 1 + sum(other[0] == pair[0] for other in ranked[:n]) for n, pair in enumerate(ranked)}
    found = traced(
        labels,
        k=2,
        retrieved=[(*p, n) for p, n in place.items()],
        ranked=[(*p, n) for p, n in rank.items()],
        recommended=[(*p, n) for p, n in rank.items() if n <= 2],
        sold=[(a,) for a in range(1, 7)],
    )

    def stage(pair: Pair) -> str:
        if pair in rank:
            return "recommended" if rank[pair] <= 2 else "ranked 3-50"
        if pair in place:
            return "cut"
        return "never retrieved" if pair[1] <= 6 else "not for sale before"

    assert [(c, a, s) for c, a, s, *_ in found] == [(*pair, stage(pair)) for pair in sorted(labels)]
