import gzip
import re
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path

import polars as pl
import pyarrow
import pytest
from polars.testing import assert_frame_equal

from lookbook.data.dataset import Dataset
from lookbook.data.errors import DataError
from lookbook.data.registry import check_dataset, convert_dataset
from lookbook.data.settings import DataSettings

Change = Callable[[Path], None]
SALES = "transactions_train.csv"


def edit_bytes(file: str, edit: Callable[[bytes], bytes]) -> Change:
    def change(folder: Path) -> None:
        (folder / file).write_bytes(edit((folder / file).read_bytes()))

    return change


def replace_text(file: str, pattern: str, by: str, count: int = 0) -> Change:
    return edit_bytes(file, lambda text: re.sub(pattern, by, text.decode(), count=count, flags=re.MULTILINE).encode())


def to_parquet(file: str, *values: pl.Expr) -> Change:
    """Every column is text but those of `values`."""

    def change(folder: Path) -> None:
        path = folder / file
        pl.read_csv(path, infer_schema=False).with_columns(values).write_parquet(path.with_suffix(".parquet"))
        path.unlink()

    return change


def to_zip(folder: Path) -> None:
    with zipfile.ZipFile(folder / f"{SALES}.zip", "w") as archive:
        archive.writestr("__MACOSX/._x", "")
        archive.write(folder / SALES, SALES)
    (folder / SALES).unlink()


def to_zstandard(folder: Path) -> None:
    content = pyarrow.compress((folder / SALES).read_bytes(), codec="zstd", asbytes=True)
    (folder / f"{SALES}.zst").write_bytes(content)
    (folder / SALES).unlink()


def all_to_parquet(folder: Path) -> None:
    numbers = (pl.col("price").cast(pl.Float64), pl.col("t_dat").str.to_date(), pl.col("sales_channel_id").cast(pl.Int64))
    to_parquet(SALES, *numbers)(folder)
    for file in ("articles", "customers", "sample_submission"):
        to_parquet(f"{file}.csv")(folder)


@pytest.fixture
def settings(make_settings: Callable[..., DataSettings], hm_folder: Path) -> DataSettings:
    return make_settings(dataset="hm", data_dir=str(hm_folder))


ACCEPTED: dict[str, Callable[[Path], object]] = {
    "columns stand in another order": lambda f: (
        pl.read_csv(f / SALES, infer_schema=False)
        .select("price", "article_id", "sales_channel_id", "customer_id", "t_dat").write_csv(f / SALES)
    ),
    "a file starts with a byte-order mark": edit_bytes(SALES, lambda b: b"\xef\xbb\xbf" + b),
    "lines end with CRLF": edit_bytes(SALES, lambda b: b.replace(b"\n", b"\r\n")),
    "every field is quoted": edit_bytes(SALES, lambda b: b'"' + b.replace(b",", b'","').replace(b"\n", b'"\n"')[:-1]),
    "a file is gzip under the name .csv": edit_bytes(SALES, gzip.compress),
    "a plain file is named .csv.gz": lambda folder: (folder / SALES).rename(folder / f"{SALES}.gz"),
    "a file is zipped": to_zip,
    "a file is Zstandard": to_zstandard,
    "dates are midnights": replace_text(SALES, r"^(\d{4}-\d\d-\d\d),", r"\1 00:00:00,"),
    "the tables are Parquet": all_to_parquet,
    "Parquet ids are dictionaries": to_parquet(SALES, pl.col("customer_id").cast(pl.Categorical)),
    "Parquet prices are decimals": to_parquet(SALES, pl.col("price").cast(pl.Decimal(20, 16))),
    "Parquet dates are timestamps at midnight": to_parquet(SALES, pl.col("t_dat").str.to_datetime("%Y-%m-%d", time_unit="ns")),
    "blank lines stand between rows": edit_bytes(SALES, lambda b: b.replace(b"\n", b"\n\n") + b"\r\n"),
}  # fmt: skip


@pytest.mark.parametrize("case", ACCEPTED)
def test_the_same_bytes_come_out_when(case: str, settings: DataSettings, hm_folder: Path, tmp_path: Path, today: date) -> None:
    plain = convert_dataset(settings, tmp_path / "plain", today=today)
    ACCEPTED[case](hm_folder)
    assert convert_dataset(settings, tmp_path / "out", today=today).digest == plain.digest


def test_an_extra_column_is_ignored_with_a_warning(settings: DataSettings, hm_folder: Path, tmp_path: Path, today: date) -> None:
    plain = convert_dataset(settings, tmp_path / "plain", today=today)
    replace_text(SALES, "^(.+)$", r"\1,x")(hm_folder)
    summary = convert_dataset(settings, tmp_path / "out", today=today)
    assert summary.digest == plain.digest
    assert summary.warnings == ("transactions_train.csv: column 'x' is not known and ignored",)


def test_repair_gives_article_ids_their_zeros_back(
    make_settings: Callable[..., DataSettings], hm_folder: Path, tmp_path: Path, today: date
) -> None:
    settings = make_settings(dataset="hm", data_dir=str(hm_folder), repair_ids=True)
    plain = convert_dataset(settings, tmp_path / "plain", today=today)
    replace_text(SALES, r",0(\d{9}),", r",\1,")(hm_folder)
    summary = convert_dataset(settings, tmp_path / "out", today=today)
    assert summary.digest == plain.digest
    assert summary.repaired == {"transactions: article_id padded to ten digits": 311}


