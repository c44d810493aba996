import gzip
import os
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_series_equal

from lookbook.data.errors import DataError, safe_name
from lookbook.data.registry import convert_dataset
from lookbook.data.settings import DataSettings

Change = Callable[[Path], None]
SALES = "transactions_train.csv"


def set_value(file: str, column: str, value: str, rows: range = range(1)) -> Change:
    """Give a column of the first rows another value."""

    def change(folder: Path) -> None:
        header, *lines = (folder / file).read_text().splitlines()
        number = header.split(",").index(column)
        for row in rows:
            fields = lines[row].split(",")
            fields[number] = value
            lines[row] = ",".join(fields)
        (folder / file).write_text("\n".join([header, *lines, ""]))

    return change


def replace_text(file: str, pattern: str, by: str, count: int = 0) -> Change:
    def change(folder: Path) -> None:
        path = folder / file
        path.write_text(re.sub(pattern, by, path.read_text(), count=count, flags=re.MULTILINE))

    return change


def edit_bytes(file: str, edit: Callable[[bytes], bytes]) -> Change:
    def change(folder: Path) -> None:
        (folder / file).write_bytes(edit((folder / file).read_bytes()))

    return change


def to_parquet(file: str, **casts: pl.DataType | type[pl.DataType]) -> Change:
    def change(folder: Path) -> None:
        path = folder / file
        frame = pl.read_csv(path, infer_schema=False)
        frame.with_columns(pl.col(c).cast(t) for c, t in casts.items()).write_parquet(path.with_suffix(".parquet"))
        path.unlink()

    return change


def rename(old: str, new: str) -> Change:
    def change(folder: Path) -> None:
        (folder / old).rename(folder / new)

    return change


def both(*changes: Change) -> Change:
    def change(folder: Path) -> None:
        for each in changes:
            each(folder)

    return change


def replace_by_folder(folder: Path) -> None:
    (folder / SALES).unlink()
    (folder / SALES).mkdir()


def replace_by_pipe(folder: Path) -> None:
    (folder / SALES).unlink()
    os.mkfifo(folder / SALES)


def cut_gzip(folder: Path) -> None:
    (folder / f"{SALES}.gz").write_bytes(gzip.compress((folder / SALES).read_bytes())[:-40])
    (folder / SALES).unlink()


def cut_parquet(folder: Path) -> None:
    to_parquet(SALES)(folder)
    file = folder / "transactions_train.parquet"
    file.write_bytes(file.read_bytes()[:-100])


