"""What tests of retrieval share: sources with the settings of default.toml, and learning and retrieving in one call."""

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, timedelta

import polars as pl
import pytest
from pydantic import TypeAdapter

from lookbook.data.dataset import Dataset
from lookbook.pipelines.settings.layers import DEFAULTS
from lookbook.retrieval.registry import SOURCES
from lookbook.retrieval.source import CandidateSource

QUICK: Mapping[str, Mapping[str, int | float]] = {
    "co_purchase": {"min_support": 1.0},
    "association_rules": {"min_support": 1},
    "matrix_factorization": {"dim": 8, "negatives": 16, "batch_size": 256, "epochs": 2},
}
"""Settings for a tiny market, where few articles are bought together often and training must be cheap."""

Learned = dict[str, pl.DataFrame]


def default_source(name: str) -> CandidateSource:
    table = tomllib.loads(DEFAULTS.read_text())["retrieval"][name]
    return TypeAdapter(SOURCES[name]).validate_python({**table, **QUICK.get(name, {})})


def learn_and_generate(
    source: CandidateSource, dataset: Dataset, as_of: date, customers: pl.Series | None = None
) -> tuple[Learned, pl.DataFrame]:
    """Learned tables and CANDIDATES of `customers`, or of every customer of the data set."""
    history = dataset.before(as_of)
    if customers is None:
        customers = history.customers.collect()["customer"].sort()
    learned = {n: t.collect() for n, t in source.learn(history, earlier=None, seed=0, device="cpu").items()}
    tables = {name: table.lazy() for name, table in learned.items()}
    return learned, source.generate(tables, history.of(customers), customers).collect()


LAUNCHED = range(60, 70)
"""Articles of the market that are launched one a day, up to four days before the day that contract tests take as as_of."""


HOUSEHOLD_CUSTOMERS = 4


@pytest.fixture(scope="session")
def market(market: Dataset) -> Dataset:
    """The random market with articles that were launched lately, as every shop has them, and customers who live together: those who
    never bought with one who did."""
    launch = {article: market.last_day - timedelta(days=33 - n) for n, article in enumerate(LAUNCHED)}
    sold_from = pl.col("article").replace_strict(launch, default=market.first_day, return_dtype=pl.Date)
    homes = market.customers.select("customer", household=pl.col("customer") // HOUSEHOLD_CUSTOMERS)
    sold = market.transactions.filter(pl.col("date") >= sold_from)
    return replace(market, transactions=sold, households=homes, digest="launched")


@pytest.fixture
def retrieve() -> Callable[..., tuple[Learned, pl.DataFrame]]:
    return learn_and_generate


@pytest.fixture
def with_settings() -> Callable[..., CandidateSource]:
    """A source with the default settings, some of them changed."""

    def build(name: str, **settings: object) -> CandidateSource:
        return replace(default_source(name), **settings)

    return build
