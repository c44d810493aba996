"""The Parquet file of all transactions: one row group for every SHARD_CUSTOMERS customers.

Input: TRANSACTIONS, sorted by CANONICAL_ORDER, some customers at a time. Output: one file. Who asks for a range of customers
opens one file, reads one footer, and then only the row groups whose bounds meet the range; with a file per shard, each
such question would read the footers of all files.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Protocol

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
        shards = (rows["customer"] // SHARD_CUSTOMERS).rle().struct.field("len")
        ends = shards.cum_sum().to_list()
        for start, end in pairwise([0, *ends]):
            whole = rows.slice(start, end - start).rechunk()  # the borders of chunks would show in the pages
            self._writer.write_table(whole.to_arrow(), row_group_size=whole.height)
        self.rows += rows.height
        self.buyers += rows["customer"].n_unique()


@contextmanager
def writing_transactions(file: Path) -> Iterator[TransactionsFile]:
    """The same rows give the same bytes, however many come at a time (in whole shards)."""
    import pyarrow.parquet  # type: ignore[import-untyped,unused-ignore]

    schema = pl.DataFrame(schema=TRANSACTIONS).to_arrow().schema
    with pyarrow.parquet.ParquetWriter(file, schema, compression="zstd") as writer:
        yield TransactionsFile(writer)
