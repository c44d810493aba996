"""Features of what is planned, from KNOWN_PLAN rows written down: article, kind, starts_in, ends_in, share."""

from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from lookbook.data.dataset import History
from lookbook.data.schema import KNOWN_PLAN
from lookbook.features.feature import Inputs, feature_table
from lookbook.features.plan import plan

KINDS = ("display", "mailer")
GROUP = plan(KINDS)
SCHEMA = {"article": pl.UInt32, **{feature.name: pl.Float32 for feature in GROUP.features}}
NAMES = [name.removeprefix("article_plan_") for name in SCHEMA]
DISPLAY, MAILER = 1, 2
Row = tuple[int, int, int, int, float]


def table(rows: list[Row]) -> pl.DataFrame:
    nothing = pl.LazyFrame()
    known = pl.LazyFrame(rows, schema=KNOWN_PLAN, orient="row")
    found = feature_table(GROUP, Inputs(History(date(2020, 9, 16), nothing, nothing, nothing, known), {}))
    return found.collect()


def expected(*rows: dict[str, float]) -> pl.DataFrame:
    """Columns by their names without article_plan_; what is not named is null."""
    columns = {full: [row.get(short) for row in rows] for short, full in zip(NAMES, SCHEMA, strict=True)}
    return pl.DataFrame(columns, schema=SCHEMA)


BEFORE: Row = (9, DISPLAY, -7, -1, 0.5)
"""Something is known of the week before too."""
OF_9 = {"article": 9, "display_share": None, "display_change": -0.5}


def test_a_share_is_the_mean_of_the_7_days_from_as_of_on_and_its_ends_are_included() -> None:
    rows = [BEFORE, (1, DISPLAY, 0, 6, 0.75), (2, DISPLAY, 6, 20, 0.7), (3, MAILER, -7, 0, 0.7), (4, DISPLAY, 7, 9, 0.7)]
    after = expected(
        {"article": 1, "days": 7, "display_share": 0.75, "display_change": 0.75},
        {"article": 2, "days": 1, "display_share": 0.1, "display_change": 0.1},
        {"article": 3, "days": 1, "mailer_share": 0.1, "mailer_change": 0.1 - 0.7},
        OF_9,
    )
    assert_frame_equal(table(rows), after)


def test_what_goes_on_does_not_change_and_what_ended_is_below_0() -> None:
    rows: list[Row] = [(1, DISPLAY, -7, 6, 0.25), (2, DISPLAY, -9, -1, 0.25), (2, MAILER, 0, 6, 1.0), (3, DISPLAY, -20, -8, 1.0)]
    after = expected(
        {"article": 1, "days": 7, "display_share": 0.25, "display_change": 0},
        {"article": 2, "days": 7, "display_change": -0.25, "mailer_share": 1, "mailer_change": 1},
    )
    assert_frame_equal(table(rows), after)


def test_of_rows_that_overlap_the_largest_share_of_each_day_counts_and_a_share_of_0_is_no_plan() -> None:
    rows = [BEFORE, (1, DISPLAY, 0, 3, 0.5), (1, DISPLAY, 3, 4, 1.0), (1, DISPLAY, 0, 3, 0.5), (2, MAILER, 0, 6, 0.0)]
    mean = (3 * 0.5 + 2 * 1.0) / 7
    assert_frame_equal(table(rows), expected({"article": 1, "days": 5, "display_share": mean, "display_change": mean}, OF_9))


def test_days_are_those_of_any_kind_each_once() -> None:
    rows = [(1, DISPLAY, 0, 1, 0.5), (1, MAILER, 1, 3, 0.5)]
    assert table(rows)["article_plan_days"].to_list() == [4]


def test_while_nothing_is_known_of_the_week_no_article_has_a_row() -> None:
    assert table([BEFORE, (1, MAILER, 7, 9, 1.0)]).is_empty()
    assert table([]).is_empty()


def test_while_nothing_is_known_of_the_week_before_no_change_is_known() -> None:
    assert_frame_equal(table([(1, MAILER, 0, 6, 0.5)]), expected({"article": 1, "days": 7, "mailer_share": 0.5}))


ROWS = st.tuples(
    st.integers(1, 3),
    st.sampled_from([DISPLAY, MAILER]),
    st.integers(-12, 9),
    st.integers(0, 12),
    st.sampled_from([0, 0.25, 0.5, 1]),
)


@given(st.lists(ROWS, min_size=1, max_size=12))
def test_a_slow_count_of_days_gives_the_same(rows: list[tuple[int, int, int, int, float]]) -> None:
    planned = [(article, kind, start, start + more, share) for article, kind, start, more, share in rows]
    days: dict[tuple[int, int, int], float] = {}
    for article, kind, start, end, share in planned:
        for day in range(max(start, -7), min(end, 6) + 1):
            days[article, kind, day] = max(days.get((article, kind, day), 0), share)
    days = {key: share for key, share in days.items() if share}
    known = [any(low <= day <= high for *_, day in days) for low, high in ((0, 6), (-7, -1))]
    found = {row["article"]: row for row in table(planned).to_dicts()}
    assert set(found) == ({article for article, *_ in days} if known[0] else set())
    for article, row in found.items():
        for code, kind in enumerate(KINDS, 1):
            ahead, before = (sum(days.get((article, code, d), 0) for d in week) / 7 for week in (range(7), range(-7, 0)))
            assert row[f"article_plan_{kind}_share"] == (pytest.approx(ahead, abs=1e-5) if ahead else None)
            change = ahead - before if ahead + before and known[1] else None
            assert row[f"article_plan_{kind}_change"] == (None if change is None else pytest.approx(change, abs=1e-5))
        planned_days = {day for (a, _, day) in days if a == article and day >= 0}
        assert row["article_plan_days"] == (len(planned_days) or None)


def test_every_kind_has_features_of_its_own() -> None:
    names = [feature.name for feature in plan(["end_cap"]).features]
    assert names == ["article_plan_days", "article_plan_end_cap_share", "article_plan_end_cap_change"]
