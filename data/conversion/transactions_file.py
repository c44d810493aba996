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

import numpy as np
import polars as pl

from lookbook.data.schema import TRANSACTIONS

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
    """`rows.sort(CANONICAL_ORDER)` at a sixth of its cost: by one number per row, then only ties by all columns."""
    packed = _packed(rows)
    packed.sort()
    leading = packed // np.uint64(max(rows.height, 1))
    order = (packed - leading * np.uint64(rows.height)).astype(np.uint32)
    tied = np.zeros(rows.height, np.bool_)
    tied[1:] = leading[1:] == leading[:-1]
    tied[:-1] |= tied[1:]
    again = pl.Series(order[tied])
    order[tied] = rows[again].with_columns(row=again).sort(CANONICAL_ORDER)["row"].to_numpy()
    return rows[pl.Series(order)]


def _packed(rows: pl.DataFrame) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
    """As many leading columns of CANONICAL_ORDER as 64 bits hold, as one number that sorts as they do, then the row's place.

    With the place in it, values can be sorted rather than places by value, which takes a sixth of the time.
    """
    packed = np.zeros(rows.height, np.uint64)
    room = (1 << 64) // max(rows.height, 1)
    for name in CANONICAL_ORDER[: CANONICAL_ORDER.index("price")] if rows.height else ():
        column = rows[name].to_physical().to_numpy()
        low = int(column.min())
        values = int(column.max()) - low + 1
        if values > room:
            break
        room //= values
        packed *= np.uint64(values)
        packed += (column - low).astype(np.uint64)
    packed *= np.uint64(rows.height)
    packed += np.arange(rows.height, dtype=np.uint64)
    return packed
