"""Words for reasons, documentation and values."""

import polars as pl
import pytest

from lookbook.features.registry import GROUPS, feature_docs
from lookbook.pipelines.explain.reasons import ago, meaning, reason, value_text
from lookbook.pipelines.runs.raw_ids import nearest_ids

SOURCES = [{"source": "matrix_factorization", "rank": 2}, {"source": "popularity", "rank": 7}]
MILK = {"source": "matrix_factorization", "name": "milk", "days_ago": 1}
BREAD = {"source": "matrix_factorization", "name": "bread", "days_ago": 30}


@pytest.mark.parametrize(
    ("bought", "sources", "found", "expected"),
    [
        ({"times": 5, "days_ago": 6}, SOURCES, [MILK], "bought on 5 days, last 6 days before"),
        ({"times": 1, "days_ago": 1}, [], [], "bought once, last 1 day before"),
        (None, SOURCES, [MILK], "matrix factorization: because of milk (1 day before)"),
        (None, SOURCES, [MILK, BREAD, MILK], "matrix factorization: because of milk (1 day before) and bread (30 days before)"),
        (None, SOURCES, [{**MILK, "source": "popularity"}], "popularity: because of milk (1 day before)"),
        (None, SOURCES, [], "matrix factorization: number 2"),
        (None, SOURCES, [{**MILK, "source": "co_purchase"}], "matrix factorization: number 2"),
        (None, [], [], "fills up the list: sells well"),
    ],
)
def test_the_nearest_reason_is_given(
    bought: dict[str, object] | None, sources: list[dict[str, object]], found: list[dict[str, object]], expected: str
) -> None:
    assert reason(bought, sources, found) == expected


@pytest.mark.parametrize(
    ("doc", "expected"),
    [
        ("Days since it; 1 = the day before; null = never sold.", ("Days since it; 1 = the day before", "never sold")),
        ("Purchases in days_ago 1..7. Never null: 0 where nothing is known.", ("Purchases in the last 7 days", "")),
        ("Days with a purchase among the last 7 (days_ago 1..7).", ("Days with a purchase among the last 7", "")),
        ("Purchases on the last day (days_ago 1).", ("Purchases on the last day", "")),
        ("Days over the interval, 1 = due now; null as above.", ("Days over the interval, 1 = due now", "")),
        ("Sum of 1 / (`rrf_constant` + rank).", ("Sum of 1 / (rrf_constant + rank)", "")),
    ],
)
def test_documentation_is_split_into_what_it_says_and_what_null_means(doc: str, expected: tuple[str, str]) -> None:
    assert meaning(doc) == expected


def test_no_documentation_of_a_feature_is_left_with_the_words_of_programmers() -> None:
    docs = feature_docs(GROUPS, ("popularity_score", "popularity_rank", "n_sources", "rrf"))
    assert len(docs) > 80
    for doc in docs.values():
        said, null = meaning(doc)
        assert said
        assert not any(word in said + null for word in ("days_ago", "null", "`"))


@pytest.mark.parametrize(
    ("value", "null", "expected"),
    [
        (3.0, "", "3"),
        (-1234567.0, "", "-1,234,567"),
        (0.031088, "", "0.0311"),
        (0.0, "never sold", "0"),
        (None, "never sold", "unknown (never sold)"),
        (None, "", "unknown"),
        (1e300, "", "1e+300"),
    ],
)
def test_values_are_written_as_people_write_them(value: float | None, null: str, expected: str) -> None:
    assert value_text(value, null) == expected


def test_days_before_are_counted_in_words() -> None:
    assert [ago(1), ago(2)] == ["1 day before", "2 days before"]


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("108775015", ["0108775015"]),
        (" 0108775015", ["0108775015"]),
        ("00108775044", ["0108775044"]),
        ("0108775016", ["0108775015", "0108775044", "0110065001"]),
        ("0000000000", ["0108775015", "0108775044"]),
        ("9", ["0108775044", "0110065001"]),
    ],
)
def test_the_nearest_ids_differ_by_zeros_or_else_stand_next_to_it(raw: str, expected: list[str]) -> None:
    assert nearest_ids(pl.Series(["0108775015", "0108775044", "0110065001"]), raw) == expected


def test_without_any_known_id_none_is_near() -> None:
    assert nearest_ids(pl.Series([], dtype=pl.String), "1") == []
