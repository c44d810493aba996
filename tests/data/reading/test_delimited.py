import csv
import io
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from lookbook.data.errors import DataError, FormatError
from lookbook.data.reading.delimited import read_delimited
from lookbook.data.reading.tally import Tally

FIELD = st.text(st.characters(codec="utf-8", exclude_characters="\x00\r", exclude_categories=("Cs",)), max_size=6)
TABLE = st.lists(st.tuples(st.text("abc", min_size=1, max_size=3), FIELD, FIELD), min_size=1, max_size=12)


def read(path: Path, *columns: str, separator: str = ",") -> pl.DataFrame:
    wanted = {column: column for column in columns}
    return pl.concat(read_delimited(path, wanted, known=frozenset(), separator=separator, tally=Tally()))


def written(path: Path, content: str) -> Path:
    path.write_bytes(content.encode())
    return path


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lookbook.data.reading.delimited.HEADER_BYTES", 16)
    monkeypatch.setattr("lookbook.data.reading.delimited.BLOCK_BYTES", 8)


@pytest.mark.usefixtures("small_blocks")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(rows=TABLE, end=st.sampled_from(["\n", "\r\n"]))
def test_a_quoted_table_in_small_blocks_reads_as_the_csv_module_reads_it(
    tmp_path: Path, rows: list[tuple[str, str, str]], end: str
) -> None:
    text = io.StringIO()
    csv.writer(text, lineterminator=end, quoting=csv.QUOTE_ALL).writerows([("a", "b", "c"), *rows])
    found = read(written(tmp_path / "t.csv", text.getvalue()), "a", "b", "c")
    assert found.select("a", "b", "c").rows() == [tuple(value or None for value in row) for row in rows]


@pytest.mark.usefixtures("small_blocks")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(rows=TABLE)
def test_the_line_of_a_record_is_where_its_text_starts(tmp_path: Path, rows: list[tuple[str, str, str]]) -> None:
    lines, at, text = [], 2, io.StringIO()
    writer = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL)
    for row in rows:
        lines.append(at)
        at += 1 + sum(value.count("\n") for value in row)
        writer.writerow(row)
    found = read(written(tmp_path / "t.csv", "a,b,c\n" + text.getvalue()), "c")
    assert found["line"].to_list() == lines


@pytest.mark.usefixtures("small_blocks")
def test_a_fault_in_a_late_block_is_named_by_its_line(tmp_path: Path) -> None:
    good = "".join(f"{n},{n},{n}\n" for n in range(100))
    with pytest.raises(FormatError) as caught:
        read(written(tmp_path / "t.csv", f"a,b,c\n{good}1,2\n{good}"), "a")
    assert caught.value.where.line == 102


@pytest.mark.usefixtures("small_blocks")
def test_a_short_line_is_not_made_up_for_by_a_long_one(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="line 3"):
        read(written(tmp_path / "t.csv", "a,b,c\n1,2,3\n1,2\n1,2,3,4\n"), "a")


def test_bytes_of_another_encoding_are_named_by_their_offset(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(b"a,b\n1,2\n3,\xe9\n")
    with pytest.raises(FormatError, match="byte offset 10"):
        read(tmp_path / "t.csv", "a")


def test_only_wanted_columns_come_back_under_their_new_names(tmp_path: Path) -> None:
    path = written(tmp_path / "t.csv", 'x;y;z\n1;;"3;3"\n')
    batches = read_delimited(path, {"a": "z", "b": "y"}, known=frozenset({"x"}), separator=";", tally=Tally())
    expected = pl.DataFrame({"line": [2], "a": ["3;3"], "b": [None]}, schema={"line": pl.UInt32, "a": pl.String, "b": pl.String})
    assert_frame_equal(pl.concat(batches), expected)


def test_a_file_that_grows_while_it_is_read_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "t.csv", "a\n1\n")
    batches = read_delimited(path, {"a": "a"}, known=frozenset(), separator=",", tally=Tally())
    next(batches)
    with path.open("a") as file:
        file.write("2\n")
    with pytest.raises(DataError, match="changed while it was read"):
        list(batches)
