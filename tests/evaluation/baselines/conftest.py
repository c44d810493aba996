"""What tests of baselines share: a market from inline rows, small random markets, lists by customer."""

from collections.abc import Callable
from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import strategies as st

from lookbook.data.dataset import Dataset
from lookbook.evaluation.baselines.baseline import Baseline, Known
from lookbook.evaluation.baselines.registry import baseline_recommendations

AS_OF = date(2020, 9, 22)
Purchase = tuple[int, int, int]
Bought = Callable[[list[Purchase]], Known]
ListsOf = Callable[..., dict[int, list[int]]]

markets = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 7), st.integers(1, 60)), min_size=1, max_size=50)
"""Purchases as customer, article, days ago."""


@pytest.fixture(scope="session")
def bought(make_dataset: Callable[..., Dataset]) -> Bought:
    def known(rows: list[Purchase]) -> Known:
        days = [(customer, article, AS_OF - timedelta(days=ago)) for customer, article, ago in rows]
        return Known.of(make_dataset(pl.DataFrame(days, schema=["customer", "article", "date"], orient="row")).before(AS_OF))

    return known


@pytest.fixture(scope="session")
def lists_of() -> ListsOf:
    """The list of each of some customers, which none has who was not asked for."""

    def lists(baseline: Baseline, known: Known, customers: list[int], k: int) -> dict[int, list[int]]:
        asked = pl.Series(customers, dtype=pl.UInt32)
        found = baseline_recommendations(known, asked, [baseline], k=k)[baseline.name].sort("customer", "rank").collect()
        return {customer: part["article"].to_list() for (customer,), part in found.group_by("customer", maintain_order=True)}

    return lists


@pytest.fixture(scope="session")
def small_markets() -> st.SearchStrategy[list[Purchase]]:
    return markets
