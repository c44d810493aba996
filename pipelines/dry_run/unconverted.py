"""A stand-in for a data set that is not converted yet, as large as its raw files suggest.

Input: [data] settings. Output: a Dataset with as many customers, and about as many buyers in each week, as there may be; its
purchases are no purchases. It serves to count stages, whose keys it never shares with a real data set.
"""

import math
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path

import polars as pl

from lookbook.data.adapters.csv import mapping_explained
from lookbook.data.dataset import Dataset
from lookbook.data.reading.reader import read_text
from lookbook.data.reading.source_files import open_bytes
from lookbook.data.reading.tally import Tally
from lookbook.data.registry import source_files
from lookbook.data.schema import ARTICLES, CUSTOMERS, TRANSACTIONS
from lookbook.data.settings import DataSettings
from lookbook.data.windows import last_window

LAST_DAY = date(2000, 1, 1)
"""Any day: what is counted does not depend on it."""
READ_ROWS = 1_000_000
SAMPLE = 1 << 20
"""Bytes at the start of a text file whose lines stand for all of them."""
COMPRESSED = (".gz", ".zst", ".zip")


def rows_of_files(settings: DataSettings, figures: Mapping[str, float]) -> tuple[int, int]:
    """Customers and purchases that the raw files seem to hold; exact for Parquet.

    figures: `compression`, bytes of text per byte of a compressed file; `purchases_per_customer`, where no file lists customers.
    """
    rows = {file.role: _rows(file.path, file.size, figures["compression"]) for file in source_files(settings)}
    purchases = next(count for role, count in rows.items() if role.startswith("transactions"))
    if "customers" in rows:
        return rows["customers"], purchases
    if settings.dataset == "csv":
        return _customers_of(settings, purchases), purchases
    return round(purchases / figures["purchases_per_customer"]), purchases


def _customers_of(settings: DataSettings, purchases: int) -> int:
    """Customers that a plain log names: counted in the first READ_ROWS purchases; beyond these their number is taken to grow as it
    did in the second half of what was read."""
    file = Path(settings.data_dir) / settings.csv.transactions
    batches = read_text(file, {"customer": settings.csv.customer}, tally=Tally(), separator=settings.csv.separator)
    ids, rows = [], 0
    with mapping_explained("data.csv", {"customer": settings.csv.customer}):
        for batch in batches:
            ids.append(batch["customer"].drop_nulls())
            rows += batch.height
            if rows >= READ_ROWS:
                break
    read = pl.concat(ids)
    half, whole = read.head(len(read) // 2).n_unique(), read.n_unique()
    if rows >= purchases or not half:
        return whole
    growth = min(1.0, math.log2(whole / half)) if whole > half else 0.0
    return round(whole * math.pow(purchases / rows, growth))


def unconverted(customers: int, *, weekly_buyers: float, weeks: int) -> Dataset:
    """`customers` of whom a share of `weekly_buyers` buys one article in each of the last `weeks` weeks, others in each."""
    buyers = max(1, round(customers * weekly_buyers))
    windows = [last_window(LAST_DAY).earlier(back) for back in range(weeks)]
    bought = [
        pl.LazyFrame({"customer": pl.int_range(back * buyers, (back + 1) * buyers, eager=True) % max(customers, 1)}).with_columns(
            article=0, date=pl.lit(window.as_of), quantity=1, price=1.0, channel=0
        )
        for back, window in enumerate(windows)
    ]
    return Dataset(
        name="unconverted",
        digest="unconverted",
        first_day=windows[-1].as_of - timedelta(days=1),
        last_day=LAST_DAY,
        transactions=pl.concat(bought).select(pl.col(column).cast(dtype) for column, dtype in TRANSACTIONS.items()),
        customers=pl.LazyFrame({"customer": pl.int_range(customers, eager=True)}).select(
            pl.col("customer").cast(pl.UInt32), *(pl.lit(None, t).alias(c) for c, t in CUSTOMERS.items() if c != "customer")
        ),
        articles=pl.LazyFrame(schema=ARTICLES),
    )


def _rows(file: Path, size: int, compression: float) -> int:
    if file.suffix == ".parquet":
        return int(pl.scan_parquet(file, glob=False).select(pl.len()).collect().item())
    with open_bytes(file) as stream:
        start = stream.read(SAMPLE)
    if len(start) < SAMPLE:
        return max(start.count(b"\n") - 1, 0)
    return round(start.count(b"\n") / SAMPLE * size * (compression if file.suffix in COMPRESSED else 1.0))
