"""How well trained vectors find articles that customers bought after what the vectors were trained on.

Input: vectors of customers and articles, purchases that they were trained on and others held out. Output: Hits.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lookbook.retrieval.source import Device
from lookbook.retrieval.vectors.batches import Purchases, Rows, Vectors
from lookbook.retrieval.vectors.inner_product import top_k, with_bias, with_one

VALID_CUSTOMERS = 5_000
"""At most so many customers are judged, those with the smallest ids: enough to see which epoch is best."""

Pair = tuple[Vectors, Vectors]
"""Vectors of customers and of articles."""


@dataclass(frozen=True)
class Hits:
    """One row per distinct held-out (customer, article), sorted by these; customer: row of the sorted ids.

    hit: whether the article is among the k best of its customer.
    """

    customer: Rows
    hit: npt.NDArray[np.bool_]

    def recall(self) -> float:
        """Share of the pairs that are hits; 0 where there is no pair."""
        return float(self.hit.mean()) if len(self.hit) else 0.0


def judge(trained: Pair, held_out: Purchases, known: Purchases, *, k: int, device: Device) -> Hits:
    """Whether the held-out articles are among the `k` best of their customers, of all articles in `known`.

    Only customers and articles that occur in `known` count: the others have no trained vector.
    """
    customers, articles = trained
    pairs = np.unique(np.stack([held_out.customer, held_out.article], axis=1), axis=0)
    learned = np.isin(pairs[:, 0], known.customer) & np.isin(pairs[:, 1], known.article)
    judged = np.unique(pairs[learned, 0])[:VALID_CUSTOMERS]
    pairs = pairs[learned & np.isin(pairs[:, 0], judged)]
    sold = np.unique(known.article)
    items = with_bias(articles.vectors[sold], articles.bias[sold])
    found = sold[top_k(with_one(customers.vectors[judged]), items, k, device=device).rows]
    hits = np.isin(pairs[:, 0].astype(np.int64) << 32 | pairs[:, 1], (judged[:, None].astype(np.int64) << 32 | found).ravel())
    return Hits(pairs[:, 0], hits)
