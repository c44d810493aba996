"""The Parquet file of all transactions: one row group for every SHARD_CUSTOMERS customers.

Input: TRANSACTIONS, sorted by CANONICAL_ORDER, some customers at a time. Output: one file. Who asks for a range of customers
opens one file, reads one footer, and then only the row groups whose bounds meet the range; with a file per shard, each
such question would read the footers of all files.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from math import prod
from pathlib import Path
from typing import Protocol

import numpy as np
import polars as pl

from data.schema import TRANSACTIONS

SHARD_CUSTOMERS = 10_000
CANONICAL_ORDER = ("customer", "date", "article", "quantity", "price", "channel")


class _RowGroups(Protocol):
    def write_table(self, table: object, row_group_size: int) -> None: ...


@dataclass
class TransactionsFile:
    """A file that is being written; so far it holds `rows` transactions of `buyers` customers."""

    _writer: _RowGroups
    rows: int = 0
    buyers: int = 0

    def append(self, rows: pl.DataFrame) -> None:
        """rows: all purchases of some customers, sorted by CANONICAL_ORDER, all of them after the customers before.

        Whole shards must come together: a shard that comes in two calls becomes two row groups.
        """
        customers = rows["customer"]
        shards = (customers // SHARD_CUSTOMERS).rle().struct.field("len")
        ends = shards.cum_sum().to_list()
        for start, end in pairwise([0, *ends]):
            whole = rows.slice(start, end - start).rechunk()  # the borders of chunks would show in the pages
            self._writer.write_table(whole.to_arrow(), row_group_size=whole.height)
        self.rows += rows.height
        self.buyers += int((customers != customers.shift(1)).sum()) + (not rows.is_empty())


@contextmanager
def writing_transactions(file: Path) -> Iterator[TransactionsFile]:
    """The same rows give the same bytes, however many come at a time (in whole shards)."""
    import pyarrow.parquet  # type: ignore[import-untyped,unused-ignore]

    schema = pl.DataFrame(schema=TRANSACTIONS).to_arrow().schema
    with pyarrow.parquet.ParquetWriter(file, schema, compression="zstd") as writer:
        yield TransactionsFile(writer)


def canonically_sorted(rows: pl.DataFrame) -> pl.DataFrame:
    """`rows.sort(CANONICAL_ORDER)` at a quarter of its cost: by one packed number, then only ties by the rest."""
    packed = _packed(rows)
    if packed is None:
        return rows.sort(CANONICAL_ORDER)
    order = packed.arg_sort()
    ordered = packed.gather(order)
    tied = (ordered == ordered.shift(1)).fill_null(False) | (ordered == ordered.shift(-1)).fill_null(False)
    again = order.filter(tied)
    settled = rows[again].with_columns(row=again).sort(CANONICAL_ORDER)["row"]
    return rows[order.scatter(tied.arg_true(), settled)]


def _packed(rows: pl.DataFrame) -> pl.Series | None:
    """customer, date and article as one UInt64 that sorts as they do; None if there are too many of them for 64 bits."""
    columns = [rows[name].to_physical().to_numpy() for name in CANONICAL_ORDER[:3]]
    bounds = [(int(column.min()), int(column.max())) for column in columns if column.size]
    if not bounds or prod(high - low + 1 for low, high in bounds) > 1 << 64:
        return None
    packed = np.zeros(rows.height, np.uint64)
    for column, (low, high) in zip(columns, bounds, strict=True):
        packed *= np.uint64(high - low + 1)
        packed += (column - low).astype(np.uint64)
    return pl.Series(packed)
