"""Which of a customer's purchases are most like an article: the cosine of their vectors.

Input: (customer, article), PAST_TRANSACTIONS, EMBEDDINGS of articles. Output: EVIDENCE.
"""

import numpy as np
import polars as pl

from lookbook.data.schema import PAIR
from lookbook.retrieval.source import strongest_evidence


def nearest_purchases(pairs: pl.LazyFrame, purchases: pl.LazyFrame, embeddings: pl.LazyFrame, *, top: int) -> pl.LazyFrame:
    """EVIDENCE for `pairs`: the `top` articles in the customer's `purchases` with the largest cosine, whatever its sign.

    Articles without a vector are left out; the cosine with a vector of zeros is 0. Holds pairs x purchases per customer in
    memory: for those that somebody looks at, not for all.
    """
    known = embeddings.select(article="id", row=pl.int_range(pl.len(), dtype=pl.Int64))
    bought = purchases.select(PAIR).unique().join(known, on="article")
    rows = (
        pairs.join(known, on="article")
        .join(bought.rename({"article": "purchase", "row": "purchase_row"}), on="customer")
        .sort("customer", "article", "purchase")
        .collect()
    )
    vectors = embeddings.select("vector").collect()["vector"].to_numpy().astype(np.float64)
    lengths = np.linalg.norm(vectors, axis=1)
    left, right = rows["row"].to_numpy(), rows["purchase_row"].to_numpy()
    products = np.einsum("rd,rd->r", vectors[left], vectors[right])
    both = lengths[left] * lengths[right]
    cosine = np.divide(products, both, out=np.zeros_like(products), where=both > 0)
    return strongest_evidence(rows.lazy().with_columns(strength=pl.Series(cosine)), top)
