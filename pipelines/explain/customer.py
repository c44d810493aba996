"""What customers were recommended and why, next to what they bought before and after.

Input: FinishedRun, customers. Output: cards, one per customer.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence

import polars as pl

from lookbook.evaluation.lost_labels import RECOMMENDED
from lookbook.evaluation.metrics import customer_metrics
from lookbook.evaluation.segments import RECENCY_SEGMENTS, customer_segments
from lookbook.pipelines.explain.decided import Decided, in_test_week
from lookbook.pipelines.explain.lost_labels import traced
from lookbook.pipelines.explain.reasons import Row, evidence, purchases, ranks_by_source, reason
from lookbook.pipelines.explain.record import Bought, Card, CustomerCard, Purchase, RankBySource, Recommended
from lookbook.pipelines.runs.finished import FinishedRun
from lookbook.pipelines.runs.raw_ids import customer_ids, named_articles
from lookbook.pipelines.runs.records.files import Record, record_of, rows_of
from lookbook.pipelines.stages.rank import listed

LAST_PURCHASES = 12
"""Articles of a customer that a card lists, the last bought first."""


def cards(finished: FinishedRun, customers: pl.Series) -> list[Card]:
    """A card for each of `customers` (ids of buyers of the test week), in their order."""
    by_id = dict(zip(customers.sort(), cards_of(in_test_week(finished, customers)), strict=True))
    return [by_id[customer] for customer in customers]


def explain_customer(decided: Decided) -> CustomerCard:
    """The card of the one customer of `decided`."""
    week, k = str(decided.week.as_of), decided.system.settings.run.k
    return CustomerCard(week=week, k=k, outcome_known=decided.outcome_known, **vars(cards_of(decided)[0]))


def example_customers(finished: FinishedRun, n: int = 10) -> pl.Series:
    """Ids of at most `n` buyers of the test week to show as examples, chosen by a rule that cannot pick the good ones.

    Every segment has as many places as any other, plus or minus one (fewer if it has fewer buyers); its buyers are sorted by
    average precision, ties in an order that the seed shuffles, and taken at even distances: with two places those at one
    quarter and at three quarters. Sorted by segment, worst first.
    """
    settings = finished.system.settings
    lists = listed(finished.ranked.recommendations)
    judged = customer_metrics(lists, finished.system.dataset.labels(finished.week), k=settings.run.k).collect()
    segments = customer_segments(finished.system.dataset.before(finished.week.as_of), judged["customer"]).collect()
    order = {segment: place for place, segment in enumerate(RECENCY_SEGMENTS)}
    groups = (
        judged.join(segments, on="customer", how="left", validate="1:1")
        .with_columns(turn=pl.col("customer").hash(settings.run.seed), order=pl.col("segment").replace_strict(order))
        .sort("order", "average_precision", "turn", "customer")
        .partition_by("order", maintain_order=True)
    )
    places = _places([len(group) for group in groups], n)
    chosen = [
        group["customer"].gather([(2 * place + 1) * len(group) // (2 * m) for place in range(m)])
        for group, m in zip(groups, places, strict=True)
    ]
    return pl.concat(chosen)


def cards_of(decided: Decided) -> list[Card]:
    """As `cards`, for the customers of `decided` in ascending order; `bought` is empty in the week after the data."""
    ids = decided.customers.rename("customer").to_frame().lazy()
    about = (
        ids.join(customer_ids(decided.system.folder), on="customer", how="left", validate="1:1")
        .join(customer_segments(decided.history, decided.customers), on="customer", how="left", validate="1:1")
        .sort("customer")
        .collect()
    )
    before = purchases(decided)
    bought, recommended = _by_customer(_bought(decided), Bought), _recommended(decided, before)
    columns = ("customer", pl.col("article_id").alias("article"), "name", "days_ago", "times")
    last = _by_customer(before.select(columns), Purchase)
    return [
        Card(
            customer=row["customer_id"],
            segment=row["segment"],
            bought=bought.get(row["customer"], []),
            recommended=recommended.get(row["customer"], []),
            last_purchases=last.get(row["customer"], [])[:LAST_PURCHASES],
        )
        for row in about.to_dicts()
    ]


def _bought(decided: Decided) -> pl.DataFrame:
    recommended = pl.col("stage") == RECOMMENDED
    return (
        traced(decided)
        .join(named_articles(decided.system), on="article", how="left", validate="m:1")
        .sort("customer", ~recommended, "rank", "place", "article", nulls_last=True)
        .select(
            "customer",
            pl.col("article_id").alias("article"),
            "name",
            pl.when(recommended).then("rank").alias("recommended_rank"),
            pl.when(~recommended).then("stage").alias("lost_at"),
            "rank",
            "place",
        )
        .collect()
    )


def _recommended(decided: Decided, before: pl.DataFrame) -> Mapping[int, Sequence[Recommended]]:
    lists = decided.recommended.join(named_articles(decided.system).collect(), on="article", how="left", validate="m:1")
    own, sources = _by_pair(before), _by_pair(ranks_by_source(decided))
    found = _by_pair(evidence(decided, lists))
    hits = {(row["customer"], row["article"]) for row in decided.labels.to_dicts()}
    result: dict[int, list[Recommended]] = {}
    for row in lists.sort("customer", "rank").to_dicts():
        pair = (row["customer"], row["article"])
        ranks = sources[pair]
        result.setdefault(row["customer"], []).append(
            Recommended(
                rank=row["rank"],
                article=row["article_id"],
                name=row["name"],
                score=row["score"],
                bought=pair in hits,
                sources=[record_of(each, RankBySource) for each in ranks],
                reason=reason(next(iter(own[pair]), None), ranks, found[pair]),
            )
        )
    return result


def _by_customer(table: pl.DataFrame, kind: type[Record]) -> Mapping[int, Sequence[Record]]:
    parts = table.partition_by("customer", as_dict=True, maintain_order=True, include_key=False)
    return {customer: rows_of(part, kind) for (customer,), part in parts.items()}


def _by_pair(table: pl.DataFrame) -> Mapping[tuple[int, int], list[Row]]:
    rows: Mapping[tuple[int, int], list[Row]] = defaultdict(list)
    for row in table.to_dicts():
        rows[row["customer"], row["article"]].append(row)
    return rows


def _places(sizes: Sequence[int], n: int) -> list[int]:
    """Shares `n` places among groups of these sizes, one each in turn, until all are given or every group is full."""
    given = [0] * len(sizes)
    while sum(given) < n and any(g < s for g, s in zip(given, sizes, strict=True)):
        for group, size in enumerate(sizes):
            if given[group] < size and sum(given) < n:
                given[group] += 1
    return given
