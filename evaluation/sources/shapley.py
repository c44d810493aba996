"""Shapley values: what each source adds, averaged over all orders in which the sources could have been added.

Input: PAIRS and LABELS for recall; the MAP of sets of sources. Output: SHAPLEY. The values add up to what all sources reach
together, beyond what is reached without any.
Shapley, "A value for n-person games", 1953. Sampled orders: Castro, Gomez, Tejada, "Polynomial calculation of the Shapley value
based on sampling", 2009.
"""

from collections.abc import Mapping, Sequence
from itertools import combinations, pairwise
from math import comb

import numpy as np
import polars as pl

from lookbook.data.schema import PAIR, Schema
from lookbook.evaluation.bootstrap import Floats, interval, resample_means
from lookbook.evaluation.sources.candidates import per_customer, sources_in
from lookbook.evaluation.variants import Judged

SHAPLEY: Schema = {
    "source": pl.String,
    "of": pl.String,
    "value": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "standard_error": pl.Float64,
    "share": pl.Float64,
}
"""One row per source. of: "recall" or "map"; low, high: ends of the 95 % interval over customers; standard_error: of the sampled
orders, null where all orders were averaged; share: value / sum of all values, null where that is 0."""

Order = tuple[str, ...]


def finder_counts(pairs: pl.LazyFrame, labels: pl.LazyFrame) -> pl.LazyFrame:
    """One row per customer with a label, sorted: n_labels and, for each source and m = 1, 2, ..., `<source>_<m>`: labels that it
    and m - 1 other sources retrieved. Whole numbers per customer, so that shards and weeks may be concatenated."""
    sources = sources_in(pairs)
    retrieved = {source: pl.col(f"{source}_rank").is_not_null() for source in sources}
    finders = pl.sum_horizontal(retrieved.values())
    counts = [
        (present & (finders == m)).sum().cast(pl.UInt32).alias(f"{source}_{m}")
        for source, present in retrieved.items()
        for m in range(1, len(sources) + 1)
    ]
    found = pairs.join(labels, on=PAIR, how="semi").group_by("customer").agg(counts)
    return per_customer(found, labels)


def shapley_of_recall(counts: pl.DataFrame, sources: Sequence[str], *, resamples: int, seed: int) -> pl.DataFrame:
    """SHAPLEY of the recall of all labels, pooled, from the rows of `finder_counts`.

    A label is found by a set of sources if one of them found it, so that in a random order each of its m finders comes first
    equally often: 1/m of the label goes to each of them. This is exact, without looking at any subset.
    """
    whole = counts.group_by("customer").agg(pl.exclude("customer").sum()).sort("customer")
    worth = {m: 1 / m for m in range(1, len(sources) + 1)}
    parts = [sum(part * _column(whole, f"{source}_{m}") for m, part in worth.items()) for source in sources]
    drawn = resample_means(np.stack([*parts, _column(whole, "n_labels")], axis=1), resamples=resamples, seed=seed)
    return _table("recall", sources, drawn.mean[:-1] / drawn.mean[-1], drawn.means[:, :-1] / drawn.means[:, -1:], None)


def all_sets(sources: Sequence[str]) -> list[Order]:
    """Every set of sources, the empty one included, each in the order of `sources`."""
    return [chosen for size in range(len(sources) + 1) for chosen in combinations(sources, size)]


def sample_orders(sources: Sequence[str], *, orders: int, seed: int) -> list[Order]:
    """`orders` random orders of `sources`, drawn with replacement."""
    rng = np.random.default_rng(seed)
    return [tuple(sources[place] for place in rng.permutation(len(sources))) for _ in range(orders)]


def sets_of(orders: Sequence[Order], sources: Sequence[str]) -> list[Order]:
    """The sets that adding the sources in these orders passes through, each once and in the order of `sources`."""
    passed = {frozenset(order[:size]) for order in orders for size in range(len(sources) + 1)}
    in_order = [tuple(source for source in sources if source in chosen) for chosen in passed]
    return sorted(in_order, key=lambda chosen: (len(chosen), [sources.index(source) for source in chosen]))


def set_name(chosen: Sequence[str]) -> str:
    """The name under which `Judged` holds a set of sources, which is given in the order of the sources."""
    return "+".join(chosen)


def shapley_of_map(judged: Judged, sources: Sequence[str], *, orders: Sequence[Order] | None) -> pl.DataFrame:
    """SHAPLEY of MAP: over all sets of `sources`, or estimated from `orders`, at least two.

    judged: every set that is needed (`all_sets` or `sets_of`), by `set_name`.
    """
    sets = [set_name(chosen) for chosen in (all_sets(sources) if orders is None else sets_of(orders, sources))]
    at = [judged.variants.index(name) for name in sets]
    if orders is None:
        weights, error = _exact_weights(sources), None
    else:
        each = np.stack([_order_weights(order, sources, sets) for order in orders])
        weights = each.mean(axis=0)
        marginal = np.einsum("oms,m->os", each, judged.mean[at])
        error = marginal.std(axis=0, ddof=1) / np.sqrt(len(orders))
    value = np.einsum("ms,m->s", weights, judged.mean[at])
    drawn = np.einsum("rm,ms->rs", judged.means[:, at], weights)  # not by BLAS, whose sums depend on its threads
    return _table("map", sources, value, drawn, error)


def _exact_weights(sources: Sequence[str]) -> Floats:
    """Sets x sources: how often a source comes right after the rest of a set (+) or right after the set (-), of all orders."""
    n = len(sources)
    return np.array(
        [
            [1 / (n * comb(n - 1, len(s) - 1)) if source in s else -1 / (n * comb(n - 1, len(s))) for source in sources]
            for s in map(set, all_sets(sources))
        ]
    )


def _order_weights(order: Order, sources: Sequence[str], sets: Sequence[str]) -> Floats:
    weights = np.zeros((len(sets), len(sources)))
    prefixes = [[source for source in sources if source in order[:size]] for size in range(len(order) + 1)]
    for source, (before, after) in zip(order, pairwise(map(set_name, prefixes)), strict=True):
        weights[sets.index(after), sources.index(source)] += 1
        weights[sets.index(before), sources.index(source)] -= 1
    return weights


def _table(of: str, sources: Sequence[str], value: Floats, drawn: Floats, error: Floats | None) -> pl.DataFrame:
    low, high = interval(drawn)
    total = float(value.sum())
    columns: Mapping[str, object] = {
        "source": list(sources),
        "of": [of] * len(sources),
        "value": value,
        "low": low,
        "high": high,
        "standard_error": error if error is not None else [None] * len(sources),
        "share": value / total if total else [None] * len(sources),
    }
    return pl.DataFrame(columns, schema=dict(SHAPLEY))


def _column(frame: pl.DataFrame, name: str) -> Floats:
    return frame[name].cast(pl.Float64).to_numpy()
