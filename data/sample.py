"""A converted data set with some of its customers, for quick looks.

Input: a folder that canonical.py wrote. Output: another of the same layout: a share of the customers with all of their
transactions, numbered anew in the same order; articles, days and quarantine as they were.
"""

import json
import shutil
from dataclasses import replace
from hashlib import blake2b
from pathlib import Path

import polars as pl

from lookbook.data.conversion.canonical import tables_digest, write_summary
from lookbook.data.conversion.summary import Summary
from lookbook.data.conversion.transactions_file import SHARD_CUSTOMERS, TransactionsFile, canonically_sorted, writing_transactions
from lookbook.data.durable import whole_folder
from lookbook.data.errors import DataError, Where

IDS_AT_A_TIME = 100_000
HASHES = 1 << 64


def sample_dataset(source: Path, folder: Path, share: float) -> Summary:
    """Write the customers whose raw id hashes into the first `share` (0 to 1) of all hashes to `folder`, complete or not at all.

    The id alone decides, so a customer of a small share is in every larger one too, and in every data set that has the id.
    first_day and last_day stay those of the whole, so that its weeks are the same ones; what was read, dropped,
    quarantined, repaired and unknown is counted for the whole as well.

    Raises:
        DataError: if no customer, or none with a purchase, is left.
    """
    with whole_folder(folder) as partial:
        kept = _kept(source / "customer_ids.parquet", share)
        if not kept.height:
            raise DataError(f"no customer is left in a sample of {share:g}", Where(source), expected="a larger data.sample")
        for name in ("customer_ids", "customers", "submission_order"):
            _renumbered(source / f"{name}.parquet", kept).write_parquet(partial / f"{name}.parquet")
        if (source / "households.parquet").exists():
            _renumbered(source / "households.parquet", kept).write_parquet(partial / "households.parquet")
        if (source / "links.parquet").exists():
            _renumbered_links(source / "links.parquet", kept).write_parquet(partial / "links.parquet")
        for name in ("articles", "article_ids"):
            shutil.copyfile(source / f"{name}.parquet", partial / f"{name}.parquet")
        shutil.copytree(source / "quarantine", partial / "quarantine")
        with writing_transactions(partial / "transactions.parquet") as file:
            _copy_transactions(source / "transactions.parquet", kept, file)
        if not file.rows:
            raise DataError(f"no purchase is left in a sample of {share:g}", Where(source), expected="a larger data.sample")
        summary = _summary(source, partial, kept.height, file)
        write_summary(summary, partial)
    return summary


def _kept(ids: Path, share: float) -> pl.DataFrame:
    """customer: the number in the whole, ascending; number: the one in the sample (both UInt32)."""
    whole = pl.read_parquet(ids, glob=False)
    chosen = [_chosen(part["customer_id"], int(share * HASHES)) for part in whole.iter_slices(IDS_AT_A_TIME)]
    return whole.filter(pl.concat(chosen)).select("customer").with_row_index("number")


def _chosen(ids: pl.Series, bound: int) -> pl.Series:
    """Whether the hash of an id is below `bound`. BLAKE2b is the same in every version of every library; Polars' hash is not."""
    return pl.Series([int.from_bytes(blake2b(raw.encode(), digest_size=8).digest()) < bound for raw in ids], dtype=pl.Boolean)


def _renumbered(file: Path, kept: pl.DataFrame) -> pl.DataFrame:
    """The rows of kept customers, in their order, the columns as they were."""
    table = pl.read_parquet(file, glob=False)
    found = table.join(kept, on="customer", how="inner", validate="m:1", maintain_order="left")
    return found.with_columns(customer="number").select(table.columns)


def _renumbered_links(file: Path, kept: pl.DataFrame) -> pl.DataFrame:
    """The links between kept customers, in their order."""
    linked = _renumbered(file, kept).join(kept, left_on="friend", right_on="customer", validate="m:1", maintain_order="left")
    return linked.select("customer", "weight", friend="number").select("customer", "friend", "weight")


def _copy_transactions(whole: Path, kept: pl.DataFrame, file: TransactionsFile) -> None:
    """Shard by shard of the sample: those customers' row groups are read, and no more is held."""
    for shard in kept.iter_slices(SHARD_CUSTOMERS):
        first, last = shard["customer"][0], shard["customer"][-1]
        near = pl.scan_parquet(whole, glob=False).filter(pl.col("customer").is_between(first, last))
        rows = near.join(shard.lazy(), on="customer", how="inner").with_columns(customer="number").drop("number")
        file.append(canonically_sorted(rows.collect(engine="streaming")))


def _summary(source: Path, folder: Path, customers: int, file: TransactionsFile) -> Summary:
    about = json.loads((source / "dataset.json").read_text())
    whole = Summary(**{**about, "warnings": tuple(about["warnings"])})
    warning = f"a sample: {customers} of {whole.customers} customers, {file.rows} of {whole.transactions} purchases"
    return replace(
        whole,
        digest=tables_digest(folder),
        transactions=file.rows,
        customers=customers,
        customers_without_purchase=customers - file.buyers,
        warnings=(*whole.warnings, warning),
    )
