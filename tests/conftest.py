"""Markets that tests share: a builder from inline rows, and a small random one for contract tests."""

from collections.abc import Callable
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from data.dataset import Dataset
from data.schema import ARTICLES, LEVELS, TRANSACTIONS

MakeDataset = Callable[..., Dataset]
LAST_DAY = date(2020, 9, 22)


def build_dataset(
    transactions: pl.DataFrame, customers: pl.DataFrame | None = None, articles: pl.DataFrame | None = None
) -> Dataset:
    """A Dataset from frames that may lack optional columns: quantity 1, price 1.0, channel 0, attributes null."""
    defaults = {"quantity": 1, "price": 1.0, "channel": 0}
    given = transactions.with_columns(**{c: pl.lit(v) for c, v in defaults.items() if c not in transactions.columns})
    rows = given.select(pl.col(c).cast(t) for c, t in TRANSACTIONS.items()).sort("customer", "date", "article")
    if customers is None:
        customers = rows.select("customer").unique().sort("customer")
    if articles is None:
        articles = rows.select("article").unique().sort("article")
    for column, dtype in {"age": pl.Float32, "age_band": pl.UInt8}.items():
        if column not in customers.columns:
            customers = customers.with_columns(pl.lit(None, dtype=dtype).alias(column))
    missing = {c: t for c, t in ARTICLES.items() if c not in articles.columns}
    articles = articles.with_columns(pl.lit(None, dtype=t).alias(c) for c, t in missing.items())
    days = rows["date"]
    return Dataset(
        name="tiny",
        digest="0" * 64,
        first_day=days.min(),
        last_day=days.max(),
        transactions=rows.lazy(),
        customers=customers.with_columns(pl.col("customer").cast(pl.UInt32), pl.col("age_band").cast(pl.UInt8)).lazy(),
        articles=articles.select(pl.col(c).cast(t) for c, t in ARTICLES.items()).lazy(),
    )


def random_market(seed: int = 7, n_customers: int = 60, n_articles: int = 80, n_rows: int = 3000, n_days: int = 120) -> Dataset:
    """Customers with favourites who buy again, popular and rare articles, some attributes null; the last day has a purchase."""
    rng = np.random.default_rng(seed)
    customer = rng.integers(0, n_customers - 3, n_rows)  # the last three never buy
    taste = rng.integers(0, n_articles, (n_customers, 8))
    popular = np.minimum(rng.geometric(0.08, n_rows) - 1, n_articles - 5)  # the last few articles hardly sell
    article = np.where(rng.random(n_rows) < 0.6, taste[customer, rng.integers(0, 8, n_rows)], popular)
    day = np.sort(rng.integers(0, n_days, n_rows))
    transactions = pl.DataFrame(
        {
            "customer": customer,
            "article": article,
            "date": [LAST_DAY - timedelta(days=int(n_days - 1 - d)) for d in day],
            "quantity": rng.integers(1, 4, n_rows),
            "price": np.round(rng.lognormal(1.0, 0.5, n_rows), 2),
            "channel": rng.integers(0, 3, n_rows),
        }
    )
    age = rng.uniform(16, 80, n_customers)
    customers = pl.DataFrame(
        {
            "customer": np.arange(n_customers),
            "age": [None if i % 5 == 0 else float(a) for i, a in enumerate(age)],
            "age_band": [None if i % 5 == 0 else int(a // 15) for i, a in enumerate(age)],
            "member": rng.integers(0, 2, n_customers).astype(float),
        }
    ).with_columns(pl.col("age", "member").cast(pl.Float32))
    sizes = dict(zip(LEVELS, (30, 12, 5, 4, 8, 6), strict=True))
    levels = {level: [None if i % 17 == 0 else int(i * 31 % n) + 1 for i in range(n_articles)] for level, n in sizes.items()}
    articles = pl.DataFrame({"article": np.arange(n_articles), "name": [f"article {i}" for i in range(n_articles)], **levels})
    return build_dataset(transactions, customers, articles)


@pytest.fixture
def make_dataset() -> MakeDataset:
    return build_dataset


@pytest.fixture(scope="session")
def market() -> Dataset:
    return random_market()
