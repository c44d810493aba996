"""How large a data set is that is not converted yet, and its stand-in."""

import gzip
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from lookbook.data.errors import ColumnError
from lookbook.data.windows import last_window
from lookbook.pipelines.dry_run.unconverted import SAMPLE, rows_of_files, unconverted
from lookbook.pipelines.settings.config import load_settings

FIGURES = {"compression": 4.0, "purchases_per_customer": 10.0}


def rows(folder: Path) -> tuple[int, int]:
    settings = load_settings(overrides={"data.dataset": "hm", "data.data_dir": str(folder)})
    return rows_of_files(settings.data, FIGURES)


def test_short_files_are_counted_and_long_ones_guessed_from_their_start(hm_folder: Path) -> None:
    file = hm_folder / "transactions_train.csv"
    header, *lines = file.read_text().splitlines()
    assert rows(hm_folder) == (12, len(lines))
    many = lines * (3 * SAMPLE // len(file.read_bytes()) + 1)
    file.write_text("\n".join([header, *many, ""]))
    assert rows(hm_folder)[1] == pytest.approx(len(many), rel=0.01)


def test_compressed_text_is_taken_to_be_so_many_times_as_long(hm_folder: Path) -> None:
    file = hm_folder / "transactions_train.csv"
    text = file.read_bytes() * (2 * SAMPLE // file.stat().st_size + 1)
    packed = hm_folder / "transactions_train.csv.gz"
    packed.write_bytes(gzip.compress(text))
    file.unlink()
    guessed = text.count(b"\n") * packed.stat().st_size * FIGURES["compression"] / len(text)
    assert rows(hm_folder)[1] == pytest.approx(guessed, rel=0.02)


def test_the_rows_of_parquet_are_known(hm_folder: Path) -> None:
    file = hm_folder / "transactions_train.csv"
    table = pl.read_csv(file)
    table.write_parquet(file.with_suffix(".parquet"))
    file.unlink()
    assert rows(hm_folder)[1] == table.height


def log(folder: Path, customers: list[int]) -> tuple[int, int]:
    (folder / "transactions.csv").write_text(
        "customer,article,date,price\n" + "".join(f"{c},2,2020-01-01,3.0\n" for c in customers)
    )
    settings = load_settings(overrides={"data.dataset": "csv", "data.data_dir": str(folder)})
    return rows_of_files(settings.data, FIGURES)


def test_a_wrong_column_of_customers_is_told_with_the_change_to_the_mapping(tmp_path: Path) -> None:
    (tmp_path / "transactions.csv").write_text("cust,article,date,price\n1,2,2020-01-01,3.0\n")
    settings = load_settings(overrides={"data.dataset": "csv", "data.data_dir": str(tmp_path)})
    with pytest.raises(ColumnError, match=r'(?s)data\.csv\.customer = .customer.*write customer = "cust" in \[data\.csv\]'):
        rows_of_files(settings.data, FIGURES)


def test_the_customers_of_a_plain_log_are_counted(tmp_path: Path) -> None:
    assert log(tmp_path, [1, 2, 1, 3] * 10) == (3, 40)


@pytest.mark.parametrize("customers", [100, 2_000, 1_000_000])
def test_of_a_long_log_the_customers_are_counted_in_its_beginning_and_guessed_from_there(
    customers: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lookbook.pipelines.dry_run.unconverted.READ_ROWS", 1_000)
    monkeypatch.setattr("lookbook.data.reading.delimited.BLOCK_BYTES", 10_000)
    bought = np.random.default_rng(1).integers(0, customers, 6_000).tolist()
    guessed, rows = log(tmp_path, bought)
    assert rows == 6_000
    assert 1 / 1.5 < guessed / len(set(bought)) < 1.5


def test_the_stand_in_has_its_customers_and_as_many_buyers_in_every_week() -> None:
    dataset = unconverted(1_000, weekly_buyers=0.05, weeks=4)
    assert dataset.customers.select(pl.len()).collect().item() == 1_000
    weeks = [dataset.labels(last_window(dataset.last_day).earlier(back)).collect()["customer"] for back in range(4)]
    assert [week.n_unique() for week in weeks] == [50] * 4
    assert pl.concat(weeks).n_unique() == 200
