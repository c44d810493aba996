"""Features from learned vectors: how near an article lies to the customer and to what they bought lately.

Input: EMBEDDINGS `customer_embeddings` and `article_embeddings`, and the History of a customer shard. Output: the pairs with
the embedding features. Without those tables the group is left out.

The vectors never become columns of the pairs, which would take gigabytes: pairs look them up in blocks.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from lookbook.data.dataset import History
from lookbook.features.feature import Feature, FeatureGroup, Inputs
from lookbook.features.purchases import purchases

RECENT_PURCHASES = 20
BLOCK_PAIRS = 1 << 12
"""Pairs that are looked up at a time: their vectors stay in the cache."""

Floats = NDArray[np.float32]
Ids = NDArray[np.uint32]


@dataclass(frozen=True)
class Vectors:
    """Vectors by id: id i has row `row[i]` of `matrix`. The last entry of `row` and the last row, all NaN, stand for "unknown"."""

    row: NDArray[np.int64]
    matrix: Floats

    @staticmethod
    def build(ids: Ids, matrix: Floats) -> "Vectors":
        row = np.full(int(ids.max(initial=0)) + 2, -1, dtype=np.int64)
        row[ids] = np.arange(len(ids))
        return Vectors(row, np.vstack([matrix, np.full((1, matrix.shape[1]), np.nan, dtype=np.float32)]))

    def of(self, ids: Ids) -> Floats:
        """Shape (ids, dim)."""
        known = np.minimum(ids, len(self.row) - 1)
        return np.asarray(self.matrix[self.row[known]])


def attach_nearness(pairs: pl.LazyFrame, inputs: Inputs) -> pl.LazyFrame:
    """`pairs` with a struct column `_near` of dot products, NaN where a vector is unknown.

    The tables of vectors, small next to the pairs, are collected here; the pairs stay lazy.
    """
    shard = inputs.history.customers.select(id="customer").collect()
    span = pl.col("id").is_between(shard["id"].min(), shard["id"].max())  # reads only their part of the file
    known = inputs.tables["customer_embeddings"].filter(span)
    customers = known.join(shard.lazy(), on="id", how="semi", maintain_order="left").collect()
    articles = inputs.tables["article_embeddings"].collect()
    vectors, bias = _vectors(articles), Vectors.build(articles["id"].to_numpy(), articles["bias"].to_numpy()[:, None])
    units = Vectors(vectors.row, _unit(vectors.matrix))
    recent = _recent(inputs.history, articles)
    known_customers = _vectors(customers)
    last_basket = _directions(recent.filter(pl.col("in_last_basket")), units)
    newest = _directions(recent.filter(pl.col("place") < RECENT_PURCHASES), units)
    sides = {"affinity": (known_customers, vectors), "last_basket": (last_basket, units), "recent": (newest, units)}

    def near(keys: pl.Series) -> pl.Series:
        customer, article = (keys.struct.field(name).to_numpy() for name in ("customer", "article"))
        products = _products(list(sides.values()), customer, article)
        products[0] += bias.of(article)[:, 0]
        columns = dict(zip(sides, products, strict=True))
        return pl.DataFrame(columns, schema=dict.fromkeys(sides, pl.Float32)).to_struct(keys.name)

    dtype = pl.Struct(dict.fromkeys(sides, pl.Float32))
    return pairs.with_columns(_near=pl.struct("customer", "article").map_batches(near, return_dtype=dtype, is_elementwise=True))


def _recent(history: History, articles: pl.DataFrame) -> pl.DataFrame:
    """Purchases of articles with a vector, newest first within a customer, by article within a day. place: 0 = newest."""
    newest = pl.col("days_ago") == pl.col("days_ago").min().over("customer")
    return (
        purchases(history)
        .select("customer", "article", "days_ago", in_last_basket=newest)
        .join(articles.lazy().select(article="id"), on="article", how="semi")
        .sort("customer", "days_ago", "article")
        .with_columns(place=pl.int_range(pl.len()).over("customer"))
        .filter(pl.col("in_last_basket") | (pl.col("place") < RECENT_PURCHASES))
        .collect()
    )


def _directions(bought: pl.DataFrame, units: Vectors) -> Vectors:
    """Per customer the sum of the unit vectors of their rows in `bought`, in its order, scaled to length 1."""
    from scipy.sparse import csr_array

    ids, starts = np.unique(bought["customer"].to_numpy(), return_index=True)
    ends = np.append(starts, len(bought))
    rows = units.row[bought["article"].to_numpy()]
    chosen = csr_array((np.ones(len(bought), dtype=np.float32), rows, ends), shape=(len(ids), len(units.matrix)))
    return Vectors.build(ids, _unit(chosen @ units.matrix))


def _vectors(embeddings: pl.DataFrame) -> Vectors:
    return Vectors.build(embeddings["id"].to_numpy(), embeddings["vector"].to_numpy())


def _unit(matrix: Floats) -> Floats:
    """Rows scaled to length 1; a row of zeros, which has no direction, becomes NaN."""
    length = np.sqrt(np.einsum("ij,ij->i", matrix, matrix))[:, None]
    return np.asarray(np.divide(matrix, length, out=np.full_like(matrix, np.nan), where=length > 0))


def _products(sides: Sequence[tuple[Vectors, Vectors]], customer: Ids, article: Ids) -> Floats:
    """Shape (sides, pairs): dot product of the customer's and the article's vector. Vectors that sides share are read once."""
    products = np.empty((len(sides), len(customer)), dtype=np.float32)
    articles = {id(vectors): vectors for _, vectors in sides}
    for start in range(0, len(customer), BLOCK_PAIRS):
        block = slice(start, start + BLOCK_PAIRS)
        right = {key: vectors.of(article[block]) for key, vectors in articles.items()}
        for side, (left, vectors) in enumerate(sides):
            np.einsum("ij,ij->i", left.of(customer[block]), right[id(vectors)], out=products[side, block])
    return products


EMBEDDING = FeatureGroup(
    name="embedding",
    keys=(),
    features=(
        Feature(
            "embedding_affinity",
            pl.col("_near").struct.field("affinity"),
            "Dot product of the customer's and the article's vector plus the article's bias; higher = nearer; "
            "null = one of the two has no vector.",
        ),
        Feature(
            "embedding_cosine_last_basket",
            pl.col("_near").struct.field("last_basket"),
            "Cosine, -1..1, of the article to the mean direction of the articles in the customer's last basket; "
            "null = the article has no vector, or nothing in that basket has one.",
        ),
        Feature(
            "embedding_cosine_recent",
            pl.col("_near").struct.field("recent"),
            f"Cosine, -1..1, of the article to the mean direction of the customer's last {RECENT_PURCHASES} purchases of articles "
            "with a vector; null = the article has none, or there was no such purchase.",
        ),
    ),
    table=None,
    requires=frozenset({"customer_embeddings", "article_embeddings"}),
    attach=attach_nearness,
)