def test_repair_never_touches_a_rounded_number(
    make_settings: Callable[..., DataSettings], hm_folder: Path, tmp_path: Path, today: date
) -> None:
    replace_text(SALES, r",0\d{9},", ",1.08775E+08,", 1)(hm_folder)
    with pytest.raises(DataError, match="not a rounded number"):
        convert_dataset(make_settings(dataset="hm", data_dir=str(hm_folder), repair_ids=True), tmp_path / "out", today=today)


def test_whole_number_ids_of_a_parquet_file_get_ten_digits(
    settings: DataSettings, hm_folder: Path, tmp_path: Path, today: date
) -> None:
    plain = convert_dataset(settings, tmp_path / "plain", today=today)
    to_parquet(SALES, pl.col("article_id").cast(pl.Int64))(hm_folder)
    to_parquet("articles.csv", pl.col("article_id").cast(pl.UInt32))(hm_folder)
    assert convert_dataset(settings, tmp_path / "out", today=today).digest == plain.digest


def test_spaces_round_ids_are_removed_and_counted(settings: DataSettings, hm_folder: Path, tmp_path: Path, today: date) -> None:
    plain = convert_dataset(settings, tmp_path / "plain", today=today)
    replace_text(SALES, ",(0[0-9]{9}),", r", \1  ,", 5)(hm_folder)
    summary = convert_dataset(settings, tmp_path / "out", today=today)
    assert summary.digest == plain.digest
    assert summary.repaired == {"transactions: article_id with spaces round it": 5}


def test_an_unknown_customer_is_kept_without_attributes(
    settings: DataSettings, hm_folder: Path, tmp_path: Path, today: date
) -> None:
    replace_text(SALES, ",[0-9a-f]{64},", f",{'f' * 64},", 1)(hm_folder)
    summary = convert_dataset(settings, tmp_path / "out", today=today)
    assert (summary.customers, summary.unknown_customers, summary.transactions) == (13, 1, 311)
    customers = Dataset.open(tmp_path / "out").customers.collect()
    assert customers.row(-1) == (12, *[None] * 6)


def test_a_folder_with_the_signs_of_a_pattern_in_its_name_is_written_and_read(
    settings: DataSettings, hm_folder: Path, tmp_path: Path, today: date
) -> None:
    replace_text(SALES, r",0\.\d+,", ",0,", 1)(hm_folder)
    convert_dataset(settings, tmp_path / "plain", today=today)
    convert_dataset(settings, tmp_path / "[1]*?", today=today)
    found, plain = (Dataset.open(tmp_path / name) for name in ("[1]*?", "plain"))
    assert_frame_equal(found.transactions.collect(), plain.transactions.collect())
    assert_frame_equal(found.customers.collect(), plain.customers.collect())
    assert_frame_equal(found.articles.collect(), plain.articles.collect())


def test_repeated_transactions_are_kept(settings: DataSettings, hm_folder: Path, tmp_path: Path, today: date) -> None:
    replace_text(SALES, r"^(\d{4}-.*)$", r"\1\n\1")(hm_folder)
    assert convert_dataset(settings, tmp_path / "out", today=today).transactions == 622


def test_a_market_of_one_customer_and_one_article_converts(
    settings: DataSettings, hm_folder: Path, tmp_path: Path, today: date
) -> None:
    for file in ("transactions_train.csv", "customers.csv", "articles.csv", "sample_submission.csv"):
        pl.read_csv(hm_folder / file, infer_schema=False).head(1).write_csv(hm_folder / file)
    sale = pl.read_csv(hm_folder / SALES, infer_schema=False)
    for file in ("customers.csv", "sample_submission.csv", "articles.csv"):
        key = sale["article_id" if file == "articles.csv" else "customer_id"]
        pl.read_csv(hm_folder / file, infer_schema=False).with_columns(key).write_csv(hm_folder / file)
    summary = convert_dataset(settings, tmp_path / "out", today=today)
    assert (summary.customers, summary.articles, summary.transactions) == (1, 1, 1)
    assert "only 1 weeks of purchases" in summary.warnings[0]


def test_a_week_without_purchases_gives_a_warning(settings: DataSettings, hm_folder: Path, tmp_path: Path, today: date) -> None:
    replace_text(SALES, r"^2020-09-0[2-8].*\n", "")(hm_folder)
    summary = convert_dataset(settings, tmp_path / "out", today=today)
    assert summary.warnings == ("1 weeks without a purchase, the latest starts on 2020-09-02",)


def test_texts_of_articles_are_kept_as_they_are(settings: DataSettings, hm_folder: Path, tmp_path: Path, today: date) -> None:
    replace_text("articles.csv", "Strap top 0,", '"=HYPERLINK(""x"")<script>",')(hm_folder)
    convert_dataset(settings, tmp_path / "out", today=today)
    assert Dataset.open(tmp_path / "out").articles.collect()["name"][0] == '=HYPERLINK("x")<script>'


def test_a_check_reports_what_a_conversion_finds_and_keeps_nothing_of_a_refused_one(
    settings: DataSettings, hm_folder: Path, tmp_path: Path, today: date
) -> None:
    report = check_dataset(settings, tmp_path / "scratch", today=today)
    assert report.summary == convert_dataset(settings, tmp_path / "out", today=today)
    assert [file.role for file in report.files] == ["articles", "customers", "sample_submission", "transactions_train"]
    assert report.files[3].size == (hm_folder / SALES).stat().st_size
