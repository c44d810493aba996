"""Records as JSON and back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest

from lookbook.pipelines.errors import ArtifactError
from lookbook.pipelines.runs.records.files import as_json, as_line, read_record, rows_of


@dataclass(frozen=True)
class Part:
    name: str
    share: float | None


@dataclass(frozen=True, kw_only=True)
class Whole:
    week: str
    ended: str | None = None
    parts: Sequence[Part]
    sizes: Mapping[str, int]


WHOLE = Whole(week="2020-09-16", parts=[Part("a", None), Part("b", 0.5)], sizes={"z": 1, "a": 2})


def test_keys_have_the_order_of_the_fields_and_only_what_may_be_missing_is_left_out() -> None:
    assert as_line(WHOLE) == (
        '{"week": "2020-09-16", "parts": [{"name": "a", "share": null}, {"name": "b", "share": 0.5}], "sizes": {"z": 1, "a": 2}}'
    )
    assert '"week": "w", "ended": "e", "parts"' in as_line(Whole(week="w", ended="e", parts=[], sizes={}))


def test_what_was_written_is_read_back_without_keys_that_are_not_known(tmp_path: Path) -> None:
    file = tmp_path / "whole.json"
    file.write_text(as_json(WHOLE).replace('"week"', '"later": 1, "week"'))
    assert read_record(file, Whole) == WHOLE


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"parts": [], "sizes": {}}', r"whole\.json is damaged: week: Field required; run the command again"),
        ('{"week": "w", "parts": [{"name": "a", "share": "much"}], "sizes": {}}', r"damaged: parts\.0\.share: .*number"),
        ("not JSON", r"whole\.json is damaged: the whole of it: Invalid JSON"),
    ],
)
def test_a_damaged_file_is_named_with_the_key(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "whole.json"
    file.write_text(text)
    with pytest.raises(ArtifactError, match=message):
        read_record(file, Whole)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match=r"none\.json: No such file.*; expected a file that an earlier command wrote"):
        read_record(tmp_path / "none.json", Whole)


def test_a_number_that_json_does_not_have_is_refused() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        as_json(Part("a", float("nan")))


def test_rows_of_a_table_become_records() -> None:
    assert rows_of(pl.DataFrame({"name": ["a", "b"], "share": [None, 0.5]}), Part) == WHOLE.parts
