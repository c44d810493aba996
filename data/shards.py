"""Coded transactions in any order to one sorted file per customer shard, in bounded memory.

Input: batches of CODED rows (provisional codes). Output: transactions/NNNNN.parquet, TRANSACTIONS of the customers
`[N * SHARD_CUSTOMERS, (N + 1) * SHARD_CUSTOMERS)`, sorted by CANONICAL_ORDER; a shard without rows has an empty file.
"""

from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from data.schema import TRANSACTIONS

SHARD_CUSTOMERS = 10_000
GROUP_ROWS = 4_000_000
CANONICAL_ORDER = ("customer", "date", "article", "quantity", "price", "channel")


@dataclass
class Spill:
    """Rows on their way to the shards, in a scratch folder; `rows` have been added."""

    folder: Path
    rows: int = 0
    _files: list[Path] = field(default_factory=list)

    def add(self, coded: pl.DataFrame) -> None:
        """coded: TRANSACTIONS, but with provisional codes for customer and article."""
        if coded.is_empty():
            return
        file = self.folder / f"{len(self._files):06}.arrow"
        coded.select(pl.col(column).cast(dtype) for column, dtype in TRANSACTIONS.items()).write_ipc(file, compression="lz4")
        self.rows += coded.height
        self._files.append(file)

    def write_shards(self, customers: pl.DataFrame, articles: pl.DataFrame, folder: Path) -> int:
        """Sort and write everything; gives the number of customers with a row.

        customers, articles: the final numbers of the provisional codes (`IdMap.final`).
        """
        shards = -(-customers.height // SHARD_CUSTOMERS)
        per_group = max(1, min(shards, shards * GROUP_ROWS // max(self.rows, 1)))
        groups = self._regroup(_by_code(customers, "customer"), _by_code(articles, "article"), per_group * SHARD_CUSTOMERS)
        buyers = 0
        for first in range(0, shards, per_group):
            pieces = [_read_ipc(piece) for piece in groups.get(first // per_group, [])]
            rows = pl.concat([pl.DataFrame(schema=TRANSACTIONS), *pieces]).sort(CANONICAL_ORDER)
            del pieces
            buyers += rows["customer"].n_unique()
            for shard in range(first, min(first + per_group, shards)):
                _write_shard(rows, shard, folder)
        return buyers

    def _regroup(self, customers: pl.Series, articles: pl.Series, group_customers: int) -> dict[int, list[Path]]:
        """Number the rows finally and part them by group of shards; each spilled file is read once, then removed."""
        groups: dict[int, list[Path]] = {}
        for number, file in enumerate(self._files):
            coded = _read_ipc(file)
            numbered = coded.with_columns(customer=customers.gather(coded["customer"]), article=articles.gather(coded["article"]))
            file.unlink()
            parts = numbered.with_columns(group=pl.col("customer") // group_customers).partition_by(
                "group", as_dict=True, include_key=False
            )
            for (group,), part in parts.items():
                piece = self.folder / f"{group}-{number:06}.arrow"
                part.write_ipc(piece, compression="lz4")
                groups.setdefault(int(group), []).append(piece)
        return groups


def _read_ipc(file: Path) -> pl.DataFrame:
    return pl.scan_ipc(file, glob=False).collect()


def _by_code(ids: pl.DataFrame, name: str) -> pl.Series:
    return ids.sort("code")[name]


def _write_shard(rows: pl.DataFrame, shard: int, folder: Path) -> None:
    bounds = pl.Series([shard * SHARD_CUSTOMERS, (shard + 1) * SHARD_CUSTOMERS], dtype=pl.UInt32)
    start, end = rows["customer"].search_sorted(bounds, side="left")
    part = rows.slice(start, end - start).rechunk()
    part.write_parquet(folder / f"{shard:05}.parquet", compression="zstd", row_group_size=max(1, part.height))
