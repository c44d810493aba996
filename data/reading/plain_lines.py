"""Text files whose lines are split at a separator of any length, without header and without quotes.

Input: a file, compressed or not. Output: frames of String columns (null = empty field) and `line` (UInt32, 1 = the first).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from lookbook.data.errors import FormatError, SourceFileError, Where
from lookbook.data.reading.source_files import open_bytes

BLOCK_BYTES = 1 << 23


@dataclass(frozen=True)
class LineForm:
    """How the lines of one kind of file are read. columns: names for its fields, in their order."""

    columns: tuple[str, ...]
    separator: str
    encoding: str


def read_lines(path: Path, form: LineForm, wanted: Mapping[str, str]) -> Iterator[pl.DataFrame]:
    """Blocks of the columns `wanted` (output name -> one of `form.columns`) and `line`, in file order; blank lines are left out.

    Raises:
        SourceFileError: the file is damaged, cut or has no lines.
        FormatError: a line has another number of fields, or is not in the encoding.
    """
    line = 1
    rows = 0
    with open_bytes(path) as stream:
        rest = b""
        while chunk := stream.read(BLOCK_BYTES):
            rest += chunk
            end = rest.rfind(b"\n") + 1
            texts = _decoded(rest[:end], form, path, line).split("\n")[:-1]
            rest = rest[end:]
            frame = _fields(texts, form, path, line)
            line += len(texts)
            rows += frame.height
            yield frame.select("line", **{name: pl.col(column) for name, column in wanted.items()})
    if rest:
        raise SourceFileError(
            "the last line is cut: it has no line end", Where(path, line, value=rest.decode(form.encoding, "replace")),
            expected="a line end after the last row", fix="get the file again; if it is complete, add a line break at its end",
        )  # fmt: skip
    if not rows:
        raise SourceFileError("the file has no rows", Where(path), fix="get the file again")


def _decoded(block: bytes, form: LineForm, path: Path, line: int) -> str:
    try:
        return block.decode(form.encoding)
    except UnicodeDecodeError as error:
        place = line + block.count(b"\n", 0, error.start)
        raise FormatError(f"not {form.encoding}", Where(path, place), expected=f"text in {form.encoding}") from error


def _fields(texts: list[str], form: LineForm, path: Path, line: int) -> pl.DataFrame:
    """`form.columns` and `line` of the lines, the first of which has the number `line`."""
    width = len(form.columns)
    lines = (
        pl.DataFrame({"text": pl.Series(texts, dtype=pl.String)})
        .with_row_index("line", offset=line)
        .with_columns(pl.col("text").str.strip_chars_end("\r"))
        .filter(pl.col("text") != "")
        .with_columns(fields=pl.col("text").str.split(form.separator))
    )
    wrong = lines.filter(pl.col("fields").list.len() != width)
    if wrong.height:
        first = wrong.row(0, named=True)
        raise FormatError(
            f"a line has {len(first['fields'])} fields", Where(path, first["line"], value=first["text"]),
            expected=f"{width} fields separated by {form.separator!r}: {', '.join(form.columns)}", fix="get the file again",
        )  # fmt: skip
    fields = (pl.col("fields").list.get(place).alias(name) for place, name in enumerate(form.columns))
    return lines.select(pl.col("line").cast(pl.UInt32), *fields).with_columns(
        pl.when(pl.col(name) != "").then(name).alias(name) for name in form.columns
    )
