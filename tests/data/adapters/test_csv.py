import re
import tomllib
from collections.abc import Callable
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from lookbook.data.adapters.csv import channel_codes
from lookbook.data.dataset import Dataset
from lookbook.data.errors import DataError
from lookbook.data.registry import convert_dataset
from lookbook.data.schema import LEVELS, TRANSACTIONS
from lookbook.data.settings import DataSettings

README = Path(__file__).parents[3] / "data" / "README.md"
LOG = "customer,article,date,price\nc,x,2024-03-01,1.5\nb,x,2024-03-02,2.5\nb,y,2024-03-02,2.5\n"

MakeSettings = Callable[..., DataSettings]
ARTICLES: dict[str, object] = dict.fromkeys(("file", "id", "name", *LEVELS), "") | {"text": []}


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
    assert dataset.articles.collect().rows() == [(0, *[None] * (2 + len(LEVELS))), (1, *[None] * (2 + len(LEVELS)))]
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
            "customers": {
                "file": "people.csv", "id": "id", "age": "years", "numbers": ["points"], "categories": ["tier"], "household": "",
            },
            "articles": {
                "file": "goods.csv", "id": "sku", "name": "title", "text": [], "product": "", "category": "group",
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


def test_purchases_after_the_last_day_are_dropped(make_settings: MakeSettings, tmp_path: Path, today: date) -> None:
    folder = written(tmp_path / "in", transactions=LOG)
    settings = make_settings(dataset="csv", data_dir=folder, last_day="2024-03-01")
    summary = convert_dataset(settings, tmp_path / "out", today=today)
    assert (summary.last_day, summary.quarantined) == ("2024-03-01", {})
    assert summary.dropped == {"transactions: date_not_after_the_last_day": 2}


def test_a_last_day_on_which_the_shop_was_closed_is_said(make_settings: MakeSettings, tmp_path: Path, today: date) -> None:
    folder = written(tmp_path / "in", transactions=LOG)
    open_day, closed = (make_settings(dataset="csv", data_dir=folder, last_day=day) for day in ("2024-03-02", "2024-03-04"))
    assert not [w for w in convert_dataset(open_day, tmp_path / "a", today=today).warnings if "last_day" in w]
    (told,) = [w for w in convert_dataset(closed, tmp_path / "b", today=today).warnings if "last_day" in w]
    assert told.startswith("last_day 2024-03-04: no purchases on that day; ")
    assert told.endswith("2024-03-02")


@pytest.mark.parametrize(
    ("channels", "online", "expected"),
    [
        ((), "", {}),
        (("till", "web"), "", {"till": "1", "web": "2"}),
        (("web", "till"), "web", {"web": "2", "till": "1"}),
        (("phone", "till", "web", "app"), "till", {"phone": "1", "till": "2", "web": "3", "app": "4"}),
        (("a", "b", "c"), "c", {"a": "1", "b": "3", "c": "2"}),
        ((), "7", {"7": "2", "2": "7"}),
    ],
)
def test_the_online_channel_has_code_2(channels: tuple[str, ...], online: str, expected: dict[str, str]) -> None:
    assert channel_codes(channels, online) == expected


def test_articles_that_are_none_are_dropped_with_their_purchases(make_settings: MakeSettings, tmp_path: Path, today: date) -> None:
    bought = ["c,x,2024-03-01", "b, POST ,2024-03-02", "b,C2-a,2024-03-02", "b,C2,2024-03-02", "b,x+,2024-03-02"]
    log = "customer,article,date,price\n" + "".join(f"{row},1.5\n" for row in bought)
    folder = written(tmp_path / "in", transactions=log, articles="id,name\nx,shirt\nPOST,postage\nx+,more\nC2,c\n")
    (tmp_path / "in" / "none.txt").write_bytes(b"\xef\xbb\xbfPOST\r\n\r\n")
    csv = {"articles": {**ARTICLES, "file": "articles.csv", "id": "id", "name": "name"}}
    given = {"exclude_articles": ("C2-*", "x+", "y*"), "exclude_articles_file": "none.txt"}
    settings = make_settings(dataset="csv", data_dir=folder, csv=csv, **given)
    summary = convert_dataset(settings, tmp_path / "out", today=today)
    assert summary.dropped == {"transactions: article_excluded": 3}
    assert (summary.read["transactions"], summary.transactions, summary.articles) == (5, 2, 2)
    assert pl.read_parquet(tmp_path / "out" / "article_ids.parquet")["article_id"].to_list() == ["C2", "x"]
    assert [w for w in summary.warnings if "exclude" in w] == ["exclude_articles: no article fits 'y*'"]


def test_names_of_articles_may_stand_in_the_purchases(make_settings: MakeSettings, tmp_path: Path, today: date) -> None:
    rows = [
        "c,x,2024-03-01,1.5,old shirt,tops",
        "b,x,2024-03-02,2.5,shirt,tops",
        "b,x,2024-03-02,2.5,shirt B,",
        "b,y,2024-03-02,2.5,,hats",
    ]
    mapping = {"articles": {**ARTICLES, "name": "label", "category": "kind"}}
    for place, order in enumerate((rows, rows[::-1])):
        log = "\n".join(["customer,article,date,price,label,kind", *order, ""])
        folder = written(tmp_path / f"in{place}", transactions=log)
        settings = make_settings(dataset="csv", data_dir=folder, csv=mapping)
        summary = convert_dataset(settings, tmp_path / f"out{place}", today=today)
        articles = Dataset.open(tmp_path / f"out{place}").articles.select("name", "category").collect()
        assert articles.rows() == [("shirt", 2), (None, 1)]
        assert not summary.quarantined


def test_what_an_article_is_called_is_read_from_purchases_that_say_it_up_to_the_last_day(
    make_settings: MakeSettings, tmp_path: Path, today: date, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lookbook.data.reading.delimited.BLOCK_BYTES", 40)
    monkeypatch.setattr("lookbook.data.reading.delimited.HEADER_BYTES", 40)
    rows = [
        "c,x,2024-03-01,1.5,shirt,tops",
        "b,x,2024-03-02,1.5,,sale",
        "b,x,2024-03-04,1.5,shirt of tomorrow,later",
        "b,x,2999-01-01,1.5,shirt of the far future,later",
        "b,y,2024-03-03,1.5,cap,",
        "b,z,2024-03-04,1.5,new,later",
    ]
    mapping = {"articles": {**ARTICLES, "name": "label", "category": "kind"}}
    for place, order in enumerate((rows, rows[::-1])):
        folder = written(tmp_path / f"in{place}", transactions="\n".join(["customer,article,date,price,label,kind", *order, ""]))
        settings = make_settings(dataset="csv", data_dir=folder, csv=mapping, last_day="2024-03-03", quarantine_limit=0.2)
        convert_dataset(settings, tmp_path / f"out{place}", today=today)
        articles = Dataset.open(tmp_path / f"out{place}").articles.select("name", "category").collect()
        assert articles.rows() == [("shirt", 1), ("cap", None)]


def test_a_column_that_is_not_there_is_told_with_the_change_to_the_mapping(
    make_settings: MakeSettings, tmp_path: Path, today: date
) -> None:
    folder = written(tmp_path / "in", transactions="cust,sku,day,price\nc,x,2024-03-01,1.5\n", articles="sku,label\nx,shirt\n")
    settings = make_settings(dataset="csv", data_dir=folder, csv={"article": "sku", "date": "day"})
    with pytest.raises(
        DataError,
        match=r"(?s)data\.csv\.customer = 'customer': .*cust, sku, day, price.*write customer = \"cust\" in \[data\.csv\]",
    ):
        convert_dataset(settings, tmp_path / "out", today=today)
    articles = {**ARTICLES, "file": "articles.csv", "id": "sku", "name": "title"}
    settings = make_settings(
        dataset="csv", data_dir=folder, csv={"customer": "cust", "article": "sku", "date": "day", "articles": articles}
    )
    with pytest.raises(
        DataError, match=r"(?s)data\.csv\.articles\.name = 'title'.*write name = \"label\" in \[data\.csv\.articles\]"
    ):
        convert_dataset(settings, tmp_path / "out", today=today)


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        (["12347.0", "12347", "5"], "1 customer ids are there as a number with a point too, such as '12347.0' beside '12347'"),
        (["1.0", "2.0", "3.00"], "3 customer ids look like numbers with a point, such as '1.0'"),
        (["12347", "v1.0", "5"], None),
    ],
)
def test_ids_that_were_numbers_once_are_warned_of(
    ids: list[str], expected: str | None, make_settings: MakeSettings, tmp_path: Path, today: date
) -> None:
    log = "customer,article,date,price\n" + "".join(f"{customer},x,2024-03-01,1.5\n" for customer in ids)
    settings = make_settings(dataset="csv", data_dir=written(tmp_path / "in", transactions=log))
    told = [w for w in convert_dataset(settings, tmp_path / "out", today=today).warnings if "point" in w]
    assert told == ([] if expected is None else [f"{expected}: export the ids as text"])


def test_an_article_id_with_a_space_is_refused(make_settings: MakeSettings, tmp_path: Path, today: date) -> None:
    log = "customer,article,date,price\nc,red shirt,2024-03-01,1.5\n"
    with pytest.raises(DataError, match=r"(?s)article id without space does not hold.*'red shirt'"):
        convert_dataset(
            make_settings(dataset="csv", data_dir=written(tmp_path / "in", transactions=log)), tmp_path / "out", today=today
        )


def test_digits_of_other_scripts_are_no_digits(make_settings: MakeSettings, tmp_path: Path, today: date) -> None:
    log = "customer,article,date,price\nc,x,２０２４-03-01,1.5\n"
    with pytest.raises(DataError, match="date is iso does not hold"):
        convert_dataset(
            make_settings(dataset="csv", data_dir=written(tmp_path / "in", transactions=log)), tmp_path / "out", today=today
        )


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
