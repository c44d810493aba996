"""The first k articles that candidate sources and baselines give to customers of a leave-one-out, what they bought left out.

Input: LeaveOneOut. Output: RECOMMENDATIONS. Customers are asked for in shards of about the same number of purchases, because a list
must be longer than what is left out of it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import polars as pl

from lookbook.data.schema import PAIR
from lookbook.evaluation.baselines.baseline import Baseline, Known, best_of
from lookbook.evaluation.leave_one_out import LeaveOneOut, unseen
from lookbook.retrieval.source import CandidateSource

MOST_ROWS = 4_000_000
"""Candidates held at a time."""
LONGEST = 65_535
"""The largest k of a candidate source."""


@dataclass(frozen=True)
class Shard:
    """customers: sorted ids. depth: the k more than most of them bought, or all articles where these are fewer."""

    customers: pl.Series
    depth: int


def shards(task: LeaveOneOut, *, k: int, most_rows: int = MOST_ROWS) -> Iterator[Shard]:
    """All customers with a label, those with the fewest purchases first; customers x depth is `most_rows` at most, or
    it is one customer."""
    articles = task.history.articles.select(pl.len()).collect().item()
    counted = (
        task.labels.select("customer")
        .join(task.bought.group_by("customer").agg(bought=pl.len()), on="customer", how="left")
        .sort("bought", "customer")
    )
    start, depths = 0, [min(count + k, articles, LONGEST) for count in counted["bought"]]
    for end in range(1, len(depths) + 1):
        if end == len(depths) or depths[end] * (end + 1 - start) > most_rows:
            yield Shard(counted["customer"][start:end].sort(), depths[end - 1])
            start = end


def source_lists(source: CandidateSource, task: LeaveOneOut, *, k: int, seed: int) -> pl.DataFrame:
    """RECOMMENDATIONS by `source`, which learns from the whole history on the processor. Its own k does not count."""
    parts = list(shards(task, k=k))
    deepest = max((shard.depth for shard in parts), default=k)
    tables = _with_k(source, deepest).learn(task.history, earlier=None, seed=seed, device="cpu")
    learned = {name: table.collect().lazy() for name, table in tables.items()}
    found = (_with_k(source, shard.depth).generate(learned, task.history.of(shard.customers), shard.customers) for shard in parts)
    return pl.concat([unseen(candidates, task.bought, k=k) for candidates in found]).sort("customer", "rank")


def baseline_lists(baseline: Baseline, task: LeaveOneOut, *, k: int) -> pl.DataFrame:
    """RECOMMENDATIONS by `baseline`."""
    known, bought, found = Known.of(task.history), task.bought, []
    for shard in shards(task, k=k):
        pairs = baseline.pairs([baseline], known, shard.customers, k=shard.depth)
        found.append(best_of(pairs.join(bought, on=PAIR, how="anti"), baseline.score(), k=k).collect())
    return pl.concat(found).sort("customer", "rank")


def _with_k(source: CandidateSource, k: int) -> CandidateSource:
    changed: CandidateSource = replace(source, k=k)  # type: ignore[type-var]  # every source is a dataclass with a k
    return changed
