"""The H&M data set: a folder in the format of the Kaggle competition.

Input: transactions_train, customers, articles and (if there) sample_submission, each as .csv, .csv.gz, .csv.zst, .zip or .parquet.
Output: RawTables. One row of transactions is one item; channel 1 = store, 2 = online.
"""

from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import polars as pl

from lookbook.data.conversion.attributes import age_columns, coded, joined, warn_unknown_codes
from lookbook.data.conversion.lists import ListSource, pad_article_ids, read_list
from lookbook.data.conversion.parse import Dating
from lookbook.data.conversion.quarantine import Intake
from lookbook.data.conversion.raw_tables import Adapter, RawTables, RawTransactions
from lookbook.data.conversion.rules import HM_PURCHASE, HmArticleRules, HmCustomerRules
from lookbook.data.errors import MissingColumnError, SourceFileError, Where
from lookbook.data.reading.reader import read_text, whole_number_columns
from lookbook.data.reading.source_files import find_file, require_file
from lookbook.data.reading.tally import Tally
from lookbook.data.settings import DataSettings

TRANSACTION_COLUMNS = {
    "customer_id": "customer_id", "article_id": "article_id", "date": "t_dat", "price": "price", "channel": "sales_channel_id",
}  # fmt: skip
CUSTOMER_COLUMNS = {
    "customer_id": "customer_id", "age": "age", "fashion_news": "FN", "active": "Active",
    "club_member_status": "club_member_status", "fashion_news_frequency": "fashion_news_frequency",
}  # fmt: skip
ARTICLE_COLUMNS = {
    "article_id": "article_id", "name": "prod_name", "product": "product_code", "category": "product_type_no",
    "department": "department_no", "section": "section_no", "colour": "colour_group_code", "brand": "index_code",
}  # fmt: skip
TEXT_COLUMNS = (
    "product_type_name", "product_group_name", "graphical_appearance_name", "colour_group_name", "perceived_colour_master_name",
    "department_name", "index_group_name", "section_name", "garment_group_name", "detail_desc",
)  # fmt: skip
UNREAD_ARTICLE_COLUMNS = frozenset({
    "graphical_appearance_no", "perceived_colour_value_id", "perceived_colour_value_name", "perceived_colour_master_id",
    "index_name", "index_group_no", "garment_group_no",
})  # fmt: skip
POSTAL_CODE = "postal_code"
"""The household; a file may lack it."""
FLAG = {"0": 0, "0.0": 0, "1": 1, "1.0": 1}
CLUB = {"left club": 0, "pre-create": 1, "active": 2}
NEWS = {"none": 0, "monthly": 1, "regularly": 2}


def files(settings: DataSettings) -> dict[str, Path]:
    """The raw files by role; `sample_submission` only if it is there."""
    folder = Path(settings.data_dir)
    found = {stem: require_file(folder, stem) for stem in ("transactions_train", "customers", "articles")}
    sample = find_file(folder, "sample_submission")
    return found if sample is None else {**found, "sample_submission": sample}


def read(settings: DataSettings, intake: Intake, today: date) -> RawTables:
    """Customers and articles, read and judged; transactions, to be read."""
    source = files(settings)
    pad = settings.repair_ids or "article_id" in whole_number_columns(source["articles"])
    customers, households = _customers(source["customers"], intake)
    listed = ListSource(
        "articles", "article_id", source["articles"], ARTICLE_COLUMNS | {column: column for column in TEXT_COLUMNS}, HmArticleRules,
        known=UNREAD_ARTICLE_COLUMNS, separator=",", pad_ids=pad,
    )  # fmt: skip
    articles = _read(listed, intake, optional=TEXT_COLUMNS)
    texts = [column for column in TEXT_COLUMNS if column in articles.columns]
    text = joined(texts) if texts else pl.lit(None, dtype=pl.String).alias("text")
    return RawTables(
        name="hm",
        transactions=_transactions(source["transactions_train"], settings, intake.tally, today),
        customers=customers,
        articles=articles.select(*ARTICLE_COLUMNS, text),
        keep_unknown_articles=False,
        order=_order(source["sample_submission"], intake) if "sample_submission" in source else None,
        households=households,
    )


def _transactions(file: Path, settings: DataSettings, tally: Tally, today: date) -> RawTransactions:
    pad = settings.repair_ids or "article_id" in whole_number_columns(file)

    def batches() -> Iterator[pl.DataFrame]:
        for batch in read_text(file, TRANSACTION_COLUMNS, tally=tally):
            padded = pad_article_ids(batch, "transactions", tally) if pad else batch
            yield padded.with_columns(quantity=pl.lit("1"))

    return RawTransactions(
        file=file,
        batches=batches,
        columns=TRANSACTION_COLUMNS,
        rules=HM_PURCHASE,
        dropped=frozenset(),
        dating=Dating.of(settings, today),
        price_per_line=False,
    )


def _customers(file: Path, intake: Intake) -> tuple[pl.DataFrame, pl.DataFrame | None]:
    """The customers and the households of RawTables.

    FN and Active are 1 or empty in the file; empty counts as 0. "NONE" and "None" are the same frequency.
    """
    codes = {"fashion_news": FLAG, "active": FLAG, "club_member_status": CLUB, "fashion_news_frequency": NEWS}
    table = _customers_as_text(file, intake)
    for column, known in codes.items():
        warn_unknown_codes(table, column, known, intake.tally)
    customers = age_columns(table, file, intake).select(
        "customer_id",
        "age",
        "age_band",
        coded("fashion_news", FLAG).fill_null(0),
        coded("active", FLAG).fill_null(0),
        coded("club_member_status", CLUB),
        coded("fashion_news_frequency", NEWS),
    )
    return customers, table.select("customer_id", "household") if "household" in table.columns else None


def _customers_as_text(file: Path, intake: Intake) -> pl.DataFrame:
    source = ListSource(
        "customers", "customer_id", file, {**CUSTOMER_COLUMNS, "household": POSTAL_CODE}, HmCustomerRules,
        known=frozenset(), separator=",", pad_ids=False,
    )  # fmt: skip
    return _read(source, intake, optional=(POSTAL_CODE,))


def _read(source: ListSource, intake: Intake, *, optional: Collection[str]) -> pl.DataFrame:
    """The list with those of the `optional` columns that the file has."""
    try:
        return read_list(source, intake)
    except MissingColumnError as error:
        if error.missing not in optional:
            raise
        fewer = {name: column for name, column in source.columns.items() if column != error.missing}
        return _read(replace(source, columns=fewer), intake, optional=optional)


def _order(file: Path, intake: Intake) -> pl.Series:
    source = ListSource(
        "sample_submission", "customer_id", file, {"customer_id": "customer_id"}, HmCustomerRules,
        known=frozenset({"prediction"}), separator=",", pad_ids=False,
    )  # fmt: skip
    return read_list(source, intake)["customer_id"]


def pictures(settings: DataSettings) -> dict[str, Path]:
    """images/0XX/0XXXXXXXXX.jpg by article_id, which is the name of the file; the folder in between is its first three digits."""
    folder = Path(settings.data_dir) / "images"
    found = {file.stem: file for file in sorted(folder.glob("[0-9]*/*.jpg"))}
    if not found:
        what = "holds no pictures" if folder.is_dir() else "does not exist"
        raise SourceFileError(
            f"the folder of pictures {what}", Where(folder), expected="images/0XX/0XXXXXXXXX.jpg, as in the competition",
            fix="put the pictures there, or set picture_weight = 0",
        )  # fmt: skip
    return found


ADAPTER = Adapter("hm", True, files, read, pictures=pictures)
