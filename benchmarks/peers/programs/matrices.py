"""Sparse matrices of customers by articles, and the best of a matrix of scores; for programs with scipy."""

import numpy as np
import polars as pl
from scipy.sparse import csr_matrix

ROWS = 256
"""Customers scored at once: their scores for all articles are held in memory."""


def matrix(week, rows, value="value"):
    """CSR of `rows` (customer, article, `value`); ids are dense, so they are the places."""
    shape = max(week.purchases["customer"].max(), week.customers.max()) + 1, week.purchases["article"].max() + 1
    data = rows[value].to_numpy().astype(np.float64)
    return csr_matrix((data, (rows["customer"].to_numpy(), rows["article"].to_numpy())), shape=shape)


def baskets(week):
    """customer, article, days_ago, place: one row per article of a day; place: 0 = the customer's newest day, 1 = the next."""
    days = week.purchases.select("customer", "article", "days_ago").unique()
    places = days.select("customer", "days_ago").unique().sort("customer", "days_ago")
    places = places.with_columns(
        place=pl.int_range(pl.len(), dtype=pl.Int32).over("customer"), n_baskets=pl.len().cast(pl.Int32).over("customer")
    )
    return days.join(places, on=["customer", "days_ago"])


def best(week, scores):
    """customer, article, score: twice `k` of the highest above 0. scores: from an array of customers to a dense matrix."""
    customers, k, found = week.customers.to_numpy(), 2 * week.k, []
    for start in range(0, len(customers), ROWS):
        some = customers[start : start + ROWS]
        dense = scores(some)
        top = np.argpartition(-dense, k, axis=1)[:, :k]
        found.append(
            pl.DataFrame({
                "customer": np.repeat(some, k),
                "article": top.ravel().astype(np.uint32),
                "score": np.take_along_axis(dense, top, axis=1).ravel(),
            })
        )  # fmt: skip
    return pl.concat(found).filter(pl.col("score") > 0)
