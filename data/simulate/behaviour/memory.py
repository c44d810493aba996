"""What the simulated customers carry from week to week.

Input: the purchases of a week. Output: Memory at the start of the next.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lookbook.data.simulate.settings import ChoiceSettings
from lookbook.data.simulate.world.catalogue import Floats, Ints

NEVER = -1


@dataclass(frozen=True)
class Memory:
    """Per customer. last_week: of the latest purchase, NEVER before the first; left: will not come again; bought: items
    bought so far; articles: customers x remembered, the n-th item stands in column n modulo remembered."""

    last_week: npt.NDArray[np.int16]
    left: npt.NDArray[np.bool_]
    bought: npt.NDArray[np.uint32]
    articles: npt.NDArray[np.uint32]


def empty_memory(n_customers: int, settings: ChoiceSettings) -> Memory:
    return Memory(
        last_week=np.full(n_customers, NEVER, np.int16),
        left=np.zeros(n_customers, np.bool_),
        bought=np.zeros(n_customers, np.uint32),
        articles=np.zeros((n_customers, settings.remembered), np.uint32),
    )


def remember(memory: Memory, customer: Ints, article: Ints) -> None:
    """Add the items of a week, rows grouped by customer; the tables are changed in place, as they are the largest there are."""
    starts = np.flatnonzero(np.diff(customer, prepend=-1))
    sizes = np.diff(starts, append=len(customer))
    within = np.arange(len(customer)) - np.repeat(starts, sizes)
    places = memory.articles.shape[1]
    kept = within >= np.repeat(sizes, sizes) - places
    column = (memory.bought[customer] + within) % places
    memory.articles[customer[kept], column[kept]] = article[kept]
    memory.bought[customer[starts]] += sizes.astype(np.uint32)


def memory_shares(known: Ints, settings: ChoiceSettings) -> Floats:
    """Probability that a repurchase is led by the latest, the second latest, ... of `known` remembered items: rows x remembered.

    The latest weigh most (memory_decay ** place); with old_share, every remembered item is alike. Rows sum to 1, or 0 if
    nothing is known.
    """
    place = np.arange(settings.remembered)
    there = place < known[:, None]
    decayed = np.where(there, settings.memory_decay**place, 0.0)
    total = decayed.sum(axis=1, keepdims=True)
    recent: Floats = np.divide(decayed, total, out=np.zeros_like(decayed), where=total > 0)
    alike: Floats = there / np.maximum(known, 1)[:, None]
    return (1 - settings.old_share) * recent + settings.old_share * alike


def draw_place(known: Ints, old: Floats, drawn: Floats, settings: ChoiceSettings) -> Ints:
    """A place with the probabilities of `memory_shares`, by their inverse; `known` must be 1 at least."""
    decay = settings.memory_decay
    recent = np.floor(np.log1p(-drawn * (1 - decay**known)) / np.log(decay)).astype(np.int64)
    place: Ints = np.minimum(np.where(old < settings.old_share, (drawn * known).astype(np.int64), recent), known - 1)
    return place


def at_place(memory: Memory, customer: Ints, place: Ints) -> Ints:
    """The article at a place; 0 = the latest item."""
    places = memory.articles.shape[1]
    column = (memory.bought[customer].astype(np.int64) - 1 - place) % places
    articles: Ints = memory.articles[customer, column].astype(np.int64)
    return articles


def n_remembered(memory: Memory, customer: Ints) -> Ints:
    return np.minimum(memory.bought[customer], memory.articles.shape[1]).astype(np.int64)
