"""Features from learned vectors: how near an article lies to the customer and to what they bought lately.

Input: EMBEDDINGS `customer_embeddings` and `article_embeddings`, and the History of a customer shard. Output: the pairs with
the embedding features. Without those tables the group is left out.
"""

import polars as pl

from features.feature import Feature, FeatureGroup, Inputs
from features.purchases import purchases

RECENT_PURCHASES = 20
VECTOR_UNITS = 1 << 20
UNKNOWN = "null = the customer or the article has no vector"


def attach_vectors(pairs: pl.LazyFrame, inputs: Inputs) -> pl.LazyFrame:
    """`pairs` with the vectors of both sides, and of the customer's last basket and recent purchases, scaled to length 1."""
    articles = inputs.tables["article_embeddings"].select(
        article="id", _bias="bias", _article="vector", _article_length=_dot("vector", "vector").sqrt()
    )
    units = articles.select("article", unit=pl.col("_article") / pl.col("_article_length"))
    bought = purchases(inputs.history).select("customer", "article", "days_ago")
    last_day = pl.col("days_ago") == pl.col("days_ago").min().over("customer")
    recent = bought.sort("customer", "days_ago", "article").group_by("customer", maintain_order=True).head(RECENT_PURCHASES)
    sides = (
        (articles, "article"),
        (inputs.tables["customer_embeddings"].select(customer="id", _customer="vector"), "customer"),
        (_direction(bought.filter(last_day), units).rename({"direction": "_last"}), "customer"),
        (_direction(recent, units).rename({"direction": "_recent"}), "customer"),
    )
    for table, key in sides:
        pairs = pairs.join(table, on=key, how="left", validate="m:1", maintain_order="left")
    return pairs


def _direction(bought: pl.LazyFrame, units: pl.LazyFrame) -> pl.LazyFrame:
    """Per customer the sum of the unit vectors of what they bought, scaled to length 1; null where it has no direction.

    Components are summed in whole units of 2**-20: float sums would depend on the order of the rows.
    """
    vector = units.collect_schema()["unit"]
    assert isinstance(vector, pl.Array)
    width = vector.shape[0]
    component = (pl.col("unit").cast(pl.Float64) * VECTOR_UNITS).round().cast(pl.Int64)
    return (
        bought.join(units, on="article", validate="m:1")
        .with_columns(position=pl.int_ranges(0, width, dtype=pl.UInt32))
        .explode("unit", "position")
        .group_by("customer", "position")
        .agg(component.sum())
        .sort("customer", "position")
        .group_by("customer", maintain_order=True)
        .agg(pl.col("unit").cast(pl.Float32))
        .with_columns(pl.col("unit").list.to_array(width))
        .select("customer", direction=pl.col("unit") / _dot("unit", "unit").sqrt())
    )


def _dot(left: str, right: str) -> pl.Expr:
    return (pl.col(left) * pl.col(right)).arr.sum()


EMBEDDING = FeatureGroup(
    name="embedding",
    keys=(),
    features=(
        Feature(
            "embedding_affinity",
            _dot("_customer", "_article") + pl.col("_bias"),
            f"Dot product of the customer's and the article's vector plus the article's bias; higher = nearer; {UNKNOWN}.",
        ),
        Feature(
            "embedding_cosine_last_basket",
            _dot("_last", "_article") / pl.col("_article_length"),
            "Cosine, -1..1, of the article to the mean direction of the customer's last basket (one article: to that one); "
            "null = no vector on either side.",
        ),
        Feature(
            "embedding_cosine_recent",
            _dot("_recent", "_article") / pl.col("_article_length"),
            f"Cosine, -1..1, of the article to the mean direction of the customer's last {RECENT_PURCHASES} purchases; "
            "null = no vector on either side.",
        ),
    ),
    table=None,
    requires=frozenset({"customer_embeddings", "article_embeddings"}),
    attach=attach_vectors,
)
