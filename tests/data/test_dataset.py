from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pyarrow.parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from lookbook.data.conversion.transactions_file import writing_transactions
from lookbook.data.dataset import Dataset
from lookbook.data.registry import convert_dataset
from lookbook.data.schema import LABELS, PAST_TRANSACTIONS, TRANSACTIONS, SchemaError, conform
from lookbook.data.settings import DataSettings
from lookbook.data.windows import Window, last_window, passed_over, training_windows

AS_OF = date(2020, 9, 16)


def sales(*rows: tuple[int, int, str]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=["customer", "article", "date"], orient="row").with_columns(pl.col("date").str.to_date())


def test_a_history_ends_the_day_before_its_as_of(make_dataset: Callable[..., Dataset]) -> None:
    dataset = make_dataset(sales((1, 5, "2020-09-14"), (1, 6, "2020-09-15"), (1, 7, "2020-09-16"), (2, 8, "2020-09-17")))
    known = dataset.before(AS_OF).transactions.select("customer", "article", "days_ago").collect()
    expected = pl.DataFrame(
        {"customer": [1, 1], "article": [5, 6], "days_ago": [2, 1]}, schema=dict.fromkeys(known.columns, pl.UInt32)
    )
    assert_frame_equal(known, expected.cast({"days_ago": pl.UInt16}))


def test_labels_start_on_the_as_of_and_end_before_the_eighth_day(make_dataset: Callable[..., Dataset]) -> None:
    bought = sales((1, 1, "2020-09-15"), (2, 2, "2020-09-16"), (1, 3, "2020-09-22"), (1, 3, "2020-09-16"), (1, 4, "2020-09-23"))
    labels = make_dataset(bought).labels(Window(AS_OF)).collect()
    assert_frame_equal(labels, pl.DataFrame({"customer": [1, 2], "article": [3, 2]}, schema=LABELS))


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(-20, 20)), min_size=1), st.integers(0, 3))
def test_every_row_is_known_or_a_label_or_later_and_never_two_of_them(rows: list[tuple[int, int, int]], seed: int) -> None:
    table = pl.DataFrame(rows, schema=["customer", "article", "day"], orient="row").select(
        pl.col("customer").cast(pl.UInt32),
        pl.col("article").cast(pl.UInt32),
        date=pl.lit(AS_OF) + pl.duration(days=pl.col("day")),
        quantity=pl.lit(1, pl.UInt32), price=pl.lit(1.0, pl.Float32), channel=pl.lit(0, pl.UInt8),
    )  # fmt: skip
    shuffled = table.sample(fraction=1.0, shuffle=True, seed=seed).lazy()
    dataset = Dataset("t", "", AS_OF, AS_OF, shuffled, pl.LazyFrame(), pl.LazyFrame())
    past = dataset.before(AS_OF).transactions.collect()
    assert sorted(past["days_ago"].to_list()) == sorted(-day for _, _, day in rows if day < 0)
    assert past.schema == dict(PAST_TRANSACTIONS)
    labels = dataset.labels(Window(AS_OF)).collect()
    assert labels.rows() == sorted({(customer, article) for customer, article, day in rows if 0 <= day < 7})


def test_the_last_window_holds_the_last_seven_days() -> None:
    assert last_window(date(2020, 9, 22)) == Window(AS_OF)
    assert Window(AS_OF).end == date(2020, 9, 23)


def every_day(first: date, last: date) -> set[date]:
    return {first + timedelta(days=n) for n in range((last - first).days + 1)}


def test_training_windows_stand_side_by_side_before_the_target() -> None:
    windows = training_windows(Window(AS_OF), 3, days=every_day(date(2020, 1, 1), AS_OF))
    assert passed_over(Window(AS_OF), windows) == []
    assert [window.as_of for window in windows] == [date(2020, 8, 26), date(2020, 9, 2), date(2020, 9, 9)]
    assert [window.end for window in windows] == [date(2020, 9, 2), date(2020, 9, 9), AS_OF]
    assert Window(AS_OF).earlier(-1).as_of == AS_OF + timedelta(weeks=1)


def test_weeks_without_purchases_are_passed_over_for_older_ones_as_long_as_something_is_known_before_them() -> None:
    target, closed = Window(date(2020, 1, 29)), every_day(date(2020, 1, 15), date(2020, 1, 21))
    days = every_day(date(2020, 1, 1), date(2020, 2, 5)) - closed
    assert training_windows(target, 2, days=days) == [Window(date(2020, 1, 8)), Window(date(2020, 1, 22))]
    assert training_windows(target, 9, days=days) == [Window(date(2020, 1, 8)), Window(date(2020, 1, 22))]
    assert passed_over(target, training_windows(target, 2, days=days)) == [Window(date(2020, 1, 15))]
    assert training_windows(target, 2, days={date(2020, 2, 1)}) == []
    assert passed_over(target, []) == []


