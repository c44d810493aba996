"""Any log of purchases, with a mapping of its columns in the settings ([data.csv]).

Input: one file with a purchase per row, optionally a customers file, an articles file, links between customers and a plan, each in
any format of data/reading/reader.py. Output: RawTables, RawPlan. Without quantity column a row is one item; without channel column
the channel is 0 (unknown).
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from difflib import SequenceMatcher
from pathlib import Path

import polars as pl

from lookbook.data.conversion.attributes import age_columns, joined, ranked
from lookbook.data.conversion.lists import ListSource, read_list
from lookbook.data.conversion.parse import Dating, days_of, trim
from lookbook.data.conversion.quarantine import Intake
from lookbook.data.conversion.raw_tables import (
    RAW_LINKS,
    RAW_PLAN,
    Adapter,
    PlanReader,
    RawLinks,
    RawPlan,
    RawTables,
    RawTransactions,
)
from lookbook.data.conversion.rules import ANY_PURCHASE, ArticleRules, CustomerRules
from lookbook.data.errors import ColumnError, DataError, MissingColumnError
from lookbook.data.reading.reader import read_text
from lookbook.data.reading.tally import Tally
from lookbook.data.schema import LEVELS
from lookbook.data.settings import CsvMapping, DataSettings, kind_names

ONLINE = "2"
"""The code of the online channel (H&M: 2 = online), which features compare with."""

ANY_KIND = "any"

_TEXT = "text "
"""Before the name of a column of texts, in the names of what a column says."""


def files(settings: DataSettings) -> dict[str, Path]:
    """The raw files by role; customers, articles and links only if the mapping names them."""
    mapping, folder = settings.csv, Path(settings.data_dir)
    named = {
        "transactions": mapping.transactions, "customers": mapping.customers.file, "articles": mapping.articles.file,
        "links": mapping.links.file,
    }  # fmt: skip
    if not mapping.transactions:
        raise DataError("no transactions file is named", expected="data.csv.transactions, a file in data.data_dir")
    return {role: folder / name for role, name in named.items() if name}


def read(settings: DataSettings, intake: Intake, today: date) -> RawTables:
    """Customers and articles, read and judged; transactions, to be read."""
    source, mapping = files(settings), settings.csv
    customers, households = _customers(source["customers"], mapping, intake) if "customers" in source else (None, None)
    return RawTables(
        name=mapping.name,
        transactions=_transactions(source["transactions"], settings, intake.tally, today),
        customers=customers,
        articles=(
            _articles(source["articles"], mapping, intake)
            if "articles" in source
            else _articles_of_purchases(source["transactions"], settings, today)
        ),
        keep_unknown_articles=False,
        order=None,
        households=households,
        links=_links(source["links"], mapping, intake.tally) if "links" in source else None,
    )


def _transactions(file: Path, settings: DataSettings, tally: Tally, today: date) -> RawTransactions:
    mapping = settings.csv
    wanted = {
        "customer_id": mapping.customer, "article_id": mapping.article, "date": mapping.date,
        "price": mapping.price, "quantity": mapping.quantity, "channel": mapping.channel,
    }  # fmt: skip
    columns = {name: column for name, column in wanted.items() if column}
    absent = {"quantity": pl.lit("1"), "channel": pl.lit(None, dtype=pl.String)}
    constants = {name: value for name, value in absent.items() if name not in columns}
    codes = channel_codes(mapping.channels, mapping.online_channel)

    def batches() -> Iterator[pl.DataFrame]:
        with mapping_explained("data.csv", columns):
            for batch in read_text(file, columns, tally=tally, separator=mapping.separator):
                whole = batch.with_columns(**constants)
                yield whole.with_columns(pl.col("channel").str.strip_chars().replace(codes)) if codes else whole

    return RawTransactions(
        file=file,
        batches=batches,
        columns=columns,
        rules=ANY_PURCHASE,
        dropped=frozenset(),
        dating=Dating.of(settings, today),
        price_per_line=mapping.price_per == "line",
    )


@contextmanager
def mapping_explained(table: str, mapping: Mapping[str, str]) -> Iterator[None]:
    """A column that is not in the file is told as the setting that names it. mapping: key of the settings table -> column."""
    try:
        yield
    except MissingColumnError as error:
        missing, present = error.missing, error.present
        role = next(key for key, column in mapping.items() if column == missing)
        names = {"customer_id": "customer", "article_id": "article", "date_text": "date", "friend_id": "friend"}
        key = names.get(role, role.removesuffix(f" {missing}"))
        free = [column for column in present if column not in mapping.values()] or list(present)
        near = max(free, key=lambda column: max(_alike(column, name) for name in (missing, key)))
        one = f'["{near}"]' if role.startswith(_TEXT) else f'"{near}"'
        raise ColumnError(
            f"{table}.{key} = {missing!r}: there is no such column",
            error.where,
            expected="one of the columns there: " + ", ".join(present),
            fix=f"write {key} = {one} in [{table}], or the column that it is",
        ) from None


def _alike(a: str, b: str) -> float:
    return SequenceMatcher(None, a.lower(), b.lower()).ratio()


def channel_codes(channels: tuple[str, ...], online: str) -> dict[str, str]:
    """Texts of the channel column and their codes: 1, 2, ... in order, but ONLINE for `online`, the others in order around it.

    Without `channels` the column holds codes; then `online` and ONLINE change places.
    """
    if not channels:
        return {online: ONLINE, ONLINE: online} if online else {}
    if not online:
        return {name: str(code) for code, name in enumerate(channels, 1)}
    others = (str(code) for code in range(1, len(channels) + 2) if str(code) != ONLINE)
    return {name: ONLINE if name == online else next(others) for name in channels}


def _customers(file: Path, mapping: CsvMapping, intake: Intake) -> tuple[pl.DataFrame, pl.DataFrame | None]:
    """The customers and the households of RawTables."""
    given = mapping.customers
    age = {"age": given.age} if given.age else {}
    household = {"household": given.household} if given.household else {}
    attributes = {name: name for name in (*given.numbers, *given.categories)}
    source = ListSource(
        "customers", "customer_id", file, {"customer_id": given.id, **age, **household, **attributes},
        CustomerRules,
        known=frozenset(), separator=mapping.separator, pad_ids=False,
    )  # fmt: skip
    with mapping_explained("data.csv.customers", {"id": given.id, **age, **household, **attributes}):
        listed = read_list(source, intake)
    table = listed.with_columns(*(() if given.age else [pl.lit(None, dtype=pl.String).alias("age")]))
    for name in given.numbers:
        lost = table.filter(pl.col(name).is_not_null() & pl.col(name).cast(pl.Float32, strict=False).is_null()).height
        intake.tally.repair(f"customers: {name} that is no number, set to unknown", lost)
    customers = age_columns(table, file, intake).select(
        "customer_id",
        "age",
        "age_band",
        *(pl.col(name).cast(pl.Float32, strict=False) for name in given.numbers),
        *(ranked(name) for name in given.categories),
    )
    return customers, listed.select("customer_id", "household") if household else None


def _links(file: Path, mapping: CsvMapping, tally: Tally) -> RawLinks:
    """Without a column for it, the weight is 1."""
    given = mapping.links
    wanted = {"customer_id": given.customer, "friend_id": given.friend, "weight": given.weight}
    columns = {name: column for name, column in wanted.items() if column}

    def batches() -> Iterator[pl.DataFrame]:
        with mapping_explained("data.csv.links", columns):
            for batch in read_text(file, columns, tally=tally, separator=mapping.separator):
                yield batch.with_columns(*([] if given.weight else [pl.lit("1").alias("weight")])).select(RAW_LINKS)

    return RawLinks(file, batches, columns)


def _articles(file: Path, mapping: CsvMapping, intake: Intake) -> pl.DataFrame:
    columns = _article_columns(mapping)
    source = ListSource(
        "articles", "article_id", file, {"article_id": mapping.articles.id, **columns}, ArticleRules,
        known=frozenset(), separator=mapping.separator, pad_ids=False,
    )  # fmt: skip
    with mapping_explained("data.csv.articles", {"id": mapping.articles.id, **columns}):
        return _with_all_levels(read_list(source, intake))


def _articles_of_purchases(file: Path, settings: DataSettings, today: date) -> pl.DataFrame | None:
    """Of every article, column by column, what the latest purchase that fills the column says (of several on that day the first
    in the order of texts); purchases after data.last_day or today say nothing. None if the mapping has no column for it.

    Held in memory: a row for each article and column.
    """
    mapping, dating = settings.csv, Dating.of(settings, today)
    columns = _article_columns(mapping)
    if not columns:
        return None
    wanted = {"article_id": mapping.article, "date_text": mapping.date, **columns}
    empty = pl.DataFrame(schema={"article_id": pl.String, "date": pl.Date, **dict.fromkeys(columns, pl.String)})
    ids, latest = empty.select("article_id"), {column: empty.select("article_id", "date", column) for column in columns}
    with mapping_explained("data.csv.articles", wanted):
        for batch in read_text(file, wanted, tally=Tally(), separator=mapping.separator):
            dated = batch.join(days_of(batch["date_text"], dating), on="date_text", how="left", nulls_equal=True)
            rows = trim(dated.filter("date_allowed", "date_wanted"), ("article_id",), "articles", Tally()).drop_nulls("article_id")
            ids = pl.concat([ids, rows.select("article_id")]).unique()
            latest = {
                column: _latest(pl.concat([before, rows.select("article_id", "date", column)]), column)
                for column, before in latest.items()
            }
    table = ids.sort("article_id")
    for said in latest.values():
        table = table.join(said.drop("date"), on="article_id", how="left", validate="1:1", maintain_order="left")
    return _with_all_levels(table)


def _latest(rows: pl.DataFrame, column: str) -> pl.DataFrame:
    """article_id, date and column, one row per article that has a text in it."""
    newest = pl.col("date") == pl.col("date").max()
    return rows.drop_nulls(column).group_by("article_id").agg(pl.col("date").max(), pl.col(column).filter(newest).min())


def _article_columns(mapping: CsvMapping) -> dict[str, str]:
    """What a column says of an article, and its name in the file; texts, of which there may be several, are called by both."""
    named = {name: str(getattr(mapping.articles, name)) for name in ("name", *LEVELS)}
    texts = {f"{_TEXT}{column}": column for column in mapping.articles.text}
    return {name: column for name, column in named.items() if column} | texts


def _with_all_levels(table: pl.DataFrame) -> pl.DataFrame:
    absent = [pl.lit(None, dtype=pl.String).alias(name) for name in ("name", *LEVELS) if name not in table.columns]
    texts = [column for column in table.columns if column.startswith(_TEXT)]
    text = joined(texts) if texts else pl.lit(None, dtype=pl.String).alias("text")
    return table.with_columns(*absent).select("article_id", "name", text, *LEVELS)


def plan_files(settings: DataSettings) -> dict[str, Path]:
    """The file of the plan, if the mapping names one."""
    name = settings.csv.plan.file
    return {"plan": Path(settings.data_dir) / name} if name else {}


def read_plan(settings: DataSettings, intake: Intake) -> RawPlan:
    """Without a column for it, the kind is "any", the share 1, and a row is known data.plan_known_days before its first day."""
    file, mapping = plan_files(settings)["plan"], settings.csv.plan
    wanted = {
        "article_id": mapping.article, "kind": mapping.kind, "first_day": mapping.first_day, "last_day": mapping.last_day,
        "share": mapping.share, "known_from": mapping.known_from,
    }  # fmt: skip
    columns = {name: column for name, column in wanted.items() if column}
    absent = {"kind": pl.lit(ANY_KIND), "share": pl.lit("1"), "known_from": pl.lit(None, dtype=pl.String)}
    constants = {name: value for name, value in absent.items() if name not in columns}
    kinds = mapping.kinds or (ANY_KIND,)

    def batches() -> Iterator[pl.DataFrame]:
        with mapping_explained("data.csv.plan", columns):
            for batch in read_text(file, columns, tally=intake.tally, separator=settings.csv.separator):
                yield batch.with_columns(**constants).select(RAW_PLAN)

    return RawPlan(
        file=file,
        batches=batches,
        columns=columns,
        kind_texts=kinds,
        kinds=kind_names(kinds),
        dating=Dating.of(settings, date.max),
        known_days=None if mapping.known_from else settings.plan_known_days,
    )


ADAPTER = Adapter("csv", True, files, read, PlanReader(plan_files, read_plan))
