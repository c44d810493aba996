"""What tests of sources share: a history from rows."""

from collections.abc import Callable, Iterable
from datetime import date

import polars as pl
import pytest

from lookbook.data.dataset import History
from lookbook.data.schema import PAST_TRANSACTIONS

AS_OF = date(2020, 9, 15)


def build_history(rows: Iterable[tuple[int, int, int]]) -> History:
    past = pl.DataFrame(list(rows), schema=["customer", "article", "days_ago"], orient="row").with_columns(
        quantity=1, price=1.0, channel=0
    )
    transactions = past.select(pl.col(column).cast(dtype) for column, dtype in PAST_TRANSACTIONS.items())
    return History(AS_OF, transactions.lazy(), pl.LazyFrame(), pl.LazyFrame())


@pytest.fixture(scope="session")
def history() -> Callable[[Iterable[tuple[int, int, int]]], History]:
    """One purchase per (customer, article, days ago), without customers or articles."""
    return build_history
