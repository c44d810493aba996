"""Coded transactions in any order to one sorted file, in bounded memory.

Input: batches of CODED rows (provisional codes). Output: the file of data/conversion/transactions_file.py.
"""

from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from lookbook.data.conversion.transactions_file import SHARD_CUSTOMERS, canonically_sorted, writing_transactions
from lookbook.data.schema import TRANSACTIONS

GROUP_ROWS = 1_000_000
"""Rows that are sorted at a time; fewer stay in the processor's caches, more make fewer files."""


@dataclass
class Spill:
    """Rows on their way to the shards, in a scratch folder; `rows` have been added."""

    folder: Path
    rows: int = 0
    _files: list[Path] = field(default_factory=list)
    _waiting: list[pl.DataFrame] = field(default_factory=list)

    def add(self, coded: pl.DataFrame) -> None:
        """coded: TRANSACTIONS, but with provisional codes for customer and article."""
        self._waiting.append(coded.select(pl.col(column).cast(dtype) for column, dtype in TRANSACTIONS.items()))
        self.rows += coded.height
        if sum(rows.height for rows in self._waiting) >= GROUP_ROWS:
            self._flush()

    def _flush(self) -> None:
        if self._waiting:
            file = self.folder / f"{len(self._files):06}.arrow"
            pl.concat(self._waiting).write_ipc(file)
            self._files.append(file)
            self._waiting.clear()

    def write_sorted(self, customers: pl.DataFrame, articles: pl.DataFrame, file: Path) -> int:
        """Sort and write everything; gives the number of customers with a row.

        customers, articles: the final numbers of the provisional codes (`IdMap.final`).
        """
        self._flush()
        shards = -(-customers.height // SHARD_CUSTOMERS)
        per_group = max(1, min(shards, shards * GROUP_ROWS // max(self.rows, 1)))
        groups = self._regroup(_by_code(customers, "customer"), _by_code(articles, "article"), per_group * SHARD_CUSTOMERS)
        with writing_transactions(file) as whole:
            for _, pieces in sorted(groups.items()):
                whole.append(canonically_sorted(pl.concat([_read_ipc(piece) for piece in pieces])))
        return whole.buyers

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
                part.write_ipc(piece)
                groups.setdefault(int(group), []).append(piece)
        return groups


def _read_ipc(file: Path) -> pl.DataFrame:
    return pl.scan_ipc(file, glob=False).collect()


def _by_code(ids: pl.DataFrame, name: str) -> pl.Series:
    return ids.sort("code")[name]
