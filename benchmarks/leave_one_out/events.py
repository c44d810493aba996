"""The ratings of a MovieLens set as events whose order within a day is known.

Input: a folder or zip file, [data] settings. Output: EVENTS, and the tables of customers and articles of the converted set.
"""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from lookbook.data.dataset import Dataset
from lookbook.data.movielens.ratings import read_ratings
from lookbook.data.registry import convert_dataset
from lookbook.data.settings import DataSettings
from lookbook.evaluation.leave_one_out import EVENTS


@dataclass(frozen=True)
class Rated:
    """events: a row per liked rating, its stars as price; of two in the same second the movie with the larger number is the later.
    customers, articles: see data/schema.py."""

    events: pl.DataFrame
    customers: pl.DataFrame
    articles: pl.DataFrame


def read_rated(settings: DataSettings, scratch: Path, *, today: date) -> Rated:
    """Convert the set into `scratch` and read the moments beside it.

    Raises:
        DataError: see data/adapters/movielens.py.
    """
    folder = scratch / "converted"
    convert_dataset(settings, folder, today=today)
    dataset = Dataset.open(folder)
    customers, articles = (pl.read_parquet(folder / f"{name}_ids.parquet", glob=False) for name in ("customer", "article"))
    liked = read_ratings(Path(settings.data_dir)).filter(pl.col("rating") >= settings.movielens.liked)
    events = (
        liked.with_columns(customer_id=pl.col("user").cast(pl.String), article_id=pl.col("movie").cast(pl.String))
        .join(customers, on="customer_id", how="inner", validate="m:1")
        .join(articles, on="article_id", how="inner", validate="m:1")
        .with_columns(tie="movie", price="rating")
        .select(pl.col(name).cast(kind) for name, kind in EVENTS.items())
        .sort("customer", "article")
    )
    return Rated(events, dataset.customers.collect(), dataset.articles.collect())
