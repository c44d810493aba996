"""Cards of customers against loops over their purchases, and which customers are examples."""

import json

import polars as pl
import pytest

from lookbook.evaluation.metrics import customer_metrics
from lookbook.evaluation.segments import customer_segments
from lookbook.pipelines.explain.customer import cards, example_customers
from lookbook.pipelines.explain.pair import One, explain_one
from lookbook.pipelines.explain.record import RankBySource
from lookbook.pipelines.runs.finished import FinishedRun
from lookbook.pipelines.runs.records.files import as_line

K, KEPT = 3, 58
NEVER_BOUGHT, NEW, NAMELESS = 58, 80, 7


def customer(number: int) -> str:
    return f"0c{number:03}"


def article(number: int) -> str:
    return f"0a{number:03}"


def past(opened: FinishedRun, number: int) -> dict[int, set[int]]:
    """How many days before the test week a customer bought each article, by a loop."""
    days: dict[int, set[int]] = {}
    for row in opened.system.dataset.transactions.filter(pl.col("customer") == number).collect().to_dicts():
        if row["date"] < opened.week.as_of:
            days.setdefault(row["article"], set()).add((opened.week.as_of - row["date"]).days)
    return days


@pytest.mark.usefixtures("nothing_is_computed_again")
def test_a_card_shows_what_was_bought_next_to_what_was_recommended(fates: FinishedRun, popular: list[int]) -> None:
    (card,) = cards(fates, pl.Series([NEVER_BOUGHT], dtype=pl.UInt32))
    assert card.customer == customer(NEVER_BOUGHT)
    assert card.segment == "never"
    assert card.last_purchases == []
    recommended, bought = card.recommended, card.bought
    assert [(row.rank, row.bought) for row in recommended] == [(1, True), (2, True), (3, True)]
    places = {number: place for place, number in enumerate(popular, 1)}
    for row in recommended:
        rank = places[int(row.article[2:])]
        assert row.sources == [RankBySource("popularity", rank)]
        assert row.reason == f"popularity: number {rank}"
    assert [row.recommended_rank for row in bought] == [1, 2, 3] + [None] * (len(bought) - 3)
    assert [row.lost_at for row in bought[:4]] == [None, None, None, f"ranked {K + 1}-50"]
    assert [row.rank for row in bought[:KEPT]] == list(range(1, KEPT + 1))
    assert {row.article: row.lost_at for row in bought}[article(NEW)] == "not for sale before"
    assert {row.article: row.name for row in bought}[article(NEW)] == article(NEW)  # its name is blank


def test_the_last_purchases_and_reasons_are_those_of_the_customers_own_past(fates: FinishedRun) -> None:
    for number in fates.buyers[0].customers[:5]:
        (card,) = cards(fates, pl.Series([number], dtype=pl.UInt32))
        days = past(fates, number)
        latest = sorted(days, key=lambda a: (min(days[a]), a))[:12]
        assert [(row.article, row.days_ago, row.times) for row in card.last_purchases] == [
            (article(a), min(days[a]), len(days[a])) for a in latest
        ]
        for row in card.recommended:
            before = days.get(int(row.article[2:]))
            own = before and f"last {min(before)} day{'s' if min(before) > 1 else ''} before"
            assert row.reason.endswith(own) if own else row.reason.startswith("popularity: number ")


def test_cards_come_in_the_order_asked_for_and_do_not_depend_on_each_other(fates: FinishedRun) -> None:
    asked = pl.Series([58, 3, 40, 12], dtype=pl.UInt32)
    asked = asked.filter(asked.is_in(pl.concat([shard.customers for shard in fates.buyers]).implode()))
    together = cards(fates, asked)
    assert together == [cards(fates, pl.Series([number], dtype=pl.UInt32))[0] for number in asked]
    assert [record["customer"] for record in json.loads(as_line(together))] == [customer(number) for number in asked]


def test_examples_are_spread_over_segments_and_over_good_and_bad_lists(fates: FinishedRun) -> None:
    few = example_customers(fates, 8).to_list()
    assert few == example_customers(fates, 8).to_list()
    everybody = pl.concat([shard.customers for shard in fates.buyers])
    assert sorted(example_customers(fates, 1000)) == sorted(everybody)
    chosen = cards(fates, pl.Series(few, dtype=pl.UInt32))
    everyone = cards(fates, everybody)
    sizes = {segment: sum(card.segment == segment for card in everyone) for segment in {card.segment for card in everyone}}
    counts = {segment: sum(card.segment == segment for card in chosen) for segment in sizes}
    assert sum(counts.values()) == min(8, len(everyone))
    assert all(count >= min(sizes[segment], max(counts.values()) - 1) for segment, count in counts.items())


def test_of_one_segment_the_examples_stand_at_even_distances_in_quality(fates: FinishedRun) -> None:
    precision = {row["customer"]: row["average_precision"] for row in in_all_segments(fates).to_dicts() if row["segment"] == "<=7"}
    ordered = sorted(precision.values())
    chosen = [c for c in example_customers(fates, 8) if c in precision]
    m = len(chosen)
    assert m >= 2
    assert [precision[c] for c in chosen] == [ordered[(2 * i + 1) * len(ordered) // (2 * m)] for i in range(m)]


def in_all_segments(fates: FinishedRun) -> pl.DataFrame:
    lists = pl.concat([stage.table("recommendations") for stage in fates.ranked.recommendations])
    judged = customer_metrics(lists, fates.system.dataset.labels(fates.week), k=K).collect()
    segments = customer_segments(fates.system.dataset.before(fates.week.as_of), judged["customer"]).collect()
    return judged.join(segments, on="customer")


def test_a_customer_without_purchases_in_the_test_week_is_explained_in_the_week_after_the_data(fates: FinishedRun) -> None:
    card = explain_one(fates, One(customer(59), None, final=False))
    assert (card.week, card.outcome_known, list(card.bought)) == ("2020-09-23", False, [])
    assert len(card.recommended) == K
    asked = explain_one(fates, One(customer(NEVER_BOUGHT), None, final=True))
    assert (asked.week, asked.segment) == ("2020-09-23", "<=7")
    assert asked.recommended[0].reason.startswith("bought once, last 7 days before")
    told = explain_one(fates, One(customer(59), card.recommended[0].article, final=False))
    assert (told.bought, told.rank, told.outcome_known) == (None, 1, False)