REFUSED: dict[str, tuple[Change, str]] = {
    "a column is missing": (
        replace_text(SALES, "^t_dat,customer_id,article_id,price,", "t_dat,customer_id,article_id,prize,"),
        r"column 'price' is missing; nearest present: 'prize'.*file .*transactions_train.csv",
    ),
    "a column of the customers is missing": (replace_text("customers.csv", "^(.*),age,", r"\1,alter,"), "column 'age' is missing"),
    "a column is there twice": (replace_text(SALES, "sales_channel_id", "price"), "column 'price' is there twice"),
    "prices are texts in many rows": (
        set_value(SALES, "price", "dear", range(3, 20)),
        r"17 of 311 rows of transactions are bad.*price_is_a_number.*line 5, column 'price', value 'dear'",
    ),
    "a channel overflows": (set_value(SALES, "sales_channel_id", "300"), r"line 2, column 'sales_channel_id', value '300'"),
    "a channel is a text": (set_value(SALES, "sales_channel_id", "web"), r"line 2, column 'sales_channel_id', value 'web'"),
    "article ids lost their zero": (replace_text(SALES, r",0(\d{9}),", r",\1,"), r"--repair-ids"),
    "article ids of the articles lost their zero": (replace_text("articles.csv", r"^0", ""), r"--repair-ids"),
    "an article id is a rounded number": (set_value(SALES, "article_id", "1.08775E+08"), "line 2.*1.08775E.*not a rounded number"),
    "a customer id is too short": (set_value(SALES, "customer_id", "abc"), "line 2, column 'customer_id', value 'abc'.*64 char"),
    "a customer id has capitals": (set_value("customers.csv", "customer_id", "A" * 64), "64 characters of 0-9 a-f"),
    "an article id has letters": (set_value("articles.csv", "article_id", "01087750x1"), "ten digits"),
    "a file is empty": (edit_bytes(SALES, lambda _: b""), "the file is empty.*transactions_train.csv"),
    "a file has only a header": (replace_text(SALES, r"^\d{4}-.*\n", ""), "a header but no rows.*transactions_train.csv"),
    "bytes are Latin-1": (edit_bytes("articles.csv", lambda b: b.replace(b"Strap", b"\xdf", 1)), r"not UTF-8 at byte offset 457"),
    "a byte is zero": (edit_bytes(SALES, lambda b: b.replace(b"0.0155", b"0\x00.155", 1)), r"byte 0 at offset \d+"),
    "columns are separated by semicolons": (replace_text(SALES, ",", ";"), "did you mean ';'"),
    "columns are separated by tabs": (replace_text(SALES, ",", "\t"), r"did you mean '\\t'"),
    "a line has too few fields": (edit_bytes(SALES, lambda b: b.replace(b",1\n", b"\n", 1)), r"a line has 4 fields.*line \d+"),
    "a line has too many fields": (edit_bytes(SALES, lambda b: b.replace(b",1\n", b",1,7\n", 1)), r"a line has 6 fields.*line \d+"),
    "a quote is left open": (edit_bytes(SALES, lambda b: b.replace(b",0", b',"0', 1)), "open quote"),
    "a quote is left open and another too": (edit_bytes(SALES, lambda b: b.replace(b",0", b',"0', 2)), r"fields.*line 2"),
    "a quote stands inside a field": (set_value(SALES, "price", '"0.01"5'), r"cannot be split.*line 2"),
    "the last line is cut in a field": (edit_bytes(SALES, lambda b: b[:-10]), "the last line is cut"),
    "the last line is cut before its end": (edit_bytes(SALES, lambda b: b[:-1]), "the last line is cut"),
    "a gzip file is cut": (cut_gzip, "cannot be read to its end.*get the file again"),
    "a date has slashes": (set_value(SALES, "t_dat", "09/01/2020"), r"line 2, column 't_dat', value '09/01/2020'.*YYYY-MM-DD"),
    "a date has the day first": (set_value(SALES, "t_dat", "01-09-2020"), r"value '01-09-2020'"),
    "a date lacks zeros": (set_value(SALES, "t_dat", "2020-9-1"), r"value '2020-9-1'"),
    "a date is not in the calendar": (set_value(SALES, "t_dat", "2020-02-30"), r"value '2020-02-30'.*a day of the calendar"),
    "a timestamp has no stated zone": (set_value(SALES, "t_dat", "2020-09-01T23:30:00+02:00"), "set data.time_zone"),
    "a customer is there twice": (
        replace_text("customers.csv", r"^([0-9a-f]{64},.*)$", r"\1\n\1", 1), "1 rows of customers repeat an id: [0-9a-f]{64}",
    ),
    "articles are there twice": (
        replace_text("articles.csv", r"^(0\d{9},.*)$", r"\1\n\1", 2), "2 rows of articles repeat an id: 0108775001, 0108775002",
    ),
    "many articles are unknown": (replace_text("articles.csv", r"^01087770.*\n", ""), "article_known"),
    "a CSV file is named Parquet": (rename(SALES, "transactions_train.parquet"), "does not hold Parquet"),
    "a Parquet file is named CSV": (both(to_parquet(SALES), rename("transactions_train.parquet", SALES)), "holds Parquet"),
    "a Parquet file is cut": (cut_parquet, "damaged or cut"),
    "a Parquet column is a list": (
        both(to_parquet(SALES), lambda f: pl.read_parquet(f / "transactions_train.parquet")
             .with_columns(pl.concat_list("price")).write_parquet(f / "transactions_train.parquet")),
        "column 'price' is List",
    ),
    "a file is a folder": (replace_by_folder, "the path is a folder"),
    "a file is a pipe": (replace_by_pipe, "not a regular file"),
    "a file is missing": (lambda f: (f / "articles.csv").unlink(), "articles is missing"),
    "many ages are no numbers": (set_value("customers.csv", "age", "old", range(2)), "2 of 12 ages are unreadable"),
}  # fmt: skip


@pytest.fixture
def settings(make_settings: Callable[..., DataSettings], hm_folder: Path) -> DataSettings:
    return make_settings(dataset="hm", data_dir=str(hm_folder))


@pytest.mark.parametrize("case", REFUSED)
def test_conversion_refuses_and_names_the_place_when(
    case: str, settings: DataSettings, hm_folder: Path, tmp_path: Path, today: date
) -> None:
    change, message = REFUSED[case]
    change(hm_folder)
    with pytest.raises(DataError, match=f"(?s){message}"):
        convert_dataset(settings, tmp_path / "out", today=today)
    assert not list(tmp_path.glob("out*"))


