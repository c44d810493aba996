"""Text files with one record per line, checked byte by byte and read as text, a bounded block at a time.

Input: a .csv file, compressed or not. Output: frames of String columns (null = empty field) and `line` (UInt32, 1 = header).
Polars pads a short line with nulls and takes a cut last line for a whole one; both are refused here, before it parses.
"""

import csv
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import polars as pl

from lookbook.data.errors import ColumnError, FormatError, SourceFileError, Where
from lookbook.data.reading.columns import check_columns
from lookbook.data.reading.source_files import open_bytes
from lookbook.data.reading.tally import Tally

BLOCK_BYTES = 1 << 24
HEADER_BYTES = 1 << 20
MAX_RECORD_BYTES = 1 << 28
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Form:
    """How the lines of one file are read."""

    path: Path
    separator: str
    columns: tuple[str, ...]


def read_delimited(
    path: Path, wanted: Mapping[str, str], *, known: frozenset[str], separator: str, tally: Tally
) -> Iterator[pl.DataFrame]:
    """Blocks of the columns `wanted` (output name -> column in the file) and `line`, in file order.

    known: columns that may be there unread; any other gives a warning.

    Raises:
        SourceFileError, FormatError, ColumnError: see the classes; the place is named.
    """
    with open_bytes(path) as stream:
        header, rest = _header(stream, path)
        form = Form(path, separator, _names(header, path, separator))
        check_columns(form.columns, wanted, known=known, path=path, tally=tally)
        line, offset, rows = 2, len(header), 0
        for block in _blocks(stream, rest, path):
            _check_bytes(block, form, offset)
            lines = _count(block, "\n")
            frame = _parse(block, form, line, lines).select("line", **{name: pl.col(column) for name, column in wanted.items()})
            rows += frame.height
            line += lines
            offset += len(block)
            yield frame
    if not rows:
        raise SourceFileError("the file has a header but no rows", Where(path), fix="get the file again")


def _header(stream: BinaryIO, path: Path) -> tuple[bytes, bytes]:
    start = stream.read(HEADER_BYTES)
    end = start.find(b"\n") + 1
    if not end:
        raise FormatError("the first line has no end", Where(path, 1), expected="a header line, then one line per row")
    return start[:end], start[end:]


def _names(header: bytes, path: Path, separator: str) -> tuple[str, ...]:
    text = _decode(header.removeprefix(BYTE_ORDER_MARK), path, 0)
    names = tuple(name.strip() for name in next(csv.reader([text.strip("\r\n")], delimiter=separator), []))
    other = [sign for sign in ",;\t|" if sign != separator and sign in text]
    if len(names) <= 1 and other:
        raise FormatError(
            f"the header has no {separator!r}; did you mean {other[0]!r}?", Where(path, 1, value=text.strip()),
            expected=f"columns separated by {separator!r}", fix="write the file with that separator, or set data.csv.separator",
        )  # fmt: skip
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise ColumnError(f"column {twice[0]!r} is there twice", Where(path, 1, twice[0]), fix="remove or rename one of them")
    return names


def _blocks(stream: BinaryIO, rest: bytes, path: Path) -> Iterator[bytes]:
    """Pieces of the stream that end with a line end outside quotes."""
    while chunk := stream.read(BLOCK_BYTES):
        end = chunk.rfind(b"\n") + 1
        if end and b'"' not in chunk and b'"' not in rest:
            yield b"".join((rest, memoryview(chunk)[:end]))  # as below, but one copy of the block fewer
            rest = chunk[end:]
            continue
        rest += chunk
        end = _last_line_end(rest)
        if end:
            yield rest[:end]
            rest = rest[end:]
        elif len(rest) > MAX_RECORD_BYTES:
            raise FormatError(f"no line ends within {len(rest)} bytes", Where(path), expected="quotes that close, and line ends")
    end = _last_line_end(rest)
    if end:
        yield rest[:end]
    if end != len(rest):
        last = rest[end:].split(b"\n")[0].decode(errors="replace")
        raise SourceFileError(
            "the last line is cut: it has an open quote or no line end", Where(path, value=last),
            expected="a line end after the last row", fix="get the file again; if it is complete, add a line break at its end",
        )  # fmt: skip


def _last_line_end(text: bytes) -> int:
    end = text.rfind(b"\n") + 1
    if b'"' not in text or text.count(b'"', 0, end) % 2 == 0:
        return end
    codes = np.frombuffer(text, np.uint8)
    ends = np.flatnonzero((codes == ord("\n")) & ~_quoted(codes))
    return int(ends[-1]) + 1 if ends.size else 0


