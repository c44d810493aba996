"""Random walk: where a walk from what the customer bought, over who else bought it, to what they bought, ends most often.

Input: History. Output: CANDIDATES. RP3beta on the graph of customers and articles (Paudel et al. 2017).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

import numpy as np
import polars as pl
from annotated_types import Gt

from lookbook.data.dataset import History
from lookbook.retrieval.neighbour_lists.bought import Bought, bought_matrix
from lookbook.retrieval.neighbour_lists.lists import Similar, neighbour_lists
from lookbook.retrieval.neighbour_lists.products import entries, row_blocks
from lookbook.retrieval.neighbour_lists.seeds import FINE_UNITS, Seeds
from lookbook.retrieval.source import FORBID_UNKNOWN_KEYS, Count, Days, Device, Exponent, Tables

if TYPE_CHECKING:
    from scipy.sparse import csr_array


@dataclass(frozen=True)
class RandomWalk:
    """score: sum over the customer's seeds of (decayed purchases of the seed) x (how often a walk from it ends at the article).

    A walk steps from an article to a customer and on to an article, each in proportion to (decayed days of purchase) ** `alpha`.
    Its chance to end at an article is divided by (decayed purchases of the article) ** `beta`, so that popular articles do not
    fill all places, and by the largest such quotient of all. Walks that come back to the seed count: what is bought again stays in.
    """

    name: ClassVar[str] = "random_walk"
    warm_start: ClassVar[bool] = False
    personal: ClassVar[bool] = True
    needs: ClassVar[str] = "articles that enough customers bought; for a small shop lower retrieval.random_walk.min_buyers"
    __pydantic_config__: ClassVar[dict[str, str]] = FORBID_UNKNOWN_KEYS

    k: Count
    window_days: Count
    half_life_days: Days
    max_articles: Count
    min_buyers: Count
    alpha: Annotated[Exponent, Gt(0)]
    beta: Exponent
    neighbours: Count
    seeds: Count
    seed_half_life_days: Days

    def learn(self, history: History, *, earlier: Tables | None, seed: int, device: Device) -> Tables:
        """neighbours: seed, article, similarity; where walks from every article end most often, best first."""
        bought = bought_matrix(
            history,
            window_days=self.window_days,
            half_life_days=self.half_life_days,
            max_articles=self.max_articles,
            min_buyers=self.min_buyers,
        )
        walks = neighbour_lists(self._walks(bought), bought.articles, top=self.neighbours)
        return {"neighbours": walks.with_columns(pl.col("similarity") / pl.col("similarity").max())}

    def generate(self, learned: Tables, history: History, customers: pl.Series) -> pl.LazyFrame:
        return self._seeds.candidates(learned["neighbours"], history, self.k)

    def evidence(self, learned: Tables, history: History, pairs: pl.LazyFrame) -> pl.LazyFrame:
        """The seeds from which walks end at the article; strength: what each adds to the score."""
        return self._seeds.evidence(learned["neighbours"], history, pairs)

    @property
    def _seeds(self) -> Seeds:
        return Seeds(self.seeds, self.seed_half_life_days, FINE_UNITS)

    def _walks(self, bought: Bought) -> Iterator[Similar]:
        steps = bought.weights.copy()
        steps.data **= self.alpha
        popularity = np.asarray(bought.weights.sum(axis=0)) ** self.beta
        to_article, to_customer = _rows_sum_to_1(steps), _rows_sum_to_1(steps.T.tocsr())
        for rows in row_blocks(to_customer, to_article):
            ends = entries(to_customer[rows] @ to_article, rows.start)
            yield Similar(ends.rows, ends.columns, ends.values / popularity[ends.columns])


def _rows_sum_to_1(matrix: "csr_array") -> "csr_array":
    """The matrix with every row divided by its sum; no row is empty."""
    from scipy.sparse import csr_array

    sums = np.repeat(np.asarray(matrix.sum(axis=1)), np.diff(matrix.indptr))
    return csr_array((matrix.data / sums, matrix.indices, matrix.indptr), shape=matrix.shape)
