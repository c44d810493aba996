"""Every method on the same customers of one test week: hits, what lists are like, what the default sources do not find.

Input: RECOMMENDATIONS of up to DEPTH articles. Output: Measured.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from lookbook.data.schema import PAIR
from lookbook.evaluation.baselines.popularity import article_popularity
from lookbook.evaluation.beyond_accuracy import BIT, information, list_totals
from lookbook.evaluation.metrics import catalogue_coverage, customer_metrics
from lookbook.evaluation.sources.candidates import candidate_counts, pairs_of
from lookbook.pipelines.stages.shards import Target
from lookbook.pipelines.stages.system import System
from lookbook.pipelines.studies.leaderboard.methods import DEPTH, Method

PER_CUSTOMER = ("recall", "map", "ndcg", "places", "new", "information", "only", "labels")
"""Columns of Measured.customers: metrics of the list; then numbers to add up, information in bits."""


@dataclass(frozen=True)
class KnownWeek:
    """What all methods of a week are measured against. labels: LABELS. bought: PAIR of what the same customers bought before.
    information: INFORMATION. sellable: articles sold in the 28 days before. beside: the labels that each default source finds."""

    labels: pl.LazyFrame
    bought: pl.LazyFrame
    information: pl.LazyFrame
    sellable: pl.LazyFrame
    beside: Mapping[Method, pl.LazyFrame]


@dataclass(frozen=True)
class Measured:
    """customers: one row per customer with a label, sorted: customer and PER_CUSTOMER. coverage: null where nothing was sold in
    the 28 days before. rows: places of all lists, down to DEPTH."""

    customers: pl.DataFrame
    coverage: float | None
    rows: int


def known_week(system: System, target: Target, beside: Mapping[Method, pl.LazyFrame]) -> KnownWeek:
    """Held in memory: a week has far fewer customers with labels than the data set has customers. beside: RECOMMENDATIONS of the
    default sources."""
    customers = pl.concat([shard.served for shard in target.shards])
    history = system.dataset.before(target.window.as_of)
    labels = system.dataset.labels(target.window, customers)
    sellable = article_popularity(history).filter(pl.col("buyers") > 0).select("article")
    tables = (labels, history.of(customers).transactions.select(PAIR).unique(), information(history), sellable)
    held = [table.collect(engine="streaming").lazy() for table in tables]
    found = {method: _hits(lists, held[0]).collect().lazy() for method, lists in beside.items()}
    return KnownWeek(held[0], held[1], held[2], held[3], found)


def _hits(found: pl.LazyFrame, labels: pl.LazyFrame) -> pl.LazyFrame:
    """PAIR and rank of what was bought."""
    return found.join(labels, on=PAIR, how="semi").select(*PAIR, "rank")


def measure(known: KnownWeek, found: pl.LazyFrame, method: Method, *, k: int) -> Measured:
    held = found.collect().lazy()
    deep, best = (customer_metrics(held, known.labels, k=depth) for depth in (DEPTH, k))
    totals = list_totals(held, known.labels, known.bought, known.information, k=k)
    customers = (
        best.select("customer", map="average_precision", ndcg="ndcg")
        .join(deep.select("customer", "recall"), on="customer", validate="1:1")
        .join(totals, on="customer", validate="1:1")
        .join(_only(known, held, method), on="customer", validate="1:1")
        .with_columns(information=pl.col("information") / BIT, labels="n_labels")
        .select("customer", *PER_CUSTOMER)
        .sort("customer")
        .collect()
    )
    shown = held.filter(pl.col("rank") <= k)
    return Measured(
        customers,
        coverage=catalogue_coverage(shown, known.sellable).select(pl.col("coverage").fill_nan(None)).collect().item(),
        rows=int(held.select(pl.len()).collect().item()),
    )


def _only(known: KnownWeek, found: pl.LazyFrame, method: Method) -> pl.LazyFrame:
    """customer, only: labels that no default source finds, other than the method itself."""
    others = {f"not {other.name}": hits for other, hits in known.beside.items() if other != method}
    hits = {**others, "it": _hits(found, known.labels)}
    return candidate_counts(pairs_of(hits), known.labels).select("customer", only="it_only")
