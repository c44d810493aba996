"""A value of a JSON file that knows where it stands, so that every number of the page can be checked against its file.

Input: the parsed JSON files. Output: Fact.
"""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Fact:
    """A part of a JSON file. value: None where the file or the part is missing, or is null.

    origin: file and JSON pointer (RFC 6901), "metrics.json#/union/0/recall".
    """

    value: object
    origin: str

    def __bool__(self) -> bool:
        """Whether there is something: not missing, not null, not an empty list or object."""
        return self.value is not None and self.value not in ([], {})

    def __getitem__(self, key: str | int) -> "Fact":
        """The part at `key`; a Fact of None where there is no such part."""
        part: object = None
        if isinstance(self.value, dict):
            part = self.value.get(key)
        elif isinstance(self.value, list) and isinstance(key, int) and key < len(self.value):
            part = self.value[key]
        escaped = str(key).replace("~", "~0").replace("/", "~1")
        return Fact(part, f"{self.origin}/{escaped}")

    def rows(self) -> list["Fact"]:
        """The parts of a list, in its order; none where there is no list."""
        return [self[place] for place in range(len(self.value))] if isinstance(self.value, list) else []

    def where(self, key: str, *values: str) -> list["Fact"]:
        """The rows whose `key` is one of `values`."""
        return [row for row in self.rows() if row[key].value in values]

    def items(self) -> Iterator[tuple[str, "Fact"]]:
        """Key and part of an object, in its order; none where there is no object."""
        if isinstance(self.value, dict):
            yield from ((str(key), self[key]) for key in self.value)

    @property
    def text(self) -> str:
        """The value for people: lists joined by commas, nothing for null."""
        if isinstance(self.value, list):
            return ", ".join(str(part) for part in self.value)
        return "" if self.value is None else str(self.value)

    @property
    def number(self) -> float:
        """The value as a number; nan where it is none."""
        return float(self.value) if isinstance(self.value, (int, float)) else float("nan")


def root(name: str, content: object) -> Fact:
    """The whole of a JSON file."""
    return Fact(content, f"{name}#")
