import json
import subprocess
import sys
from datetime import date

import polars as pl
import pytest

from benchmarks.peers.contract import write_week
from benchmarks.peers.registry import PEERS
from benchmarks.peers.rounds import PROGRAMS
from lookbook.data.windows import Window

WINDOW = Window(date(2020, 9, 16))
HERE = ("popularity", "repurchase", "tifu_knn", "up_cf", "script")
"""Programs that need no library that the project lacks."""


def run(peer: str, folder, out, **changed) -> pl.DataFrame:
    chosen = next(each for each in PEERS if each.name == peer)
    settings = json.dumps({**chosen.grid[0], **changed})
    command = [sys.executable, str(PROGRAMS / f"{chosen.program}.py"), str(folder), str(out), settings]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert json.loads(printed.splitlines()[-1])["settings"] == json.loads(settings)
    return pl.read_parquet(out)


@pytest.mark.parametrize("peer", HERE)
def test_a_program_recommends_k_different_articles_to_everybody_who_is_judged(peer, market, tmp_path):
    write_week(market, WINDOW, tmp_path, k=12)
    changed = {"neighbours": 5} if peer == "tifu_knn" else {"trees": 3} if peer == "script" else {}
    lists = run(peer, tmp_path, tmp_path / "lists.parquet", **changed)
    customers = pl.read_parquet(tmp_path / "customers.parquet")["customer"]
    assert lists["customer"].unique().sort().equals(customers)
    assert lists.select("customer", "article").is_unique().all()
    assert lists.group_by("customer").agg(pl.col("rank").sort())["rank"].to_list() == [list(range(1, 13))] * len(customers)


@pytest.mark.parametrize("peer", ["repurchase", "up_cf"])
def test_the_articles_that_a_customer_buys_again_and_again_come_first(peer, make_dataset, tmp_path):
    days = [date(2020, 9, day) for day in range(1, 16)]
    own = [{"customer": customer, "article": customer, "date": day} for customer in range(20) for day in days[::2]]
    once = [{"customer": customer, "article": 20 + other, "date": days[0]} for customer in range(20) for other in range(15)]
    asked = [{"customer": 3, "article": 3, "date": WINDOW.as_of}]
    write_week(make_dataset(pl.DataFrame([*own, *once, *asked])), WINDOW, tmp_path, k=12)
    lists = run(peer, tmp_path, tmp_path / "lists.parquet")
    assert lists.filter(pl.col("rank") == 1).select("customer", "article").rows() == [(3, 3)]
