"""A converted data set, and the only way to its transactions: what was known before a day, what was bought in a window.

Input: the folder that canonical.py writes. Output: History (knowledge) and LABELS (answers).
"""

import json
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import polars as pl

from lookbook.data.pictures import Pictures
from lookbook.data.plan.plan import Plan
from lookbook.data.schema import (
    ARTICLES,
    CUSTOMERS,
    HOUSEHOLDS,
    LABELS,
    LINKS,
    PAIR,
    PAST_TRANSACTIONS,
    TRANSACTIONS,
    Schema,
    conform,
)
from lookbook.data.windows import Window


@dataclass(frozen=True)
class History:
    """Everything known on the morning of `as_of`: transactions with `date < as_of`, attributes without a date, and what was
    known by then to be planned.

    transactions: PAST_TRANSACTIONS, sorted by customer, then oldest first; customers, articles: see data/schema.py. plan:
    KNOWN_PLAN, which may be of days after `as_of`; null where no plan is used. households, links: HOUSEHOLDS and LINKS; null where
    the data set has none. pictures: ARTICLE_PICTURES; null unless a source reads them.
    """

    as_of: date
    transactions: pl.LazyFrame
    customers: pl.LazyFrame
    articles: pl.LazyFrame
    plan: pl.LazyFrame | None = None
    households: pl.LazyFrame | None = None
    links: pl.LazyFrame | None = None
    pictures: pl.LazyFrame | None = None

    def of(self, customers: pl.Series) -> "History":
        """Narrow transactions and customers to the given customer ids; all else stays whole."""
        return replace(self, transactions=_of(self.transactions, customers), customers=_of(self.customers, customers))

    def held(self) -> "History":
        """The same, with transactions and customers read into memory once, for few customers whom many steps ask about."""
        read = [table.collect(engine="streaming").lazy() for table in (self.transactions, self.customers)]
        return replace(self, transactions=read[0], customers=read[1])


@dataclass(frozen=True)
class Dataset:
    """Canonical tables of one retailer (data/schema.py). `digest` is the SHA-256 of their bytes.

    first_day, last_day: dates of the earliest and latest transaction, both included. plan: null unless it is asked for (data.plan);
    it has a digest of its own. households, links: null where the data set has none. pictures: null unless a source reads them;
    with a digest of their own.
    """

    name: str
    digest: str
    first_day: date
    last_day: date
    transactions: pl.LazyFrame
    customers: pl.LazyFrame
    articles: pl.LazyFrame
    plan: Plan | None = None
    households: pl.LazyFrame | None = None
    links: pl.LazyFrame | None = None
    pictures: Pictures | None = None

    @staticmethod
    def open(folder: Path) -> "Dataset":
        """Open a folder written by `data.canonical.convert`, without a plan; nothing is read but its dataset.json."""
        about = json.loads((folder / "dataset.json").read_text())
        return Dataset(
            name=about["name"],
            digest=about["digest"],
            first_day=date.fromisoformat(about["first_day"]),
            last_day=date.fromisoformat(about["last_day"]),
            transactions=conform(_scan(folder / "transactions.parquet"), TRANSACTIONS, "transactions"),
            customers=conform(_scan(folder / "customers.parquet"), CUSTOMERS, "customers", extra=True),
            articles=conform(_scan(folder / "articles.parquet"), ARTICLES, "articles"),
            households=_where_there(folder, "households", HOUSEHOLDS),
            links=_where_there(folder, "links", LINKS),
        )

    def until(self, day: date) -> "Dataset":
        """The same on the evening of `day`: later transactions and what was planned later are hidden, customers and articles stay
        whole.

        digest is that of the whole: what is learned before a day, or counted in a window, is the same with and without later days.
        """
        past = self.transactions.filter(pl.col("date") <= day)
        return replace(self, last_day=day, transactions=past, plan=self.plan.until(day) if self.plan else None)

    def before(self, as_of: date) -> History:
        """What was known before `as_of`; that day itself is not included."""
        past = self.transactions.filter(pl.col("date") < as_of).with_columns(
            days_ago=(pl.lit(as_of) - pl.col("date")).dt.total_days().cast(pl.UInt16)
        )
        plan = self.plan.known(as_of) if self.plan else None
        pictures = self.pictures.vectors if self.pictures else None
        known = past.select(*PAST_TRANSACTIONS)
        return History(as_of, known, self.customers, self.articles, plan, self.households, self.links, pictures)

    def labels(self, window: Window, customers: pl.Series | None = None) -> pl.LazyFrame:
        """LABELS: what each customer bought in `[window.as_of, window.end)`, sorted by customer and article.

        customers: only these; of transactions on disk only the row groups that hold them are read. None = everybody.
        """
        bought = self.transactions.filter((pl.col("date") >= window.as_of) & (pl.col("date") < window.end))
        if customers is not None:
            bought = _of(bought, customers)
        return bought.select(*LABELS).unique().sort(PAIR)


def _scan(file: Path) -> pl.LazyFrame:
    """Exactly this file: a bracket in a path is no pattern."""
    return pl.scan_parquet(file, glob=False)


def _where_there(folder: Path, name: str, schema: Schema) -> pl.LazyFrame | None:
    file = folder / f"{name}.parquet"
    return conform(_scan(file), schema, name) if file.exists() else None


def _of(table: pl.LazyFrame, customers: pl.Series) -> pl.LazyFrame:
    """The rows of `customers`, in their order. The range of ids tells which row groups of a file need not be read."""
    near = pl.col("customer").is_between(_or_zero(customers.min()), _or_zero(customers.max()))
    return table.filter(near).join(pl.LazyFrame({"customer": customers}), on="customer", how="semi", maintain_order="left")


def _or_zero(bound: object) -> int:
    return int(bound) if isinstance(bound, int) else 0
