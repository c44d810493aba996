"""What an adapter hands to the conversion: the retailer's tables with raw ids, as text, and how to judge them.

Input tables: files of any retailer. Output: RawTables.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from lookbook.data.conversion.parse import Dating
from lookbook.data.conversion.quarantine import Intake
from lookbook.data.conversion.rules import PurchaseRules
from lookbook.data.settings import DataSettings

RAW_TRANSACTIONS = ("line", "customer_id", "article_id", "date", "quantity", "price", "channel")
"""Columns of a raw batch, all String but `line` (UInt32); null = empty."""


RAW_PLAN = ("line", "article_id", "kind", "first_day", "last_day", "share", "known_from")
"""Columns of a raw batch of a plan, all String but `line` (UInt32); null = empty."""

RAW_LINKS = ("line", "customer_id", "friend_id", "weight")
"""Columns of a raw batch of links, all String but `line` (UInt32); null = empty."""

NOT_WANTED = frozenset({"customer_id_given", "date_not_after_the_last_day"})
"""Rules of purchases whose rows are no errors, only dropped and counted: sales to nobody we know, and after the last day."""


@dataclass(frozen=True)
class RawTransactions:
    """Purchases of one file. batches: RAW_TRANSACTIONS, a bounded number of rows at a time, read anew at each call.

    columns: RAW_TRANSACTIONS column -> column of the file. rules: what the values must obey (rules.py). dropped: rules
    whose rows are dropped by policy, beside NOT_WANTED. price_per_line: the price is of the whole line, not of one item.
    """

    file: Path
    batches: Callable[[], Iterator[pl.DataFrame]]
    columns: Mapping[str, str]
    rules: PurchaseRules
    dropped: frozenset[str]
    dating: Dating
    price_per_line: bool


@dataclass(frozen=True)
class RawLinks:
    """Which customers are linked, of one file. batches: RAW_LINKS, read anew at each call. columns: RAW_LINKS column -> column of
    the file."""

    file: Path
    batches: Callable[[], Iterator[pl.DataFrame]]
    columns: Mapping[str, str]


@dataclass(frozen=True)
class RawTables:
    """A whole data set.

    customers: customer_id (String, unique), age, age_band, attributes; null when the retailer has no such table.
    articles: article_id (String, unique), name, text, LEVELS (String; null = unknown); null likewise.
    keep_unknown_articles: whether a purchase of an article that is not in the table is kept without attributes, or quarantined.
    order: customer_id in the order that a submission must have; null: the order of the customers table.
    households: customer_id (String, unique) and household, what few customers share (String; null = unknown); null: no such column.
    links: null likewise.
    """

    name: str
    transactions: RawTransactions
    customers: pl.DataFrame | None
    articles: pl.DataFrame | None
    keep_unknown_articles: bool
    order: pl.Series | None
    households: pl.DataFrame | None = None
    links: RawLinks | None = None


@dataclass(frozen=True)
class RawPlan:
    """What is planned ahead, of one file. batches: RAW_PLAN, read anew at each call.

    columns: RAW_PLAN column -> column of the file. kind_texts: what stands in the column kind; kinds: their names, in the
    same order (data/settings.py: kind_names). known_days: the rows are known so many days before their first day; null = the
    column known_from says.
    """

    file: Path
    batches: Callable[[], Iterator[pl.DataFrame]]
    columns: Mapping[str, str]
    kind_texts: tuple[str, ...]
    kinds: tuple[str, ...]
    dating: Dating
    known_days: int | None


@dataclass(frozen=True)
class PlanReader:
    """How the plan of a data set is found and read. files: its raw files by role, none where the settings name no plan."""

    files: Callable[[DataSettings], dict[str, Path]]
    read: Callable[[DataSettings, Intake], RawPlan]


@dataclass(frozen=True)
class Adapter:
    """What a data set states of itself: each file of data/adapters/ has one as ADAPTER.

    name: that of the file, with - for _. needs_folder: whether data.data_dir must be given. files: the raw files by role. read: the
    tables in them; its last argument is today, after which no purchase can be. plan: null = it never has one. pictures: the
    file with the picture of each article, by raw id; null = it never has any.
    """

    name: str
    needs_folder: bool
    files: Callable[[DataSettings], dict[str, Path]]
    read: Callable[[DataSettings, Intake, date], RawTables]
    plan: PlanReader | None = None
    pictures: Callable[[DataSettings], dict[str, Path]] | None = None
