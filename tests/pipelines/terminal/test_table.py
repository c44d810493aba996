"""What is printed fits the width, breaks where it may, and obeys nothing that stands in the data."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from lookbook.pipelines.terminal.progress import Reporter
from lookbook.pipelines.terminal.table import PlainConsole, console, interval, lines, plain, section, short_id, table


def test_long_lines_are_indented_further_and_keep_the_percent_sign_with_its_number() -> None:
    out = Console(file=io.StringIO(), width=20, markup=False)
    lines(out, "first [bold] words 12 % and 34 %", "second")
    assert isinstance(out.file, io.StringIO)
    assert out.file.getvalue().splitlines() == ["  first [bold] words", "    12 % and 34 %", "  second"]


def test_a_name_without_room_is_folded_and_figures_are_kept_whole() -> None:
    out = Console(file=io.StringIO(), width=24)
    made = table("name", "figure")
    made.add_row("x" * 30, "1,234,567,890")
    out.print(made)
    assert isinstance(out.file, io.StringIO)
    text = out.file.getvalue()
    assert "1,234,567,890" in text
    assert "…" not in text
    assert text.count("x") == 30


def test_an_interval_stands_beside_its_value_where_there_is_room_else_below_and_a_value_may_be_alone() -> None:
    assert interval(0.5, 0.25, 0.75, width=140) == "0.5000 [0.2500, 0.7500]"
    assert interval(0.5, -0.25, 0.75, width=80, digits=2, sign="+") == "+0.50\n[-0.25, +0.75]"
    assert interval(0.5, None, 0.75, width=80) == "0.5000"
    assert interval(None, None, None, width=80) == ""


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("red shirt \u00e9 \u5f35", "red shirt \u00e9 \u5f35"),
        ("\x1b[31mred\x1b]0;title\x07", "\\x1b[31mred\\x1b]0;title\\x07"),
        ("a\u202eb\u2066c", "a\\u202eb\\u2066c"),
        ("two\nlines\ttab", "two\\nlines\\ttab"),
    ],
)
def test_nothing_in_the_data_is_obeyed_by_the_terminal(text: str, shown: str) -> None:
    assert plain(text) == shown


@given(st.text())
def test_plain_text_is_printable(text: str) -> None:
    assert plain(text).isprintable() or set(plain(text)) & set("\u3000\xa0\u200c\u200d")


def test_whatever_is_printed_or_laid_out_is_shown_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    name = "[bold]:smile: \x1b[31mred\x1b]0;title\x07 \u202eback"
    made = table("name", title=name)
    made.add_row(f"{name}\nsecond line")
    out = console()
    out.print(made)
    out.print(name)
    section(out, name)
    lines(out, name)
    Reporter("plain", PlainConsole(stderr=True)).say(name)
    told = capsys.readouterr()
    for text in (told.out, told.err):
        assert not set(text) & set("\x1b\x07\u202e")
    shown = "[bold]:smile: \\x1b[31mred\\x1b]0;title\\x07 \\u202eback"
    assert " ".join(told.out.split()).count(shown) == 5
    assert told.err == f"{shown}\n"
    assert "second line" in told.out


def test_long_ids_lose_their_middle_where_there_is_little_room() -> None:
    long = "0123456789abcdef" * 4
    assert short_id(long, width=80) == "0123456789ab…89abcdef"
    assert short_id(long, width=140) == long
    assert short_id("A-0815", width=80) == "A-0815"


def test_output_is_as_wide_as_columns_says_and_80_without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    assert console().width == 80
    monkeypatch.setenv("COLUMNS", "133")
    assert console().width == 133
