"""TIFU-KNN (Hu et al., SIGIR 2020): baskets decayed within and across groups make a customer's vector; near customers lend theirs.

Settings: group = baskets in a group, or group_days = days in one; within, across = decays; neighbours; own = weight of the
customer's own vector. The neighbours are those at the smallest Euclidean distance.
"""

import numpy as np
import polars as pl
from matrices import baskets, best, matrix
from scipy.sparse import csr_matrix
from week import give, given


def vectors(week):
    """Each group is the mean of its decayed baskets, a customer the mean of the decayed groups."""
    settings, rows = week.settings, baskets(week)
    if "group_days" in settings:
        rows = rows.with_columns(group=(pl.col("days_ago") - 1) // settings["group_days"])
    else:
        rows = rows.with_columns(group=pl.col("place") // settings["group"])
    in_group = ["customer", "group"]
    rows = rows.with_columns(
        n_groups=pl.col("group").n_unique().over("customer"),
        size=pl.col("days_ago").n_unique().over(in_group),
        within=pl.col("place") - pl.col("place").min().over(in_group),
    )
    decay = settings["within"] ** pl.col("within") * settings["across"] ** pl.col("group")
    return matrix(week, rows.with_columns(value=decay / pl.col("size") / pl.col("n_groups")))


week = given()
own = vectors(week)
length = np.asarray(own.multiply(own).sum(axis=1)).ravel()
bought = length > 0
neighbours = min(week.settings["neighbours"], int(bought.sum()) - 1)


def scores(customers):
    distance = length[None, :] - 2 * (own[customers] @ own.T).toarray()
    distance[:, ~bought] = np.inf
    distance[np.arange(len(customers)), customers] = np.inf
    near = np.argpartition(distance, neighbours, axis=1)[:, :neighbours]
    place = np.repeat(np.arange(len(customers)), neighbours)
    lent = csr_matrix((np.full(near.size, 1 / neighbours), (place, near.ravel())), shape=(len(customers), own.shape[0])) @ own
    return (week.settings["own"] * own[customers] + (1 - week.settings["own"]) * lent).toarray()


give(week, best(week, scores), "numpy", "scipy")
