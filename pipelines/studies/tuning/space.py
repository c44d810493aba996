"""What may be changed, and to what: space.toml beside this file, or a file of the same form.

Input: TOML, the Settings of a run. Output: Space; every value in it was checked as a setting.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod, sqrt
from pathlib import Path

from lookbook.pipelines.errors import SettingsError
from lookbook.pipelines.settings.config import Settings, value_of, with_values
from lookbook.pipelines.settings.layers import Table, read_toml
from lookbook.retrieval.registry import SOURCES

SPACE = Path(__file__).with_name("space.toml")
FORM = "{ low, high } with log = true or a step, or { choices = [...] }"
DIGITS = 4
"""Digits of a value from a range without steps."""
MOST_POINTS = 10_000
"""A grid of more points is refused: nobody waits for it."""

Point = Mapping[str, object]
"""A value for every key of a space."""


@dataclass(frozen=True)
class Range:
    """Both ends are included. step: null = any value between; whole: only whole numbers."""

    low: float
    high: float
    log: bool
    step: float | None
    whole: bool

    def grid(self) -> list[object]:
        """Every step; of a range without steps its ends and its middle."""
        if self.step:
            values = [self.low + place * self.step for place in range(round((self.high - self.low) / self.step) + 1)]
        else:
            values = [self.low, sqrt(self.low * self.high) if self.log else (self.low + self.high) / 2, self.high]
        return list(dict.fromkeys(map(self.value, values)))

    def value(self, drawn: float) -> object:
        """A value of the setting from one that was drawn: between steps, of no more digits than people would write."""
        if self.whole:
            return round(drawn)
        return round(drawn, 10) if self.step else min(max(float(f"{drawn:.{DIGITS}g}"), self.low), self.high)

    def holds(self, value: object) -> bool:
        """Whether `value` can be chosen."""
        if not isinstance(value, int | float) or not self.low <= value <= self.high:
            return False
        return not self.step or abs((value - self.low) / self.step - round((value - self.low) / self.step)) < 1e-9


@dataclass(frozen=True)
class Choices:
    """In the order of the file."""

    values: tuple[object, ...]

    def grid(self) -> list[object]:
        return list(self.values)

    def holds(self, value: object) -> bool:
        return value in self.values


Domain = Range | Choices


@dataclass(frozen=True)
class Space:
    """domains: by the key of the setting, in the order of the file."""

    domains: Mapping[str, Domain]

    def holds(self, point: Point) -> bool:
        return all(domain.holds(point[key]) for key, domain in self.domains.items())

    def points(self) -> Iterator[Point]:
        """Of the grid, the last key changing fastest."""
        for values in product(*(domain.grid() for domain in self.domains.values())):
            yield dict(zip(self.domains, values, strict=True))

    def grid_size(self) -> int:
        """Points of the grid.

        Raises:
            SettingsError: there are too many.
        """
        size = prod(len(domain.grid()) for domain in self.domains.values())
        if size > MOST_POINTS:
            raise SettingsError(
                f"--sampler grid: {size:,} points; expected at most {MOST_POINTS:,}: choose groups with --what, or name fewer keys "
                "in a file for --space"
            )
        return size

    def now(self, settings: Settings) -> Point:
        """The values that `settings` have."""
        return {key: value_of(settings, key) for key in self.domains}


def read_space(file: Path | None, groups: Sequence[str], settings: Settings) -> Space:
    """The keys of the groups (none = all) in `file` (null = space.toml), without those of sources that are not in use.

    Raises:
        SettingsError: an unknown group or key (with the nearest known one), a range without values, a value that is no setting.
    """
    tables = {name: _keys(table) for name, table in read_toml(file or SPACE).items() if isinstance(table, dict)}
    where = str(file or SPACE.name)
    for group in groups:
        if group not in tables:
            raise SettingsError(f"--what: unknown group {group!r}; {where} has {', '.join(tables)}")
    given = {key: value for name, table in tables.items() if not groups or name in groups for key, value in table.items()}
    domains = {key: _domain(key, value, settings, where) for key, value in given.items() if _in_use(key, settings)}
    if not domains:
        raise SettingsError(f"{where}: no key of {', '.join(groups or tables)} is in use; nothing can be tuned")
    return Space(domains)


def _keys(table: Table, path: str = "") -> dict[str, object]:
    """A table of key and domain; "a.b" = {...} and [group.a] with b = {...} are the same."""
    found: dict[str, object] = {}
    for key, value in table.items():
        inner = isinstance(value, dict) and all(isinstance(part, dict) for part in value.values())
        found |= _keys(value, f"{path}{key}.") if inner and isinstance(value, dict) else {f"{path}{key}": value}
    return found


def _in_use(key: str, settings: Settings) -> bool:
    table, _, rest = key.partition(".")
    source = rest.partition(".")[0]
    return table != "retrieval" or source not in SOURCES or source in settings.retrieval.sources


def _domain(key: str, given: object, settings: Settings, where: str) -> Domain:
    if not isinstance(given, dict) or (
        set(given) != {"choices"} and not {"low", "high"} <= set(given) <= {"low", "high", "log", "step"}
    ):
        raise SettingsError(f"{where}: {key} = {given!r}: expected {FORM}")
    values = given["choices"] if "choices" in given else [given["low"], given["high"]]
    if not isinstance(values, list) or not values:
        raise SettingsError(f"{where}: {key}: choices = {values!r}: expected a list of values")
    for value in values:
        with_values(settings, {key: value}, where=where)
    return Choices(tuple(values)) if "choices" in given else _range(key, given, value_of(settings, key), where)


def _range(key: str, given: Table, now: object, where: str) -> Range:
    """now: the value of the setting, which says whether it is a whole number."""
    low, high, log, step = (given.get(name) for name in ("low", "high", "log", "step"))
    if isinstance(now, bool) or not isinstance(now, int | float):
        raise SettingsError(f"{where}: {key} is now {now!r}, no number: expected {{ choices = [...] }}")
    kinds = int if isinstance(now, int) else (int, float)
    if not isinstance(low, kinds) or not isinstance(high, kinds) or not (step is None or isinstance(step, kinds)):
        raise SettingsError(f"{where}: {key} = {given}: expected {'whole ' if kinds is int else ''}numbers")
    wrong = "low below high" if low >= high else "a step above 0" if step is not None and step <= 0 else ""
    wrong = wrong or ("log = true without step and with low above 0" if log and (step is not None or low <= 0) else "")
    if wrong or log not in (None, True, False):
        raise SettingsError(f"{where}: {key} = {given}: expected {wrong or 'log = true or false'}")
    top = round(low + int((high - low) / step + 1e-9) * step, 10) if step else high  # the last step
    return Range(low, top, bool(log), step, isinstance(now, int))
