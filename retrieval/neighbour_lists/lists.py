"""Neighbour lists: the articles most similar to each article, whatever a source means by similar.

Input: similarities of articles, a block of seeds at a time. Output: NEIGHBOURS.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import polars as pl

from lookbook.data.schema import Schema
from lookbook.retrieval.neighbour_lists.products import Indices
from lookbook.retrieval.source import best_per_key

NEIGHBOURS: Schema = {"seed": pl.UInt32, "article": pl.UInt32, "similarity": pl.Float32}
"""One row per seed and article like it, sorted by seed, the most similar first, ties by article. seed: an article that a customer
may have bought, the article itself among others; similarity: 0 or more, on the source's own scale."""


@dataclass(frozen=True)
class Similar:
    """Similarities of all neighbours of some seeds. seeds, articles: places in the sorted ids of the articles, seeds rising."""

    seeds: Indices
    articles: Indices
    similarities: npt.NDArray[np.floating]

    def where(self, kept: npt.NDArray[np.bool_]) -> "Similar":
        return Similar(self.seeds[kept], self.articles[kept], self.similarities[kept])


def neighbour_lists(blocks: Iterable[Similar], articles: pl.Series, *, top: int) -> pl.LazyFrame:
    """NEIGHBOURS with the `top` of every seed. articles: the id of each place; no seed is in two blocks."""
    best = [
        block.with_columns(seed=articles.gather(block["seed"]), article=articles.gather(block["article"]))
        for block in (_best(each, top) for each in blocks)
    ]
    return pl.concat([pl.DataFrame(schema=NEIGHBOURS), *best]).lazy()


def _best(block: Similar, top: int) -> pl.DataFrame:
    block = Similar(block.seeds, block.articles, block.similarities.astype(np.float32))
    block = block.where(_may_be_best(block, top))
    table = pl.DataFrame({"seed": block.seeds, "article": block.articles, "similarity": block.similarities})
    return best_per_key(table.lazy(), "seed", by="similarity", tie="article", top=top).collect()


def _may_be_best(block: Similar, top: int) -> npt.NDArray[np.bool_]:
    """Without the neighbours that `top` of their seed are ahead of: to sort what is left takes a fraction of the time."""
    bounds = np.append(np.flatnonzero(np.diff(block.seeds, prepend=-1)), len(block.seeds))
    kept = np.ones(len(block.seeds), np.bool_)
    for start, stop in pairwise(bounds):
        if stop - start > top:
            values = block.similarities[start:stop]
            kept[start:stop] = values >= np.partition(values, -top)[-top]
    return kept
