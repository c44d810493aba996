"""The retailer's own ids and names of what the tables know as numbers.

Input: the folder of a converted data set, ids as people type them. Output: dense ids; names.
"""

from pathlib import Path
from typing import Literal

import polars as pl

from lookbook.data.errors import DataError
from lookbook.pipelines.stages.system import System

NEIGHBOURS = 2
"""Ids shown on either side of where an unknown id would stand."""


def dense_id(folder: Path, what: Literal["customer", "article"], raw: str) -> int:
    """The number of the customer or article whose own id is exactly `raw`, leading zeros included.

    Raises:
        DataError: there is none; the message names the nearest known ids.
    """
    return int(dense_ids(folder, what, pl.Series([raw], dtype=pl.String))[0])


def dense_ids(folder: Path, what: Literal["customer", "article"], raw: pl.Series) -> pl.Series:
    """The numbers of customers or articles, in the order of their own ids `raw`; the series is called `what`.

    Raises:
        DataError: one is not known; the message names the first, and the nearest known ids.
    """
    ids = pl.scan_parquet(folder / f"{what}_ids.parquet", glob=False).select(what, raw=f"{what}_id")
    asked = pl.LazyFrame({"raw": raw})
    found = asked.join(ids.join(asked.unique(), on="raw", how="semi"), on="raw", how="left", maintain_order="left").collect()
    unknown = found.filter(pl.col(what).is_null())
    if len(unknown):
        raise _unknown(ids, what, str(unknown["raw"][0]))
    return found[what]


def _unknown(ids: pl.LazyFrame, what: str, raw: str) -> DataError:
    near = nearest_ids(ids.select("raw").collect()["raw"], raw)
    return DataError(
        f"unknown {what} {raw!r}",
        expected=f"the id of a {what} as the files of the data set spell it; nearest known: {', '.join(near) or 'none'}",
        fix=f"copy the id from the {what} file or from submission.csv, with its leading zeros",
    )


def nearest_ids(known: pl.Series, raw: str) -> list[str]:
    """Of the sorted ids `known`, those that differ from `raw` by blanks and leading zeros only; where there is none, those
    before and after the place where it would stand: they share its first characters."""
    bare = known.str.strip_chars().str.strip_chars_start("0")
    same = known.filter(bare == raw.strip().lstrip("0"))
    if len(same):
        return same.head(2 * NEIGHBOURS).to_list()
    place = int((known < raw.strip()).sum())
    return known.slice(max(0, place - NEIGHBOURS), min(place, NEIGHBOURS) + NEIGHBOURS).to_list()


def article_names(folder: Path) -> pl.LazyFrame:
    """article, article_id (the retailer's own), name: of every article; where the data set has no name or a blank, the id."""
    ids, articles = (pl.scan_parquet(folder / f"{file}.parquet", glob=False) for file in ("article_ids", "articles"))
    return _named(ids, articles)


def named_articles(system: System) -> pl.LazyFrame:
    """The same, of a data set that is open."""
    return _named(pl.scan_parquet(system.folder / "article_ids.parquet", glob=False), system.dataset.articles)


def customer_ids(folder: Path) -> pl.LazyFrame:
    """customer, customer_id (the retailer's own): of every customer."""
    return pl.scan_parquet(folder / "customer_ids.parquet", glob=False).select("customer", "customer_id")


def _named(ids: pl.LazyFrame, articles: pl.LazyFrame) -> pl.LazyFrame:
    named = ids.select("article", "article_id").join(
        articles.select("article", "name"), on="article", how="left", validate="1:1", maintain_order="left"
    )
    name = pl.col("name").str.strip_chars().replace("", None)
    return named.with_columns(name.fill_null(pl.col("article_id")))
