"""What is wrong with the input, said so that the reader can fix it: what, where, what was expected, what to do."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Where:
    """Place of a fault. line: 1 = the header of a text file, or the first row of a Parquet file; 0 = the whole file."""

    file: Path | None = None
    line: int = 0
    column: str = ""
    value: str = ""

    def __str__(self) -> str:
        parts = [
            f"file {self.file}" if self.file else "",
            f"line {self.line}" if self.line else "",
            f"column {self.column!r}" if self.column else "",
            f"value {_short(self.value)!r}" if self.value else "",
        ]
        return ", ".join(part for part in parts if part)


class DataError(ValueError):
    """The input cannot be used. Its text has one line each for what, where, expected and fix; commands exit with 3."""

    exit_code = 3

    def __init__(self, what: str, where: Where | None = None, *, expected: str = "", fix: str = "") -> None:
        self.what = what
        self.where = where or Where()
        self.expected = expected
        self.fix = fix
        lines = {"where": str(self.where), "expected": expected, "fix": fix}
        super().__init__("\n".join([what, *(f"  {label}: {text}" for label, text in lines.items() if text)]))


class SourceFileError(DataError):
    """A file is missing, empty, unreadable, cut, of another format, or changed while it was read."""


class FormatError(DataError):
    """A text file is not what its header promises: encoding, separator, quotes, fields per line."""


class ColumnError(DataError):
    """A table lacks a column, has one twice, or has one of a type that cannot be read."""


class MissingColumnError(ColumnError):
    """A table lacks the column `missing`; `present` are those that it has."""

    def __init__(self, missing: str, present: Sequence[str], where: Where, *, hint: str = "", expected: str, fix: str) -> None:
        self.missing = missing
        self.present = present
        super().__init__(f"column {missing!r} is missing{hint}", where, expected=expected, fix=fix)


class ValueRuleError(DataError):
    """Values break a rule that is never bent, or too many rows break a rule that quarantines."""


def safe_name(name: str, what: str) -> str:
    """`name`, if it can be a file name on every system and cannot leave its folder.

    Raises:
        DataError: for anything but 1 to 64 of the characters A-Z a-z 0-9 . _ -, and for `.` and `..`.
    """
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,64}", name) or set(name) == {"."}:
        raise DataError(f"{what} {_short(name)!r} is not allowed", expected="1 to 64 of A-Z a-z 0-9 . _ - (not only dots)")
    return name


def _short(value: str) -> str:
    return value if len(value) <= 80 else value[:77] + "..."
