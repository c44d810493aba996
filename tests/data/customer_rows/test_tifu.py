from collections.abc import Callable
from datetime import date, timedelta

import polars as pl

from lookbook.data.customer_rows.baskets import baskets
from lookbook.data.customer_rows.tifu import WEIGHT_UNIT, TifuVectors
from lookbook.data.dataset import Dataset

AS_OF = date(2020, 9, 23)


def test_the_latest_groups_hold_one_basket_more_and_few_baskets_are_old(make_dataset: Callable[..., Dataset]) -> None:
    rows = [(1, article, article) for article in (1, 2, 3)] + [(2, 9, 4)]
    bought = pl.DataFrame(
        [(c, a, AS_OF - timedelta(days=d)) for c, a, d in rows], schema=["customer", "article", "date"], orient="row"
    )
    of = TifuVectors(basket_decay=1.0, group_decay=0.5, groups=2)
    weights = of.of(baskets(make_dataset(bought).before(AS_OF))).sort("customer", "article")
    assert weights.select("customer", "article", pl.col("weight") / WEIGHT_UNIT).rows() == [
        (1, 1, 0.25),
        (1, 2, 0.25),
        (1, 3, 0.25),
        (2, 9, 0.5),
    ]
