"""Convert what an adapter read into the canonical tables on disk.

Input: RawTables. Output: a folder that `Dataset.open` reads: transactions (transactions_file.py), customers, articles,
customer_ids and article_ids (dense id <-> raw id), submission_order, quarantine/, dataset.json (written last); households and links
where the retailer has them.
"""

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import polars as pl

from lookbook.data.conversion.excluded import ExcludedArticles
from lookbook.data.conversion.ids import IdMap, warn_of_numbers
from lookbook.data.conversion.purchases import read_purchases
from lookbook.data.conversion.quarantine import Intake
from lookbook.data.conversion.raw_tables import RawTables
from lookbook.data.conversion.spill import Spill
from lookbook.data.conversion.summary import FORMAT, Summary, calendar_warnings, counts
from lookbook.data.durable import whole_folder
from lookbook.data.links.conversion import households, links
from lookbook.data.reading.source_files import file_digest
from lookbook.data.reading.tally import Tally
from lookbook.data.schema import ARTICLES, CUSTOMERS, LEVELS, Schema
from lookbook.data.settings import DataSettings

DIGESTED = ("transactions", "customers", "articles", "customer_ids", "article_ids")
WHERE_THERE = ("households", "links")
"""Tables that not every data set has; digested where they are."""


def convert(read: Callable[[Intake], RawTables], folder: Path, *, settings: DataSettings) -> Summary:
    """Write the canonical tables of what `read` gives to `folder`, which appears only when complete; an older one is replaced.

    Raises:
        DataError: nothing is left behind then.
    """
    with whole_folder(folder) as partial:
        for part in ("quarantine", "spill"):
            (partial / part).mkdir()
        intake = Intake(Tally(), partial / "quarantine", settings.quarantine_limit)
        summary = _write(read(intake), partial, intake, settings)
        write_summary(summary, partial)
    return summary


def write_summary(summary: Summary, folder: Path) -> None:
    (folder / "dataset.json").write_text(json.dumps(summary.as_dict(), indent=1, ensure_ascii=False) + "\n")


def tables_digest(folder: Path) -> str:
    """SHA-256 of the tables whose bytes do not depend on the order of input rows."""
    digest = hashlib.sha256()
    for name in sorted({*DIGESTED, *(name for name in WHERE_THERE if (folder / f"{name}.parquet").exists())}):
        digest.update(f"{name}\0{file_digest(folder / f'{name}.parquet')}\0".encode())
    return digest.hexdigest()


def _write(given: RawTables, folder: Path, intake: Intake, settings: DataSettings) -> Summary:
    tally, excluded = intake.tally, ExcludedArticles.of(settings)
    raw = given if given.articles is None else replace(given, articles=excluded.kept(given.articles))
    customer_map = IdMap(None if raw.customers is None else raw.customers["customer_id"])
    article_map = IdMap(None if raw.articles is None else raw.articles["article_id"])
    spill = Spill(folder / "spill")
    read_purchases(raw, customer_map, article_map, spill=spill, intake=intake, excluded=excluded)
    excluded.warn_unmatched(tally)
    asked = None if raw.order is None else customer_map.codes(raw.order)
    customers, articles = customer_map.final("customer"), article_map.final("article")
    for ids, name in ((customers, "customer"), (articles, "article")):
        warn_of_numbers(ids[f"{name}_id"], name, tally)
    buyers = spill.write_sorted(customers, articles, folder / "transactions.parquet")
    shutil.rmtree(folder / "spill")
    _with_attributes(customers, raw.customers, "customer", CUSTOMERS).write_parquet(folder / "customers.parquet")
    _articles(articles, raw.articles).write_parquet(folder / "articles.parquet")
    customers.select("customer", "customer_id").write_parquet(folder / "customer_ids.parquet")
    articles.select("article", "article_id").write_parquet(folder / "article_ids.parquet")
    _submission_order(customers, asked).write_parquet(folder / "submission_order.parquet")
    _write_relations(raw, customers, folder, intake)
    return Summary(
        format=FORMAT,
        name=raw.name,
        digest=tables_digest(folder),
        first_day=str(min(tally.days)),
        last_day=str(max(tally.days)),
        read=counts(tally.read),
        transactions=spill.rows,
        dropped=counts(tally.dropped),
        quarantined=counts(tally.quarantined),
        repaired=counts(tally.repaired),
        customers=customers.height,
        articles=articles.height,
        unknown_customers=0 if raw.customers is None else customers.height - customer_map.n_known,
        unknown_articles=0 if raw.articles is None else articles.height - article_map.n_known,
        customers_without_purchase=customers.height - buyers,
        warnings=(*sorted(tally.warnings), *calendar_warnings(tally, settings.last_day)),
    )


def _with_attributes(ids: pl.DataFrame, table: pl.DataFrame | None, name: str, schema: Schema) -> pl.DataFrame:
    """One row per id, in the order of the ids; null where the table knows nothing."""
    if table is None:
        return ids.select(pl.lit(None, dtype=dtype).alias(column) if column != name else name for column, dtype in schema.items())
    key = f"{name}_id"
    return ids.select(name, key).join(table, on=key, how="left", validate="1:1", maintain_order="left").drop(key)


def _articles(ids: pl.DataFrame, table: pl.DataFrame | None) -> pl.DataFrame:
    """ARTICLES: the levels as dense codes in the order of their sorted raw values."""
    codes = (pl.col(level).rank("dense").cast(pl.UInt32) for level in LEVELS)
    return _with_attributes(ids, table, "article", ARTICLES).with_columns(codes).select(*ARTICLES)


def _write_relations(raw: RawTables, customers: pl.DataFrame, folder: Path, intake: Intake) -> None:
    ids = customers.select("customer", "customer_id")
    if raw.households is not None:
        households(raw.households, ids, intake.tally).write_parquet(folder / "households.parquet")
    if raw.links is not None:
        links(raw.links, ids, intake).write_parquet(folder / "links.parquet")


def _submission_order(customers: pl.DataFrame, asked: pl.Series | None) -> pl.DataFrame:
    """Column `customer`: as asked for; else as in the customers table, then those that only transactions name, sorted."""
    by_code = customers.sort("code")["customer"]
    if asked is not None:
        return by_code.gather(asked).to_frame()
    return customers.sort(~pl.col("known"), pl.when("known").then("code").otherwise("customer")).select("customer")
