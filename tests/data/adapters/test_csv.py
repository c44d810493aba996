import re
import tomllib
from collections.abc import Callable
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from lookbook.data.dataset import Dataset
from lookbook.data.errors import DataError
from lookbook.data.registry import convert_dataset
from lookbook.data.schema import LEVELS, TRANSACTIONS
from lookbook.data.settings import DataSettings

README = Path(__file__).parents[3] / "data" / "README.md"
LOG = "customer,article,date,price\nc,x,2024-03-01,1.5\nb,x,2024-03-02,2.5\nb,y,2024-03-02,2.5\n"

MakeSettings = Callable[..., DataSettings]


def written(folder: Path, **files: str) -> str:
    folder.mkdir()
    for name, content in files.items():
        (folder / f"{name}.csv").write_text(content)
    return str(folder)


def test_the_example_of_the_readme_converts_as_it_says(make_settings: MakeSettings, tmp_path: Path, today: date) -> None:
    log, settings = (re.search(rf"```{kind}\n(.*?)```", README.read_text(), re.DOTALL) for kind in ("csv", "toml"))
    assert log is not None
    assert settings is not None
    data = tomllib.loads(settings[1])["data"]
    source = make_settings(**{**data, "data_dir": written(tmp_path / data["data_dir"], log=log[1])})
    summary = convert_dataset(source, tmp_path / "out", today=today)
    assert (summary.name, summary.transactions, summary.dropped) == ("shop", 3, {"transactions: quantity_positive": 1})
    expected = pl.DataFrame(
        {
            "customer": [0, 0, 1],
            "article": [0, 1, 0],
            "date": [date(2024, 3, 1), date(2024, 3, 1), date(2024, 3, 2)],
            "quantity": [2, 1, 1],
            "price": [4.95, 4.5, 4.95],
            "channel": [2, 2, 1],
        },
        schema=TRANSACTIONS,
    )
    assert_frame_equal(Dataset.open(tmp_path / "out").transactions.collect(), expected)


def test_a_log_alone_gives_customers_and_articles_without_attributes(
    make_settings: MakeSettings, tmp_path: Path, today: date
) -> None:
    settings = make_settings(dataset="csv", data_dir=written(tmp_path / "in", transactions=LOG))
    summary = convert_dataset(settings, tmp_path / "out", today=today)
    dataset = Dataset.open(tmp_path / "out")
    assert dataset.customers.collect().rows() == [(0, None, None), (1, None, None)]
    assert dataset.articles.collect().rows() == [(0, None, *[None] * len(LEVELS)), (1, None, *[None] * len(LEVELS))]
    assert (summary.unknown_customers, summary.unknown_articles) == (0, 0)
    assert dataset.transactions.collect()["channel"].to_list() == [0, 0, 0]


def test_attribute_files_become_numbers(make_settings: MakeSettings, tmp_path: Path, today: date) -> None:
    folder = written(
        tmp_path / "in",
        transactions=LOG,
        people="id,years,points,tier\nb,31,7.5,gold\na,,x,\nc,200,1,basic\n" + "".join(f"z{n},40,1,basic\n" for n in range(100)),
        goods="sku,title,group\ny,Yarn,wool\nx,Xylophone,music\nw,,wool\n",
    )
    settings = make_settings(
        dataset="csv",
        data_dir=folder,
        csv={
            "customers": {"file": "people.csv", "id": "id", "age": "years", "numbers": ["points"], "categories": ["tier"]},
            "articles": {
                "file": "goods.csv", "id": "sku", "name": "title", "product": "", "category": "group",
                "department": "", "section": "", "colour": "", "brand": "",
            },
        },
    )  # fmt: skip
    summary = convert_dataset(settings, tmp_path / "out", today=today)
    dataset = Dataset.open(tmp_path / "out")
    customers = dataset.customers.head(3).collect()
    assert customers.columns == ["customer", "age", "age_band", "points", "tier"]
    assert customers.rows() == [(0, None, None, None, None), (1, 31.0, 4, 7.5, 2.0), (2, None, None, 1.0, 1.0)]
    articles = dataset.articles.select("name", "category", "product").collect()
    assert articles.rows() == [(None, 2, None), ("Xylophone", 1, None), ("Yarn", 2, None)]
    assert summary.repaired == {
        "customers: age that is no number from 0 to 120, set to unknown": 1,
        "customers: points that is no number, set to unknown": 1,
    }


def test_a_timestamp_is_dated_in_the_stated_zone(make_settings: MakeSettings, tmp_path: Path, today: date) -> None:
    log = "customer,article,date,price\nc,x,2024-03-01T23:30:00Z,1.5\nb,x,2024-03-02 23:30,2.5\n"
    folder = written(tmp_path / "in", transactions=log)
    settings = make_settings(dataset="csv", data_dir=folder, time_zone="Europe/Stockholm")
    convert_dataset(settings, tmp_path / "out", today=today)
    rows = Dataset.open(tmp_path / "out").transactions.select("customer", "date").collect().rows()
    assert rows == [(0, date(2024, 3, 2)), (1, date(2024, 3, 2))]


def test_purchases_after_the_last_day_are_set_aside(make_settings: MakeSettings, tmp_path: Path, today: date) -> None:
    folder = written(tmp_path / "in", transactions=LOG)
    settings = make_settings(dataset="csv", data_dir=folder, last_day="2024-03-01", quarantine_limit=0.7)
    summary = convert_dataset(settings, tmp_path / "out", today=today)
    assert (summary.last_day, summary.quarantined) == ("2024-03-01", {"transactions: date_in_the_window": 2})


def test_a_log_in_which_every_row_is_a_return_is_refused(make_settings: MakeSettings, tmp_path: Path, today: date) -> None:
    folder = written(tmp_path / "in", transactions="customer,article,date,price,n\nc,x,2024-03-01,1.5,0\n")
    with pytest.raises(DataError, match="no transaction is left"):
        convert_dataset(make_settings(dataset="csv", data_dir=folder, csv={"quantity": "n"}), tmp_path / "out", today=today)


def test_a_channel_text_without_a_code_is_refused(make_settings: MakeSettings, tmp_path: Path, today: date) -> None:
    folder = written(tmp_path / "in", transactions="customer,article,date,price,via\nc,x,2024-03-01,1.5,fax\n")
    settings = make_settings(dataset="csv", data_dir=folder, csv={"channel": "via", "channels": ["web"]})
    with pytest.raises(DataError, match="column 'via', value 'fax'"):
        convert_dataset(settings, tmp_path / "out", today=today)


def test_a_folder_that_is_not_stated_is_asked_for(make_settings: MakeSettings, tmp_path: Path, today: date) -> None:
    with pytest.raises(DataError, match="--data-dir"):
        convert_dataset(make_settings(dataset="csv"), tmp_path / "out", today=today)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"quarantine_limit": 1.5}, "quarantine_limit 1.5; allowed: 0 to 1"),
        ({"time_zone": "Mars/Base"}, "unknown time zone 'Mars/Base'"),
        ({"last_day": "tomorrow"}, "Invalid isoformat"),
        ({"csv": {"name": "../x"}}, "data set name '../x' is not allowed"),
        ({"csv": {"separator": "::"}}, "separator '::'"),
        ({"zone": "UTC"}, "zone"),
    ],
)
def test_settings_out_of_range_are_refused(make_settings: MakeSettings, changes: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make_settings(**changes)
