"""Item neighbours: articles bought by the same customers as what the customer bought, on whatever days.

Input: History. Output: CANDIDATES. Item-based collaborative filtering with cosine similarity (Sarwar et al. 2001), shrunk where few
bought both (Bell and Koren 2007), with case amplification (Breese et al. 1998).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import polars as pl

from lookbook.data.dataset import History
from lookbook.retrieval.neighbour_lists.bought import Bought, bought_matrix
from lookbook.retrieval.neighbour_lists.lists import Similar, neighbour_lists
from lookbook.retrieval.neighbour_lists.products import entries, row_blocks
from lookbook.retrieval.neighbour_lists.seeds import FINE_UNITS, Seeds
from lookbook.retrieval.source import FORBID_UNKNOWN_KEYS, Count, Days, Device, NotNegative, Positive, Tables


@dataclass(frozen=True)
class ItemNeighbours:
    """score: sum over the customer's seeds of (decayed purchases of the seed) x (its similarity to the article).

    similarity(i, j) = (cos(x_i, x_j) x n / (n + `shrinkage`)) ** `amplification`, where x_i holds the decayed days on which each
    customer bought i, and n customers bought both; 0 where n < `min_support`. An article is its own neighbour too, so that what
    is bought again stays in.
    """

    name: ClassVar[str] = "item_neighbours"
    warm_start: ClassVar[bool] = False
    personal: ClassVar[bool] = True
    needs: ClassVar[str] = "articles that enough customers bought; for a small shop lower retrieval.item_neighbours.min_support"
    __pydantic_config__: ClassVar[dict[str, str]] = FORBID_UNKNOWN_KEYS

    k: Count
    window_days: Count
    half_life_days: Days
    max_articles: Count
    min_support: Count
    shrinkage: NotNegative
    amplification: Positive
    neighbours: Count
    seeds: Count
    seed_half_life_days: Days

    def learn(self, history: History, *, earlier: Tables | None, seed: int, device: Device) -> Tables:
        """neighbours: seed, article, similarity; the most similar articles of every article, best first."""
        bought = bought_matrix(
            history,
            window_days=self.window_days,
            half_life_days=self.half_life_days,
            max_articles=self.max_articles,
            min_buyers=self.min_support,
        )
        return {"neighbours": neighbour_lists(self._similarities(bought), bought.articles, top=self.neighbours)}

    def generate(self, learned: Tables, history: History, customers: pl.Series) -> pl.LazyFrame:
        return self._seeds.candidates(learned["neighbours"], history, self.k)

    def evidence(self, learned: Tables, history: History, pairs: pl.LazyFrame) -> pl.LazyFrame:
        """The seeds that have the article among their neighbours; strength: what each adds to the score."""
        return self._seeds.evidence(learned["neighbours"], history, pairs)

    @property
    def _seeds(self) -> Seeds:
        return Seeds(self.seeds, self.seed_half_life_days, FINE_UNITS)

    def _similarities(self, bought: Bought) -> Iterator[Similar]:
        weights, held = bought.weights, bought.held
        weights_by_article, held_by_article = weights.T.tocsr(), held.T.tocsr()
        lengths = np.sqrt(np.asarray((weights * weights).sum(axis=0)))
        for rows in row_blocks(held_by_article, held):
            both = held_by_article[rows] @ held
            kept = both.data >= self.min_support
            found = entries(both, rows.start, kept)
            products = (weights_by_article[rows] @ weights).data[kept]  # of the same entries in the same order
            cosine = products / (lengths[found.rows] * lengths[found.columns])
            shrunk = cosine * found.values / (found.values + self.shrinkage)
            yield Similar(found.rows, found.columns, shrunk**self.amplification)
