"""Public data sets for the next basket: who bought what in which order, and what each bought next.

Input: JSON files {customer: [basket, ...]}, a basket is a list of article numbers; [-1] at either end is a mark and no basket.
Output: History in which a basket is a day, and LABELS.
"""

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from lookbook.data.dataset import History
from lookbook.data.schema import LABELS, PAST_TRANSACTIONS

MARK = [-1]


@dataclass(frozen=True)
class NextBaskets:
    """Of the customers in both files, numbered in the order of the future file. history: their last basket is 1 day ago, the one
    before 2. labels: their next basket."""

    history: History
    labels: pl.DataFrame


def read_next_baskets(history: Path, future: Path) -> NextBaskets:
    """Customers without a basket in either file are left out.

    Raises:
        ValueError: a file is not of this form.
    """
    past, later = _baskets(history), _baskets(future)
    both = [customer for customer, baskets in later.items() if baskets and past.get(customer)]
    rows = [
        (number, article, ago)
        for number, customer in enumerate(both)
        for ago, basket in enumerate(reversed(past[customer]), start=1)
        for article in basket
    ]
    bought = pl.DataFrame(rows, schema=["customer", "article", "days_ago"], orient="row")
    others = {"quantity": pl.lit(1), "price": pl.lit(1.0), "channel": pl.lit(0)}
    transactions = bought.with_columns(**others).select(pl.col(name).cast(kind) for name, kind in PAST_TRANSACTIONS.items())
    labels = [(number, article) for number, customer in enumerate(both) for article in later[customer][0]]
    return NextBaskets(
        History(
            date.min,
            transactions.lazy(),
            transactions.lazy().select("customer").unique(),
            transactions.lazy().select("article").unique(),
        ),
        pl.DataFrame(labels, schema=dict(LABELS), orient="row").unique().sort("customer", "article"),
    )


def _baskets(file: Path) -> dict[str, list[list[int]]]:
    content = json.loads(file.read_text())
    if not isinstance(content, dict) or not all(_are_baskets(baskets) for baskets in content.values()):
        raise ValueError(f"{file}: expected an object that holds a list of baskets, which are lists of numbers, per customer")
    return {customer: [basket for basket in baskets if basket not in ([], MARK)] for customer, baskets in content.items()}


def _are_baskets(value: object) -> bool:
    return isinstance(value, list) and all(
        isinstance(basket, list) and all(isinstance(article, int) for article in basket) for basket in value
    )
