from datetime import date
from math import log2

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookbook.data.schema import CANDIDATES, PAST_TRANSACTIONS, RECOMMENDATIONS
from lookbook.evaluation.leave_one_out import DAY_SECONDS, EVENTS, LeaveOneOut, accuracy, leave_one_out, unseen

NOTHING = pl.LazyFrame({"customer": []}), pl.LazyFrame({"article": []})


def events(*rows: tuple[int, int, int]) -> pl.DataFrame:
    """Customer, article, moment; of equal moments the larger article is the later."""
    return pl.DataFrame(
        [(customer, article, moment, article, 3.5) for customer, article, moment in rows], schema=dict(EVENTS), orient="row"
    )


def split(table: pl.DataFrame, days: str = "same") -> LeaveOneOut:
    customers, articles = NOTHING
    return leave_one_out(table, days=days, customers=customers, articles=articles)  # type: ignore[arg-type]


def past(task: LeaveOneOut) -> list[tuple[int, ...]]:
    return task.history.transactions.select("customer", "article", "days_ago").collect().rows()


TABLE = events((0, 5, 100), (0, 7, 300), (0, 6, 300), (1, 5, 50), (2, 6, 2 * DAY_SECONDS), (2, 5, 10))


def test_the_last_event_of_each_customer_is_held_out_and_of_a_tie_the_larger() -> None:
    task = split(TABLE)
    assert task.labels.rows() == [(0, 7), (2, 6)]
    assert task.bought.rows() == [(0, 5), (0, 6), (1, 5), (2, 5)]
    assert past(task) == [(0, 5, 1), (0, 6, 1), (1, 5, 1), (2, 5, 1)]


def test_days_are_those_of_the_customers_order_or_of_the_calendar() -> None:
    assert past(split(TABLE, "order")) == [(0, 5, 2), (0, 6, 1), (1, 5, 1), (2, 5, 1)]
    assert past(split(TABLE, "real")) == [(0, 5, 3), (0, 6, 3), (1, 5, 3), (2, 5, 3)]


def test_a_history_is_one_of_a_data_set_and_names_no_day() -> None:
    history = split(TABLE).history
    assert history.transactions.collect_schema() == pl.Schema(PAST_TRANSACTIONS)
    assert history.transactions.select("quantity", "price", "channel").unique().collect().rows() == [(1, 3.5, 0)]
    assert history.as_of == date.min


def test_an_article_bought_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="bought an article twice"):
        split(events((0, 5, 1), (0, 5, 2)))


def test_days_beyond_what_a_history_can_hold_are_refused() -> None:
    with pytest.raises(ValueError, match="over 65535 days back"):
        split(events((0, 5, 0), (0, 6, 1), (1, 5, 70_000 * DAY_SECONDS)), "real")


moments = st.integers(0, 5 * DAY_SECONDS)


@given(st.dictionaries(st.tuples(st.integers(0, 4), st.integers(0, 8)), moments | st.just(0), max_size=30), st.randoms())
def test_splits_are_those_of_a_slow_reference_whatever_the_order_of_rows(found, random) -> None:  # type: ignore[no-untyped-def]
    rows = [(customer, article, moment) for (customer, article), moment in found.items()]
    random.shuffle(rows)
    labels, known = [], []
    last_day = max((moment for *_, moment in rows), default=0) // DAY_SECONDS
    for customer in range(5):
        own = sorted((moment, article) for who, article, moment in rows if who == customer)
        if len(own) > 1:
            labels.append((customer, own.pop()[1]))
        for back, (moment, article) in enumerate(reversed(own), 1):
            known.append((customer, article, back, last_day - moment // DAY_SECONDS + 1))
    for days, place in (("order", 2), ("real", 3)):
        task = split(events(*rows), days)
        assert task.labels.rows() == labels
        assert sorted(past(task)) == sorted((row[0], row[1], row[place]) for row in known)
        ago = task.history.transactions.select("customer", -pl.col("days_ago").cast(pl.Int64)).collect().rows()
        assert ago == sorted(ago), "by customer, oldest first"


def test_what_was_bought_is_left_out_and_ranks_close_up() -> None:
    rows = [(0, 5, 9.0, 1), (0, 4, 9.0, 2), (0, 6, 1.0, 3), (0, 3, 1.0, 4), (1, 5, 2.0, 1)]
    candidates = pl.DataFrame(rows, schema=dict(CANDIDATES), orient="row").sample(fraction=1, shuffle=True, seed=1)
    found = unseen(candidates.lazy(), pl.DataFrame({"customer": [0], "article": [4]}, schema_overrides=EVENTS), k=2)
    assert found.rows() == [(0, 5, 9.0, 1), (0, 6, 1.0, 2), (1, 5, 2.0, 1)]
    assert found.schema == pl.Schema(RECOMMENDATIONS)


def test_hit_rate_and_ndcg_are_means_over_everybody_with_a_label() -> None:
    labels = pl.DataFrame([(0, 5), (1, 5), (2, 9), (3, 1)], schema={"customer": pl.UInt32, "article": pl.UInt32}, orient="row")
    rows = [(0, 5, 1.0, 1), (1, 4, 1.0, 1), (1, 6, 0.9, 2), (1, 5, 0.8, 3), (2, 5, 1.0, 1), (9, 1, 1.0, 1)]
    lists = pl.DataFrame(rows, schema=dict(RECOMMENDATIONS), orient="row")
    found = accuracy(lists, labels, k=10)
    assert (found.hit_rate, found.customers) == (0.5, 4)
    assert found.ndcg == pytest.approx((1 + 1 / log2(4)) / 4)
    assert accuracy(lists, labels, k=2).hit_rate == 0.25
    assert found.low < found.hit_rate < found.high
    with pytest.raises(ValueError, match="no customer"):
        accuracy(lists, labels.clear(), k=10)