def _quoted(codes: np.ndarray[tuple[int], np.dtype[np.uint8]]) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    return np.bitwise_xor.accumulate(codes == ord('"')).astype(np.bool_)


def _check_bytes(block: bytes, form: Form, offset: int) -> None:
    if b"\0" in block:
        raise FormatError(
            f"byte 0 at offset {offset + block.index(0)}", Where(form.path), expected="text", fix="get the file again"
        )
    if not block.isascii():
        _decode(block, form.path, offset)


def _decode(text: bytes, path: Path, offset: int) -> str:
    try:
        return text.decode()
    except UnicodeDecodeError as error:
        raise FormatError(
            f"not UTF-8 at byte offset {offset + error.start}", Where(path, value=repr(text[error.start : error.end])),
            expected="text in UTF-8", fix="convert it, for example: iconv -f LATIN1 -t UTF-8",
        ) from error  # fmt: skip


def _count(block: bytes, sign: str) -> int:
    """Three times as fast as bytes.count, where the sign is frequent."""
    return int(np.count_nonzero(np.frombuffer(block, np.uint8) == ord(sign)))


def _parse(block: bytes, form: Form, line: int, lines: int) -> pl.DataFrame:
    width = len(form.columns)
    if b'"' not in block and width > 1 and _count(block, form.separator) == lines * (width - 1):
        numbers = pl.int_range(line, line + lines, dtype=pl.UInt32, eager=True)
    else:
        block, numbers = _check_shape(block, form, line)
    if numbers.is_empty():
        return pl.DataFrame(schema={**dict.fromkeys(form.columns, pl.String), "line": pl.UInt32})
    try:
        return _to_frame(block, form).with_columns(line=numbers)
    except pl.exceptions.PolarsError as error:
        _check_shape(block, form, line)
        broken = int(numbers[_first_unreadable(block, form, len(numbers))])
        raise FormatError("the line cannot be split into fields", Where(form.path, broken), expected=_expected(form)) from error


def _to_frame(block: bytes, form: Form) -> pl.DataFrame:
    schema = dict.fromkeys(form.columns, pl.String)
    frame = pl.read_csv(block, has_header=False, separator=form.separator, schema=schema, glob=False)
    quoted_nothing = b'"' in block and b'""' in block  # one byte is searched for 20 times as fast as two
    return frame.with_columns(pl.when(pl.all() != "").then(pl.all())) if quoted_nothing else frame


def _check_shape(block: bytes, form: Form, line: int) -> tuple[bytes, pl.Series]:
    """The block without blank lines, and the line on which each of its records starts.

    Raises:
        FormatError: at the first record with another number of fields than the header.
    """
    codes = np.frombuffer(block, np.uint8)
    quoted = _quoted(codes)
    breaks = np.flatnonzero(codes == ord("\n"))
    ends = breaks[~quoted[breaks]]
    starts = np.concatenate([[0], ends[:-1] + 1])
    separators = np.flatnonzero((codes == ord(form.separator)) & ~quoted)
    fields = 1 + np.diff(np.searchsorted(separators, ends), prepend=0)
    blank = (ends == starts) | ((ends == starts + 1) & (codes[starts] == ord("\r")))
    numbers = line + np.searchsorted(breaks, starts)
    wrong = np.flatnonzero((fields != len(form.columns)) & ~blank)
    if wrong.size:
        first = int(wrong[0])
        raise FormatError(
            f"a line has {fields[first]} fields", Where(form.path, int(numbers[first]), value=_record(block, starts, first)),
            expected=_expected(form), fix="check its quotes and separators, or get the file again",
        )  # fmt: skip
    if blank.any():
        block = b"".join(block[start : end + 1] for start, end in zip(starts[~blank], ends[~blank], strict=True))
    return block, pl.Series(numbers[~blank]).cast(pl.UInt32)


def _record(block: bytes, starts: np.ndarray[tuple[int], np.dtype[np.int64]], number: int) -> str:
    return block[starts[number] :].split(b"\n", 1)[0].decode(errors="replace").strip()


def _expected(form: Form) -> str:
    return f"{len(form.columns)} fields separated by {form.separator!r}, quotes only round a whole field"


def _first_unreadable(block: bytes, form: Form, records: int) -> int:
    """Index of the first record that makes Polars refuse, by bisection over prefixes of the block."""
    breaks = np.flatnonzero(np.frombuffer(block, np.uint8) == ord("\n"))
    ends = breaks[~_quoted(np.frombuffer(block, np.uint8))[breaks]] + 1
    low, high = 0, records - 1
    while low < high:
        middle = (low + high) // 2
        try:
            _to_frame(block[: ends[middle]], form)
        except pl.exceptions.PolarsError:
            high = middle
        else:
            low = middle + 1
    return low
