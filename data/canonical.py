"""Convert what an adapter read into the canonical tables on disk.

Input: RawTables with string ids. Output: a folder that `Dataset.open` reads: transactions/NNNNN.parquet (one file per
`SHARD_CUSTOMERS` customers, sorted by customer, date, article), customers, articles, customer_ids and article_ids
(dense id <-> raw id), submission_order, quarantine/, dataset.json (written last).
"""

import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from data.schema import ARTICLES, CUSTOMERS, LEVELS, TRANSACTIONS

SHARD_CUSTOMERS = 10_000


@dataclass(frozen=True)
class RawTables:
    """What an adapter returns: the retailer's tables with raw string ids, lazily.

    transactions: customer_id, article_id (String), date, quantity, price, channel (as in TRANSACTIONS).
    customers: customer_id, age, age_band, then attributes (Float32). articles: article_id, name, LEVELS (String; null = unknown).
    order: customer_id in the order a submission must have, or null. dropped: rows an adapter left out by policy, by reason.
    """

    name: str
    transactions: pl.LazyFrame
    customers: pl.LazyFrame
    articles: pl.LazyFrame
    order: pl.LazyFrame | None = None
    dropped: Mapping[str, int] = field(default_factory=dict)


def convert(raw: RawTables, folder: Path) -> None:
    """Write the canonical tables of `raw` to `folder`, which appears only when complete."""
    partial = folder.with_name(folder.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    (partial / "transactions").mkdir(parents=True)
    sold = raw.transactions.select("customer_id", "article_id")
    customer_ids = _dense_ids(pl.concat([raw.customers.select("customer_id"), sold.select("customer_id")]), "customer")
    article_ids = _dense_ids(pl.concat([raw.articles.select("article_id"), sold.select("article_id")]), "article")
    customers = customer_ids.lazy().join(raw.customers, on="customer_id", how="left", maintain_order="left")
    articles = article_ids.lazy().join(raw.articles, on="article_id", how="left", maintain_order="left")
    customers.drop("customer_id").collect().write_parquet(partial / "customers.parquet")
    articles.with_columns(*(_code(level) for level in LEVELS)).select(*ARTICLES).collect().write_parquet(
        partial / "articles.parquet"
    )
    customer_ids.write_parquet(partial / "customer_ids.parquet")
    article_ids.write_parquet(partial / "article_ids.parquet")
    transactions = (
        raw.transactions.join(customer_ids.lazy(), on="customer_id")
        .join(article_ids.lazy(), on="article_id")
        .select(*TRANSACTIONS)
        .sort("customer", "date", "article", "quantity", "price", "channel")
        .collect()
    )
    sharded = transactions.with_columns(shard=pl.col("customer") // SHARD_CUSTOMERS)
    for number, shard in enumerate(sharded.partition_by("shard", include_key=False, maintain_order=True)):
        shard.write_parquet(partial / "transactions" / f"{number:05}.parquet")
    days = transactions["date"]
    about = {
        "name": raw.name,
        "digest": _digest(partial),
        "first_day": str(days.min()),
        "last_day": str(days.max()),
        "dropped": dict(raw.dropped),
    }
    (partial / "dataset.json").write_text(json.dumps(about, indent=1))
    partial.rename(folder)


def _dense_ids(ids: pl.LazyFrame, name: str) -> pl.DataFrame:
    return ids.unique().sort(f"{name}_id").with_row_index(name).collect()


def _code(level: str) -> pl.Expr:
    return pl.when(pl.col(level).is_not_null()).then(pl.col(level).rank("dense")).cast(pl.UInt32).alias(level)


def _digest(folder: Path) -> str:
    digest = hashlib.sha256()
    for file in sorted(folder.rglob("*.parquet")):
        digest.update(file.read_bytes())
    return digest.hexdigest()


assert CUSTOMERS
