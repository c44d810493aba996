"""Every baseline by its name, and the recommendations of some of them.

Input: Known. Output: RECOMMENDATIONS by name.
"""

from collections.abc import Hashable, Iterable, Mapping, Sequence

import polars as pl

from lookbook.evaluation.baselines.baseline import Baseline, Known, best_of
from lookbook.evaluation.baselines.blended import Blended
from lookbook.evaluation.baselines.most_bought import MostBought
from lookbook.evaluation.baselines.own import Popularity
from lookbook.evaluation.baselines.personal_top import PersonalTop
from lookbook.evaluation.baselines.repurchase_popularity import RepurchasePopularity
from lookbook.evaluation.baselines.tifu_knn import TifuKnn
from lookbook.evaluation.baselines.up_cf import UpCf

BASELINES: Mapping[str, type[Baseline]] = {
    kind.name: kind for kind in (Popularity, RepurchasePopularity, MostBought, PersonalTop, Blended, TifuKnn, UpCf)
}
"""Every baseline by its name in METRICS and in evaluation.baselines."""


def published(names: Iterable[str]) -> tuple[Baseline, ...]:
    """The baselines of these names with parameters that were not chosen for the data set."""
    return tuple(BASELINES[name].tried()[0] for name in names)


def together(baselines: Iterable[Baseline]) -> list[Sequence[Baseline]]:
    """The same, in groups that share one table of SCORED pairs, each in the order given."""
    groups: dict[Hashable, list[Baseline]] = {}
    for baseline in baselines:
        groups.setdefault(baseline.shared(), []).append(baseline)
    return list(groups.values())


def baseline_recommendations(
    known: Known, customers: pl.Series, baselines: Sequence[Baseline], *, k: int
) -> dict[str, pl.LazyFrame]:
    """RECOMMENDATIONS of each of `baselines` for `customers` (unique ids), by name in the order given; exactly `k` each.

    A market with fewer than `k` articles ever sold gives shorter lists.
    """
    asked = customers.cast(pl.UInt32).sort()
    lists: dict[str, pl.LazyFrame] = {}
    for group in together(baselines):
        pairs = group[0].pairs(group, known, asked, k=k)
        lists |= {baseline.name: best_of(pairs, baseline.score(), k=k) for baseline in group}
    return {baseline.name: lists[baseline.name] for baseline in baselines}
