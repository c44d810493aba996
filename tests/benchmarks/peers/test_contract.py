import json
from datetime import date, timedelta
from pathlib import Path

import polars as pl

from benchmarks.peers.contract import write_week
from lookbook.data.windows import Window

WINDOW = Window(date(2020, 9, 9))


def written(dataset, folder: Path) -> dict[str, pl.DataFrame]:
    write_week(dataset, WINDOW, folder, k=12)
    return {file.stem: pl.read_parquet(file) for file in folder.glob("*.parquet")}


def test_purchases_are_all_of_before_the_week_and_none_of_it_or_later(market, tmp_path):
    purchases = written(market, tmp_path)["purchases"]
    before = market.transactions.filter(pl.col("date") < WINDOW.as_of).collect()
    assert purchases["date"].max() == WINDOW.as_of - timedelta(days=1)
    assert purchases.equals(before.select("customer", "article", "date", "quantity", "price"))


def test_nothing_but_who_is_asked_for_depends_on_what_was_bought_later(market, scramble_from, tmp_path):
    known = written(market, tmp_path / "a")
    other = written(scramble_from(market, WINDOW.as_of), tmp_path / "b")
    assert [name for name, table in known.items() if name != "customers" and not table.equals(other[name])] == []


def test_the_folder_says_who_is_judged_and_not_what_they_bought(market, tmp_path):
    tables = written(market, tmp_path)
    bought = market.labels(WINDOW).collect()
    assert tables["customers"].to_dict(as_series=False) == {"customer": sorted(set(bought["customer"]))}
    assert set(tables) == {"purchases", "articles", "attributes", "customers"}
    assert json.loads((tmp_path / "week.json").read_text()) == {"as_of": "2020-09-09", "k": 12}


def test_a_customer_without_a_past_is_judged_too(make_dataset, tmp_path):
    rows = pl.DataFrame({"customer": [1, 2], "article": [5, 6], "date": [date(2020, 9, 8), date(2020, 9, 9)]})
    tables = written(make_dataset(rows), tmp_path)
    assert tables["customers"]["customer"].to_list() == [2]
    assert tables["purchases"]["customer"].to_list() == [1]
