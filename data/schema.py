"""The tables that stages hand to each other: column names, types, and the check at every border.

A schema is a plain mapping from column to Polars type. `conform` is called where a table crosses from one
package to another; it checks names and types only (values are checked once, when data is converted: canonical.py).
"""

import difflib
from collections.abc import Mapping

import polars as pl

DataType = pl.DataType | type[pl.DataType]
Schema = Mapping[str, DataType]

LEVELS = ("product", "category", "department", "section", "colour", "brand")
"""Levels of the article hierarchy, as columns of ARTICLES. A data set that lacks a level has null there.

`product` groups the variants of one article (H&M: product_code; complete-journey: product type); the others are
coarser or cross-cutting. Codes are dense per level, in the order of the sorted raw values; they carry no magnitude.
"""

TRANSACTIONS: Schema = {
    "customer": pl.UInt32,
    "article": pl.UInt32,
    "date": pl.Date,
    "quantity": pl.UInt32,
    "price": pl.Float32,
    "channel": pl.UInt8,
}
"""One row per purchase event. price: currency units per item, > 0. quantity: items, >= 1. channel: 1, 2, ...; 0 = unknown."""

PAST_TRANSACTIONS: Schema = {
    "customer": pl.UInt32,
    "article": pl.UInt32,
    "days_ago": pl.UInt16,
    "quantity": pl.UInt32,
    "price": pl.Float32,
    "channel": pl.UInt8,
}
"""TRANSACTIONS as a History shows them: the date is replaced by days_ago = as_of - date, so 1 is the day before as_of."""

CUSTOMERS: Schema = {"customer": pl.UInt32, "age": pl.Float32, "age_band": pl.UInt8}
"""One row per customer. age: years; age_band: 1 = youngest; both null when unknown. Further columns are the adapter's
attributes, all Float32 (ordinal or 0/1 codes, null = unknown); they are facts about the customer without a date."""

ARTICLES: Schema = {"article": pl.UInt32, "name": pl.String, "text": pl.String, **dict.fromkeys(LEVELS, pl.UInt32)}
"""One row per article of the catalogue, sold or not. name: what people call it. text: all other words about it, such as its
description and the names of its levels; null = none. Sources may read both to compare articles; neither is ever a feature."""

ARTICLE_PICTURES: Schema = {"article": pl.UInt32}
"""One row per article with a picture, sorted. Further column: `vector`, Array(Float32, dim), of length 1; the more alike two
pictures are, the larger is the dot product of their vectors. Like the attributes it has no date."""

PLAN: Schema = {
    "article": pl.UInt32,
    "kind": pl.UInt8,
    "first_day": pl.Date,
    "last_day": pl.Date,
    "share": pl.Float32,
    "known_from": pl.Date,
}
"""One row per article and stretch of days in which it is planned to be promoted in some way. kind: 1, 2, ..., see Plan.kinds.
first_day, last_day: both included. share: of the stores, 0..1. known_from: the first day on which the retailer knows it, whether
that is before or after first_day. Rows of one article and kind may overlap: on each day the largest share counts."""

KNOWN_PLAN: Schema = {"article": pl.UInt32, "kind": pl.UInt8, "starts_in": pl.Int32, "ends_in": pl.Int32, "share": pl.Float32}
"""PLAN as a History shows it: rows with known_from < as_of. starts_in, ends_in: days from as_of to the first and the last day, both
included: 0 is as_of itself, the label week is 0..6, below 0 is past."""

LINKS: Schema = {"customer": pl.UInt32, "friend": pl.UInt32, "weight": pl.Float32}
"""One row per customer and another one whose purchases say something about the customer's; the other way round is a row of its own.
weight: above 0, more = closer. Like an attribute, a fact without a date."""

HOUSEHOLDS: Schema = {"customer": pl.UInt32, "household": pl.UInt32}
"""One row per customer whose household, or whatever else few customers share, is known. household: dense codes in the order of the
sorted raw values."""

LABELS: Schema = {"customer": pl.UInt32, "article": pl.UInt32}
"""One row per distinct (customer, article) bought in a window."""

CANDIDATES: Schema = {"customer": pl.UInt32, "article": pl.UInt32, "score": pl.Float32, "rank": pl.UInt16}
"""One row per (customer, article) a source retrieved. score: higher is better, on the source's own scale.
rank: 1 = best, without gaps or ties within a customer."""

PAIR = ("customer", "article")
"""The key of a pair, and the order of every table of pairs."""
PAIRS: Schema = {"customer": pl.UInt32, "article": pl.UInt32, "n_sources": pl.UInt8, "rrf": pl.Float32}
"""One row per (customer, article) some source retrieved, sorted by both. Further columns: `<source>_score` Float32 and
`<source>_rank` UInt16 per source (null = that source did not retrieve it). rrf: reciprocal-rank fusion over the sources."""

EMBEDDINGS: Schema = {"id": pl.UInt32, "bias": pl.Float32}
"""One row per embedded customer or article, sorted by id. Further column: `vector`, Array(Float32, dim).
Affinity of a customer to an article = dot product of their vectors + the article's bias; bias of customers is 0."""

RECOMMENDATIONS: Schema = {"customer": pl.UInt32, "article": pl.UInt32, "score": pl.Float32, "rank": pl.UInt8}
REASONED: Schema = {**RECOMMENDATIONS, "source": pl.String}
"""RECOMMENDATIONS, and the candidate source that ranked the article best, the first of equals; null = filled up."""
"""One row per recommended article, sorted by customer and rank; rank 1..k. score: null for a fallback article."""


class SchemaError(ValueError):
    """A table at a stage border has not the columns or types that the next stage expects."""


def conform(frame: pl.LazyFrame, schema: Schema, name: str, *, extra: bool = False) -> pl.LazyFrame:
    """Return `frame` with the columns of `schema` in its order, or refuse.

    With `extra`, columns beyond the schema are kept after it; otherwise they are refused.

    Raises:
        SchemaError: naming the table and every missing, unexpected or wrongly typed column.
    """
    found = frame.collect_schema()
    problems = [
        f"missing column {column!r}" + _nearest(column, [c for c in found if c not in schema])
        for column in schema
        if column not in found
    ]
    problems += [
        f"column {column!r} is {found[column]}, expected {expected}"
        for column, expected in schema.items()
        if column in found and found[column] != expected
    ]
    unexpected = [column for column in found if column not in schema]
    if not extra:
        problems += [f"unexpected column {column!r}" for column in unexpected]
    if problems:
        raise SchemaError(f"table {name!r}: " + "; ".join(problems))
    return frame.select(*schema, *(unexpected if extra else ()))


def _nearest(column: str, present: list[str]) -> str:
    close = difflib.get_close_matches(column, present, n=1)
    return f" (nearest present: {close[0]!r})" if close else ""