@given(st.sets(st.integers(0, 60), min_size=1), st.integers(1, 5))
def test_training_windows_are_the_newest_with_purchases_in_and_before_them(ago: set[int], weeks: int) -> None:
    target, days = Window(AS_OF), {AS_OF - timedelta(days=n) for n in ago}
    every = [target.earlier(back) for back in range(9, 0, -1)]
    usable = [w for w in every if any(w.as_of <= day < w.end for day in days)][-weeks:]
    assert training_windows(target, weeks, days=days) == [w for w in usable if any(day < w.as_of for day in days)]


def test_a_narrowed_history_holds_the_customers_asked_for_and_all_articles(market: Dataset) -> None:
    history = market.before(AS_OF)
    narrow = history.of(pl.Series("customer", [3, 5, 59], dtype=pl.UInt32))
    expected = history.transactions.collect().filter(pl.col("customer").is_in([3, 5, 59]))
    assert_frame_equal(narrow.transactions.collect(), expected)
    assert narrow.customers.collect()["customer"].to_list() == [3, 5, 59]
    assert_frame_equal(narrow.articles.collect(), history.articles.collect())
    assert history.of(pl.Series("customer", [], dtype=pl.UInt32)).transactions.collect().is_empty()


def test_a_narrowed_history_reads_no_row_of_another_shard(tmp_path: Path) -> None:
    file = tmp_path / "transactions.parquet"
    with writing_transactions(file) as transactions:
        for shard in range(3):
            frame = pl.DataFrame({"customer": [shard * 10_000] * 500, "article": range(500)}).with_columns(
                date=pl.lit(AS_OF) - pl.duration(days=1), quantity=pl.lit(1), price=pl.lit(1.0), channel=pl.lit(0)
            )
            transactions.append(frame.select(pl.col(c).cast(t) for c, t in TRANSACTIONS.items()))
    content = bytearray(file.read_bytes())
    groups = [pyarrow.parquet.read_metadata(file).row_group(number) for number in (0, 2)]
    for column in (group.column(number) for group in groups for number in range(6)):
        start = column.dictionary_page_offset or column.data_page_offset
        content[start : start + column.total_compressed_size] = bytes(column.total_compressed_size)
    file.write_bytes(bytes(content))
    scan = pl.scan_parquet(file, glob=False)
    with pytest.raises(pl.exceptions.PolarsError):
        scan.collect()
    customers = pl.LazyFrame({"customer": [10_000]}, schema={"customer": pl.UInt32})
    dataset = Dataset("t", "", AS_OF, AS_OF, scan, customers, pl.LazyFrame())
    assert dataset.before(AS_OF).of(pl.Series([10_000], dtype=pl.UInt32)).transactions.collect().height == 500


def test_a_held_history_says_the_same_when_its_files_are_gone(tmp_path: Path, market: Dataset) -> None:
    for name in ("transactions", "customers"):
        getattr(market, name).collect().write_parquet(tmp_path / f"{name}.parquet")
    scans = {name: pl.scan_parquet(tmp_path / f"{name}.parquet") for name in ("transactions", "customers")}
    some = pl.Series("customer", [3, 5, 59], dtype=pl.UInt32)
    history = replace(market, **scans).before(AS_OF).of(some)
    expected = [history.transactions.collect(), history.customers.collect()]
    held = history.held()
    for name in scans:
        (tmp_path / f"{name}.parquet").unlink()
    assert_frame_equal(held.transactions.collect(), expected[0])
    assert_frame_equal(held.customers.collect(), expected[1])
    assert held.as_of == AS_OF


def test_a_table_that_does_not_conform_is_refused_with_every_reason() -> None:
    frame = pl.LazyFrame({"customer": [1], "artikel": [1]}, schema={"customer": pl.Int64, "artikel": pl.UInt32})
    with pytest.raises(SchemaError) as caught:
        conform(frame, LABELS, "labels")
    assert str(caught.value) == (
        "table 'labels': missing column 'article' (nearest present: 'artikel'); "
        "column 'customer' is Int64, expected UInt32; unexpected column 'artikel'"
    )


def test_an_opened_dataset_has_the_days_and_types_that_were_converted(
    make_settings: Callable[..., DataSettings], hm_folder: Path, tmp_path: Path, today: date
) -> None:
    summary = convert_dataset(make_settings(dataset="hm", data_dir=str(hm_folder)), tmp_path / "out", today=today)
    dataset = Dataset.open(tmp_path / "out")
    assert (dataset.name, dataset.digest) == ("hm", summary.digest)
    assert (dataset.first_day, dataset.last_day) == (date(2020, 6, 17), date(2020, 9, 22))
    assert dataset.transactions.collect_schema() == pl.Schema(dict(TRANSACTIONS))