QUARANTINED: dict[str, tuple[Change, str]] = {
    "a price is a text": (set_value(SALES, "price", "dear"), "price_is_a_number"),
    "a quote stands inside a price": (set_value(SALES, "price", '0.0"1"'), "price_is_a_number"),
    "a price is not a number": (set_value(SALES, "price", "NaN"), "price_finite"),
    "a price is infinite": (set_value(SALES, "price", "inf"), "price_finite"),
    "a price is too large for its type": (set_value(SALES, "price", "1e300"), "price_finite"),
    "a price is negative": (set_value(SALES, "price", "-0.5"), "price_positive"),
    "a price is zero": (set_value(SALES, "price", "0"), "price_positive"),
    "a price is missing": (set_value(SALES, "price", ""), "price_is_a_number"),
    "an article id is blank": (set_value(SALES, "article_id", "  "), "article_id_given"),
    "a date is missing": (set_value(SALES, "t_dat", ""), "date_given"),
    "a channel is missing": (set_value(SALES, "sales_channel_id", ""), "channel_given"),
    "a date is after today": (set_value(SALES, "t_dat", "2026-01-02"), "date_in_the_window"),
    "a date is before all data": (set_value(SALES, "t_dat", "1850-01-01"), "date_in_the_window"),
    "an article is unknown": (set_value(SALES, "article_id", "0999999999"), "article_known"),
}


@pytest.mark.parametrize("case", QUARANTINED)
def test_one_row_of_many_is_set_aside_with_its_reason_when(
    case: str, settings: DataSettings, hm_folder: Path, tmp_path: Path, today: date
) -> None:
    change, reason = QUARANTINED[case]
    change(hm_folder)
    summary = convert_dataset(settings, tmp_path / "out", today=today)
    assert summary.quarantined == {f"transactions: {reason}": 1}
    assert (summary.read["transactions"], summary.transactions) == (311, 310)
    rows = pl.read_parquet(tmp_path / "out" / "quarantine" / "transactions.parquet")
    assert rows.select("line", "reason").rows() == [(2, reason)]


@pytest.mark.parametrize("value", ["", "  ", "NaN"])
def test_sales_to_nobody_we_know_are_dropped_however_many_they_are(
    value: str, settings: DataSettings, hm_folder: Path, tmp_path: Path, today: date
) -> None:
    set_value(SALES, "customer_id", value, range(80))(hm_folder)
    summary = convert_dataset(settings, tmp_path / "out", today=today)
    assert (summary.dropped, summary.quarantined) == ({"transactions: customer_id_given": 80}, {})
    assert (summary.read["transactions"], summary.transactions) == (311, 231)
    assert not (tmp_path / "out" / "quarantine" / "transactions.parquet").exists()


def test_an_article_of_quarantined_purchases_only_is_not_in_the_catalogue(
    settings: DataSettings, hm_folder: Path, tmp_path: Path, today: date
) -> None:
    set_value(SALES, "article_id", "0000000001")(hm_folder)
    summary = convert_dataset(settings, tmp_path / "out", today=today)
    assert (summary.articles, summary.unknown_articles) == (20, 0)
    listed = pl.read_csv(hm_folder / "articles.csv", infer_schema=False)["article_id"].sort()
    assert_series_equal(pl.read_parquet(tmp_path / "out" / "article_ids.parquet")["article_id"], listed)


def test_rows_are_set_aside_up_to_the_limit_and_refused_beyond_it(
    settings: DataSettings, hm_folder: Path, tmp_path: Path, today: date
) -> None:
    set_value(SALES, "price", "0", range(3))(hm_folder)
    assert convert_dataset(settings, tmp_path / "out", today=today).quarantined == {"transactions: price_positive": 3}
    set_value(SALES, "price", "", range(3, 4))(hm_folder)
    with pytest.raises(DataError, match=r"4 of 311 rows.*over the limit of 1.00%: 1 x price_is_a_number .*; 3 x price_positive"):
        convert_dataset(settings, tmp_path / "other", today=today)


def test_a_file_that_cannot_be_opened_is_refused(
    settings: DataSettings, tmp_path: Path, today: date, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, mode: str) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(DataError, match="cannot open the file: Permission denied"):
        convert_dataset(settings, tmp_path / "out", today=today)


@pytest.mark.parametrize("name", ["../../x", "/etc", "a" * 300, "", ".", "..", "a/b", "ä", "a\n"])
def test_a_name_that_could_leave_its_folder_is_refused(name: str) -> None:
    with pytest.raises(DataError, match="is not allowed"):
        safe_name(name, "run name")


@pytest.mark.parametrize("name", ["hm", "complete-journey", "2020-09_v1.2", "a" * 64])
def test_a_plain_name_is_allowed(name: str) -> None:
    assert safe_name(name, "run name") == name
