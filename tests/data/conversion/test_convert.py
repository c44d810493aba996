import json
import random
from collections.abc import Callable
from datetime import date
from pathlib import Path

import polars as pl
import pyarrow.parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from lookbook.data.conversion.ids import IdMap
from lookbook.data.conversion.transactions_file import CANONICAL_ORDER
from lookbook.data.dataset import Dataset
from lookbook.data.errors import DataError
from lookbook.data.registry import convert_dataset, source_digest
from lookbook.data.settings import DataSettings

FILES = ("transactions_train", "customers", "articles", "sample_submission")


@pytest.fixture
def settings(make_settings: Callable[..., DataSettings], hm_folder: Path) -> DataSettings:
    return make_settings(dataset="hm", data_dir=str(hm_folder))


def content(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()}


def in_shards_of_two(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("lookbook.data.conversion.spill", "lookbook.data.conversion.transactions_file"):
        monkeypatch.setattr(f"{module}.SHARD_CUSTOMERS", 2)


def raw_sales(hm_folder: Path) -> pl.DataFrame:
    return pl.read_csv(hm_folder / "transactions_train.csv", infer_schema=False).sort(pl.all())


def test_raw_ids_dates_and_prices_come_back_as_they_were(
    settings: DataSettings, hm_folder: Path, tmp_path: Path, today: date
) -> None:
    convert_dataset(settings, tmp_path / "out", today=today)
    ids = {name: pl.scan_parquet(tmp_path / "out" / f"{name}_ids.parquet") for name in ("customer", "article")}
    back = (
        Dataset.open(tmp_path / "out")
        .transactions.join(ids["customer"], on="customer", validate="m:1")
        .join(ids["article"], on="article", validate="m:1")
        .select(pl.col("date").cast(pl.String).alias("t_dat"), "customer_id", "article_id", "price", "channel")
        .sort(pl.all())
        .collect()
    )
    raw = raw_sales(hm_folder)
    channel = pl.col("sales_channel_id").cast(pl.UInt8).alias("channel")
    expected = raw.select("t_dat", "customer_id", "article_id", pl.col("price").cast(pl.Float32), channel)
    assert_frame_equal(back, expected.sort(pl.all()))
    assert ids["article"].collect()["article_id"].str.starts_with("0108").all()


def test_dense_ids_follow_the_sorted_raw_ids(settings: DataSettings, hm_folder: Path, tmp_path: Path, today: date) -> None:
    convert_dataset(settings, tmp_path / "out", today=today)
    raw = pl.read_csv(hm_folder / "customers.csv", infer_schema=False)["customer_id"].sort()
    found = pl.read_parquet(tmp_path / "out" / "customer_ids.parquet")
    assert found.rows() == list(enumerate(raw))


def test_every_table_is_the_same_to_the_byte_when_rows_are_shuffled(
    settings: DataSettings, hm_folder: Path, tmp_path: Path, today: date
) -> None:
    convert_dataset(settings, tmp_path / "plain", today=today)
    for name in ("transactions_train", "customers", "articles"):
        header, *lines = (hm_folder / f"{name}.csv").read_text().splitlines()
        random.Random(1).shuffle(lines)
        (hm_folder / f"{name}.csv").write_text("\n".join([header, *lines, ""]))
    convert_dataset(settings, tmp_path / "out", today=today)
    assert content(tmp_path / "out") == content(tmp_path / "plain")


def test_shards_are_the_same_whatever_is_held_in_memory_at_a_time(
    settings: DataSettings, tmp_path: Path, today: date, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_shards_of_two(monkeypatch)
    convert_dataset(settings, tmp_path / "plain", today=today)
    monkeypatch.setattr("lookbook.data.conversion.spill.GROUP_ROWS", 60)
    monkeypatch.setattr("lookbook.data.reading.delimited.BLOCK_BYTES", 1000)
    monkeypatch.setattr("lookbook.data.reading.delimited.HEADER_BYTES", 1000)
    convert_dataset(settings, tmp_path / "out", today=today)
    assert content(tmp_path / "out") == content(tmp_path / "plain")


def test_a_row_group_holds_one_shard_of_customers_and_all_stand_in_canonical_order(
    settings: DataSettings, tmp_path: Path, today: date, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_shards_of_two(monkeypatch)
    convert_dataset(settings, tmp_path / "out", today=today)
    file = pyarrow.parquet.ParquetFile(tmp_path / "out" / "transactions.parquet")
    groups = [pl.DataFrame(pl.from_arrow(file.read_row_group(number))) for number in range(file.num_row_groups)]
    shards = [(rows["customer"] // 2).unique().to_list() for rows in groups]
    assert shards == [[0], [1], [2], [3], [4], [5]]
    rows = pl.concat(groups)
    assert_frame_equal(rows, rows.sort(CANONICAL_ORDER))


def test_a_customer_who_never_bought_is_there_with_attributes(
    settings: DataSettings, hm_folder: Path, tmp_path: Path, today: date
) -> None:
    summary = convert_dataset(settings, tmp_path / "out", today=today)
    dataset = Dataset.open(tmp_path / "out")
    idle = dataset.customers.join(dataset.transactions, on="customer", how="anti").collect()
    assert idle.select("age", "age_band", "active").rows() == [(27.0, 3, 0.0)]
    assert summary.customers_without_purchase == 1


def test_the_submission_follows_the_sample_file(settings: DataSettings, hm_folder: Path, tmp_path: Path, today: date) -> None:
    convert_dataset(settings, tmp_path / "out", today=today)
    order = pl.read_parquet(tmp_path / "out" / "submission_order.parquet")
    ids = order.join(pl.read_parquet(tmp_path / "out" / "customer_ids.parquet"), on="customer", maintain_order="left")
    sample = pl.read_csv(hm_folder / "sample_submission.csv", infer_schema=False)
    assert ids["customer_id"].to_list() == sample["customer_id"].to_list()


def test_the_submission_follows_the_customers_file_and_appends_unknown_customers_sorted(
    settings: DataSettings, hm_folder: Path, tmp_path: Path, today: date
) -> None:
    (hm_folder / "sample_submission.csv").unlink()
    sales = (hm_folder / "transactions_train.csv").read_text().splitlines()
    new = [sales[1].replace(sales[1].split(",")[1], letter * 64) for letter in "f0"]
    (hm_folder / "transactions_train.csv").write_text("\n".join([*sales, *new, ""]))
    convert_dataset(settings, tmp_path / "out", today=today)
    order = pl.read_parquet(tmp_path / "out" / "submission_order.parquet")
    ids = order.join(pl.read_parquet(tmp_path / "out" / "customer_ids.parquet"), on="customer", maintain_order="left")
    listed = pl.read_csv(hm_folder / "customers.csv", infer_schema=False)["customer_id"].to_list()
    assert ids["customer_id"].to_list() == [*listed, "0" * 64, "f" * 64]


def test_levels_are_coded_in_the_order_of_their_sorted_texts(settings: DataSettings, tmp_path: Path, today: date) -> None:
    convert_dataset(settings, tmp_path / "out", today=today)
    articles = Dataset.open(tmp_path / "out").articles.head(4).collect()
    assert articles.drop("name", "text").rows() == [
        (0, 1, 1, 1, 1, 1, 1),
        (1, 1, 2, 2, 2, 2, 2),
        (2, 2, 3, 3, 1, 1, 3),
        (3, 2, 4, 1, 2, 2, 1),
    ]


def test_the_words_of_an_article_are_its_description_and_the_names_of_its_groups(
    settings: DataSettings, hm_folder: Path, tmp_path: Path, today: date
) -> None:
    articles = pl.read_csv(hm_folder / "articles.csv", infer_schema=False)
    silent = articles.with_columns(detail_desc=pl.when(pl.int_range(pl.len()) > 0).then("detail_desc"))
    silent.write_csv(hm_folder / "articles.csv")
    convert_dataset(settings, tmp_path / "out", today=today)
    texts = Dataset.open(tmp_path / "out").articles.head(2).collect()["text"].to_list()
    groups = "Vest top Garment Upper body Solid Black Black Jersey Basic Ladieswear Womens Basics Jersey Basic"
    assert texts == [groups, f'{groups} Jersey top, "narrow" straps, number 1.']


def test_an_articles_file_without_columns_of_words_has_the_text_of_the_others(
    settings: DataSettings, hm_folder: Path, tmp_path: Path, today: date
) -> None:
    articles = pl.read_csv(hm_folder / "articles.csv", infer_schema=False)
    words = [column for column in articles.columns if column.endswith("_name") and column != "prod_name"]
    for left, text in ((["section_name"], "Womens Basics"), ([], None)):
        dropped = [column for column in (*words, "detail_desc") if column not in left]
        articles.with_columns(section_name=pl.lit("Womens Basics")).drop(dropped).write_csv(hm_folder / "articles.csv")
        convert_dataset(settings, tmp_path / "out", today=today)
        assert Dataset.open(tmp_path / "out").articles.collect()["text"].unique().to_list() == [text]


def test_what_a_killed_conversion_left_does_no_harm(settings: DataSettings, tmp_path: Path, today: date) -> None:
    convert_dataset(settings, tmp_path / "plain", today=today)
    (tmp_path / "out.partial" / "spill").mkdir(parents=True)
    (tmp_path / "out.partial" / "transactions.parquet").write_bytes(b"half")
    convert_dataset(settings, tmp_path / "out", today=today)
    assert content(tmp_path / "out") == content(tmp_path / "plain")
    assert not (tmp_path / "out.partial").exists()


def test_an_older_conversion_stays_until_a_new_one_is_complete(
    settings: DataSettings, hm_folder: Path, tmp_path: Path, today: date
) -> None:
    convert_dataset(settings, tmp_path / "out", today=today)
    before = content(tmp_path / "out")
    (hm_folder / "articles.csv").write_text("nothing")
    with pytest.raises(DataError):
        convert_dataset(settings, tmp_path / "out", today=today)
    assert content(tmp_path / "out") == before


def test_the_counts_stand_in_dataset_json(settings: DataSettings, tmp_path: Path, today: date) -> None:
    summary = convert_dataset(settings, tmp_path / "out", today=today)
    assert json.loads((tmp_path / "out" / "dataset.json").read_text()) == {**summary.as_dict(), "warnings": []}
    assert (summary.transactions, summary.customers, summary.articles) == (311, 12, 20)


def test_the_source_digest_follows_the_bytes_and_not_the_place(
    make_settings: Callable[..., DataSettings], hm_folder: Path, settings: DataSettings
) -> None:
    before = source_digest(settings)
    moved = hm_folder.rename(hm_folder.with_name("elsewhere"))
    elsewhere = make_settings(dataset="hm", data_dir=str(moved))
    assert source_digest(elsewhere) == before
    (moved / "customers.csv").write_bytes((moved / "customers.csv").read_bytes() + b"\n")
    assert source_digest(elsewhere) != before


@given(st.lists(st.lists(st.text(min_size=1, max_size=3), max_size=6), max_size=4), st.sets(st.text(min_size=1, max_size=3)))
def test_ids_met_in_any_batches_are_numbered_in_sorted_order(batches: list[list[str]], known: set[str]) -> None:
    ids = IdMap(pl.Series("id", sorted(known, reverse=True), dtype=pl.String))
    codes = [ids.codes(pl.Series(batch, dtype=pl.String)).to_list() for batch in batches]
    final = ids.final("customer")
    assert final["customer_id"].to_list() == sorted(known.union(*batches), key=str.encode)
    text = dict(final.select("code", "customer_id").iter_rows())
    assert [[text[code] for code in batch] for batch in codes] == batches
    assert set(final.filter("known")["customer_id"]) == known
    for batch in batches:
        found = ids.known_codes(pl.Series(batch, dtype=pl.String)).to_list()
        assert [None if code is None else text[code] for code in found] == [one if one in known else None for one in batch]
