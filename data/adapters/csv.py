"""Any log of purchases, with a mapping of its columns in the settings ([data.csv]).

Input: one file with a purchase per row, optionally a customers and an articles file, each in any format of data/reading/reader.py.
Output: RawTables. Without quantity column a row is one item; without channel column the channel is 0 (unknown).
"""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import polars as pl

from lookbook.data.conversion.attributes import age_columns, ranked
from lookbook.data.conversion.lists import ListSource, read_list
from lookbook.data.conversion.parse import Dating
from lookbook.data.conversion.quarantine import Intake
from lookbook.data.conversion.raw_tables import RawTables, RawTransactions
from lookbook.data.conversion.rules import ANY_PURCHASE, ArticleRules, CustomerRules
from lookbook.data.errors import DataError
from lookbook.data.reading.reader import read_text
from lookbook.data.reading.tally import Tally
from lookbook.data.schema import LEVELS
from lookbook.data.settings import CsvMapping, DataSettings


def files(settings: DataSettings) -> dict[str, Path]:
    """The raw files by role; customers and articles only if the mapping names them."""
    mapping, folder = settings.csv, Path(settings.data_dir)
    named = {"transactions": mapping.transactions, "customers": mapping.customers.file, "articles": mapping.articles.file}
    if not mapping.transactions:
        raise DataError("no transactions file is named", expected="data.csv.transactions, a file in data.data_dir")
    return {role: folder / name for role, name in named.items() if name}


def read(settings: DataSettings, intake: Intake, last_day: date) -> RawTables:
    """Customers and articles, read and judged; transactions, to be read."""
    source, mapping = files(settings), settings.csv
    return RawTables(
        name=mapping.name,
        transactions=_transactions(source["transactions"], settings, intake.tally, last_day),
        customers=_customers(source["customers"], mapping, intake) if "customers" in source else None,
        articles=_articles(source["articles"], mapping, intake) if "articles" in source else None,
        keep_unknown_articles=False,
        order=None,
    )


def _transactions(file: Path, settings: DataSettings, tally: Tally, last_day: date) -> RawTransactions:
    mapping = settings.csv
    wanted = {
        "customer_id": mapping.customer, "article_id": mapping.article, "date": mapping.date,
        "price": mapping.price, "quantity": mapping.quantity, "channel": mapping.channel,
    }  # fmt: skip
    columns = {name: column for name, column in wanted.items() if column}
    absent = {"quantity": pl.lit("1"), "channel": pl.lit(None, dtype=pl.String)}
    constants = {name: value for name, value in absent.items() if name not in columns}
    codes = {name: str(code) for code, name in enumerate(mapping.channels, 1)}

    def batches() -> Iterator[pl.DataFrame]:
        for batch in read_text(file, columns, tally=tally, separator=mapping.separator):
            whole = batch.with_columns(**constants)
            yield whole.with_columns(pl.col("channel").str.strip_chars().replace(codes)) if codes else whole

    return RawTransactions(
        file=file,
        batches=batches,
        columns=columns,
        rules=ANY_PURCHASE,
        dropped=frozenset(),
        dating=Dating(settings.time_zone, settings.timestamp_zone, last_day),
        price_per_line=mapping.price_per == "line",
    )


def _customers(file: Path, mapping: CsvMapping, intake: Intake) -> pl.DataFrame:
    given = mapping.customers
    age = {"age": given.age} if given.age else {}
    attributes = {name: name for name in (*given.numbers, *given.categories)}
    source = ListSource(
        "customers", "customer_id", file, {"customer_id": given.id, **age, **attributes}, CustomerRules,
        known=frozenset(), separator=mapping.separator, pad_ids=False,
    )  # fmt: skip
    table = read_list(source, intake).with_columns(*(() if given.age else [pl.lit(None, dtype=pl.String).alias("age")]))
    for name in given.numbers:
        lost = table.filter(pl.col(name).is_not_null() & pl.col(name).cast(pl.Float32, strict=False).is_null()).height
        intake.tally.repair(f"customers: {name} that is no number, set to unknown", lost)
    return age_columns(table, file, intake).select(
        "customer_id",
        "age",
        "age_band",
        *(pl.col(name).cast(pl.Float32, strict=False) for name in given.numbers),
        *(ranked(name) for name in given.categories),
    )


def _articles(file: Path, mapping: CsvMapping, intake: Intake) -> pl.DataFrame:
    given = mapping.articles
    named = {
        "name": given.name, "product": given.product, "category": given.category, "department": given.department,
        "section": given.section, "colour": given.colour, "brand": given.brand,
    }  # fmt: skip
    columns = {name: column for name, column in named.items() if column}
    source = ListSource(
        "articles", "article_id", file, {"article_id": given.id, **columns}, ArticleRules,
        known=frozenset(), separator=mapping.separator, pad_ids=False,
    )  # fmt: skip
    absent = [pl.lit(None, dtype=pl.String).alias(name) for name in ("name", *LEVELS) if name not in columns]
    return read_list(source, intake).with_columns(*absent).select("article_id", "name", *LEVELS)
