"""What the program of a peer is given for one week, and what it gives back; every program uses it.

`python PROGRAM.py WEEK OUT SETTINGS`. Input: the folder WEEK that contract.py wrote, settings as JSON. Output: OUT with one row per
customer and rank, and a line of JSON with versions and settings. Programs run in environments of their own, without lookbook.
"""

import json
import platform
import sys
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from pathlib import Path

import polars as pl

POPULAR_DAYS = 28
"""Days before as_of whose buyers make an article popular enough to fill a list."""


@dataclass(frozen=True)
class Week:
    """as_of: the first predicted day. k: articles a customer. purchases: customer, article, date, quantity, price, days_ago (1 =
    the day before as_of). articles: article and its attributes. customers: who is judged, known or not."""

    as_of: date
    k: int
    settings: dict
    purchases: pl.DataFrame
    articles: pl.DataFrame
    customers: pl.Series
    out: Path


def given():
    """The week that the command line names."""
    folder, out, settings = Path(sys.argv[1]), Path(sys.argv[2]), json.loads(sys.argv[3])
    about = json.loads((folder / "week.json").read_text())
    as_of = date.fromisoformat(about["as_of"])
    purchases = pl.read_parquet(folder / "purchases.parquet").with_columns(
        days_ago=(pl.lit(as_of) - pl.col("date")).dt.total_days().cast(pl.Int32)
    )
    articles = pl.read_parquet(folder / "articles.parquet")
    customers = pl.read_parquet(folder / "customers.parquet")["customer"]
    return Week(as_of, about["k"], settings, purchases, articles, customers, out)


def popular(purchases, days=POPULAR_DAYS):
    """Articles with the most buyers of the last `days` days: article, buyers; best first, ties by purchases of all time and id."""
    recent = pl.col("days_ago") <= days
    return (
        purchases.group_by("article")
        .agg(buyers=pl.col("customer").filter(recent).n_unique(), all_time=pl.len())
        .sort("buyers", "all_time", "article", descending=[True, True, False])
        .select("article", "buyers")
    )


def give(week, scored, *libraries):
    """Write the `k` best of each customer of `scored` (customer, article, score), filled up with what is popular."""
    fill = popular(week.purchases).head(week.k).select("article", score=-pl.int_range(pl.len()).cast(pl.Float64))
    filled = pl.DataFrame({"customer": week.customers}).join(fill, how="cross").with_columns(tier=pl.lit(1))
    best = scored.select("customer", "article", pl.col("score").cast(pl.Float64), tier=pl.lit(0))
    lists = (
        pl.concat([best.join(filled.select("customer").unique(), on="customer", how="semi"), filled.select(best.columns)])
        .sort("customer", "tier", "score", "article", descending=[False, False, True, False])
        .unique(["customer", "article"], keep="first", maintain_order=True)
        .with_columns(rank=pl.int_range(1, pl.len() + 1, dtype=pl.UInt32).over("customer"))
        .filter(pl.col("rank") <= week.k)
        .select("customer", "article", "rank")
    )
    lists.write_parquet(week.out)
    versions = {"python": platform.python_version(), **{name: version(name) for name in ("polars", *libraries)}}
    print(json.dumps({"versions": versions, "settings": week.settings}), flush=True)
