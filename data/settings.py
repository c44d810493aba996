"""The [data] settings: which data set, where its files are, how bad rows are treated, and the column mapping of a plain log.

Plain frozen dataclasses whose fields are the keys of the settings file; "" means "none" throughout.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import ClassVar, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from lookbook.data.adapters import NAMES
from lookbook.data.errors import safe_name

FORBID_OTHER_KEYS = {"extra": "forbid"}
MOST_STARS = 5
"""Of a rating of MovieLens."""


@dataclass(frozen=True)
class CustomerColumns:
    """The optional customers file of a plain log. numbers: numeric attributes; categories: text ones, coded in sorted order.
    household: what few customers share."""

    __pydantic_config__: ClassVar[dict[str, str]] = FORBID_OTHER_KEYS
    file: str
    id: str
    age: str
    numbers: tuple[str, ...]
    categories: tuple[str, ...]
    household: str

    def __post_init__(self) -> None:
        if self.household not in ("", "household") and "household" in (*self.numbers, *self.categories):
            raise ValueError("data.csv.customers: an attribute named household, and another column that is the household")


@dataclass(frozen=True)
class ArticleColumns:
    """The optional articles file of a plain log; the levels are those of data/schema.py. text: columns of words, for ARTICLES."""

    __pydantic_config__: ClassVar[dict[str, str]] = FORBID_OTHER_KEYS
    file: str
    id: str
    name: str
    text: tuple[str, ...]
    product: str
    category: str
    department: str
    section: str
    colour: str
    brand: str


@dataclass(frozen=True)
class PlanColumns:
    """The optional file of what a shop plans ahead. kinds: texts of the column kind, in the order of their codes 1, 2, ..."""

    __pydantic_config__: ClassVar[dict[str, str]] = FORBID_OTHER_KEYS
    file: str
    article: str
    first_day: str
    last_day: str
    kind: str
    kinds: tuple[str, ...]
    share: str
    known_from: str

    def __post_init__(self) -> None:
        if bool(self.kind) != bool(self.kinds):
            raise ValueError("data.csv.plan: kind and kinds go together: the column, and the texts that stand in it")
        kind_names(self.kinds)


@dataclass(frozen=True)
class LinkColumns:
    """The optional file of links between customers."""

    __pydantic_config__: ClassVar[dict[str, str]] = FORBID_OTHER_KEYS
    file: str
    customer: str
    friend: str
    weight: str


def kind_names(texts: Sequence[str]) -> tuple[str, ...]:
    """Of each kind of a plan the name that its features have: "End cap" is end_cap.

    Raises:
        ValueError: one has no letter or digit of a-z and 0-9, or two have the same name.
    """
    names = tuple(re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_") for text in texts)
    if not all(names) or len(set(names)) < len(names):
        raise ValueError(f"kinds {list(texts)}; known: texts that differ in more than signs, with letters a-z or digits")
    return names


@dataclass(frozen=True)
class CsvMapping:
    """Which column of a plain log is what. channels: texts of the channel column in the order of their codes 1, 2, ...;
    empty = the column holds the codes. online_channel: the one of them, or the code, that has code 2 instead, which features call
    online. price_per: whether the price is of one item or of the whole line."""

    __pydantic_config__: ClassVar[dict[str, str]] = FORBID_OTHER_KEYS
    name: str
    separator: str
    transactions: str
    customer: str
    article: str
    date: str
    price: str
    price_per: Literal["item", "line"]
    quantity: str
    channel: str
    channels: tuple[str, ...]
    online_channel: str
    customers: CustomerColumns
    articles: ArticleColumns
    links: LinkColumns
    plan: PlanColumns

    def __post_init__(self) -> None:
        safe_name(self.name, "data set name")
        if self.online_channel and self.channels and self.online_channel not in self.channels:
            raise ValueError(f"online_channel {self.online_channel!r}; known: {', '.join(self.channels)} (channels)")
        if len(self.separator) != 1 or self.separator in '"\r\n' or not self.separator.isascii():
            raise ValueError(f"separator {self.separator!r}; known: one ASCII character such as ',', ';' or a tab")


@dataclass(frozen=True)
class MovielensChoices:
    """What a rating of MovieLens is taken for. liked: least stars of a purchase; 0 = every rating is one. context: what the channel
    of a purchase says. tags_before: a day; "" = no tags."""

    __pydantic_config__: ClassVar[dict[str, str]] = FORBID_OTHER_KEYS
    liked: float
    context: Literal["none", "daytime", "weekend"]
    tags_before: str

    def __post_init__(self) -> None:
        if not 0 <= self.liked <= MOST_STARS:
            raise ValueError(f"liked {self.liked}; allowed: 0 (every rating) to {MOST_STARS} stars")
        if self.tags_before:
            try:
                date.fromisoformat(self.tags_before)
            except ValueError as error:
                raise ValueError(f'tags_before {self.tags_before!r}; expected a day as YYYY-MM-DD, or ""') from error


@dataclass(frozen=True)
class DataSettings:
    """See [data] in pipelines/settings/default.toml."""

    __pydantic_config__: ClassVar[dict[str, str]] = FORBID_OTHER_KEYS
    dataset: str
    data_dir: str
    quarantine_limit: float
    repair_ids: bool
    time_zone: str
    timestamp_zone: str
    last_day: str
    exclude_articles: tuple[str, ...]
    exclude_articles_file: str
    sample: float
    plan: bool
    plan_known_days: int
    csv: CsvMapping
    movielens: MovielensChoices

    def __post_init__(self) -> None:
        if self.dataset not in NAMES:
            raise ValueError(f"unknown data set {self.dataset!r}; known: {', '.join(NAMES)}")
        if not 0 <= self.quarantine_limit <= 1:
            raise ValueError(f"quarantine_limit {self.quarantine_limit}; allowed: 0 to 1")
        if not 0 < self.sample <= 1:
            raise ValueError(f"sample {self.sample}; allowed: more than 0, up to 1")
        if self.plan_known_days < 0:
            raise ValueError(f"plan_known_days {self.plan_known_days}; allowed: 0 and more")
        for zone in (self.time_zone, self.timestamp_zone):
            if zone:
                _check_zone(zone)
        if self.last_day:
            date.fromisoformat(self.last_day)


def _check_zone(zone: str) -> None:
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"unknown time zone {zone!r}; known: names such as UTC, Europe/Stockholm, America/New_York") from error
