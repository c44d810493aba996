"""Recent baskets: what one customer bought on one day, without those too large to say what goes with what.

Input: History. Output: one row per article of a basket, and the same as a sparse matrix.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from lookbook.data.dataset import History
from lookbook.retrieval.source import purchase_days

if TYPE_CHECKING:
    from scipy.sparse import csr_array


@dataclass(frozen=True)
class Baskets:
    """rows: customer, article, days_ago, basket (0, 1, ... by customer and days_ago), one per article of a basket, sorted by basket
    and article. articles: their rising ids."""

    rows: pl.DataFrame
    articles: pl.Series

    def held(self, dtype: type[np.integer]) -> "csr_array":
        """1 for each article of a basket; a row per basket, a column per place in `articles`."""
        from scipy.sparse import csr_array

        basket = self.rows["basket"].to_numpy()
        column = self.rows["article"].rank("dense").to_numpy().astype(np.int64) - 1
        shape = (int(basket.max()) + 1, len(self.articles)) if len(basket) else (0, 0)
        return csr_array((np.ones(len(basket), dtype), (basket, column)), shape=shape)


def recent_baskets(history: History, *, window_days: int, max_basket: int) -> Baskets:
    """Those of the last `window_days` with up to `max_basket` different articles: larger ones say little, and their pairs grow
    with the square."""
    recent = history.transactions.filter(pl.col("days_ago") <= window_days)
    rows = (
        purchase_days(recent)
        .filter(pl.len().over("customer", "days_ago") <= max_basket)
        .sort("customer", "days_ago", "article")
        .with_columns(basket=pl.struct("customer", "days_ago").rle_id())
        .collect()
    )
    return Baskets(rows, rows["article"].unique().sort())
