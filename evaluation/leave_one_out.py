"""Leave-one-out: the last purchase of every customer is to be found among all articles that they did not buy before.

The protocol of He et al., "Neural Collaborative Filtering", WWW 2017, but with a full ranking instead of 100 drawn articles, which
distort (Krichene and Rendle, "On Sampled Metrics for Item Recommendation", KDD 2020). Input: EVENTS. Output: LeaveOneOut,
RECOMMENDATIONS, Accuracy.

Customers stop on different days, so what is known of one may be later than what is to be found of another: this is no forecast,
and its figures cannot be compared with those of a week (Ji et al., "A Critical Study on Data Leakage in Recommender System Offline
Evaluation", TOIS 2023).
"""

from dataclasses import dataclass
from datetime import date
from typing import Literal

import polars as pl

from lookbook.data.dataset import History
from lookbook.data.order import best_first
from lookbook.data.schema import LABELS, PAIR, PAST_TRANSACTIONS, RECOMMENDATIONS, Schema
from lookbook.evaluation.bootstrap import interval, resample_means
from lookbook.evaluation.metrics import customer_metrics

EVENTS: Schema = {"customer": pl.UInt32, "article": pl.UInt32, "moment": pl.Int64, "tie": pl.Int64, "price": pl.Float32}
"""One row per purchase of a customer and article. moment: seconds from any start. tie: of equal moments the larger is the later, no
two of a customer are equal."""

Days = Literal["same", "order", "real"]
"""When a known purchase was, in days before the one as_of that all have. same: 1 day, so that neither order nor time counts, as in
the papers. order: 1 for the customer's last known purchase, 2 for the one before. real: by the calendar, where as_of is the day
after the last event of all (days begin with multiples of 24 hours)."""
DAY_SECONDS = 86_400
RESAMPLES = 1000
MOST_DAYS = 65_535


@dataclass(frozen=True)
class LeaveOneOut:
    """history: of all customers, without what is held out. labels: what is held out, one article for every customer with two events
    or more; who has one event only keeps it. bought: customer and article of the history, which are not recommended to them."""

    history: History
    labels: pl.DataFrame
    bought: pl.DataFrame


@dataclass(frozen=True)
class Accuracy:
    """Means over all customers with a label, those without recommendations included. hit_rate: share whose label is among the first
    k; low, high: its 95 % interval by a bootstrap over customers. ndcg: 1 / log2(rank + 1) of the label, 0 beyond k."""

    hit_rate: float
    low: float
    high: float
    ndcg: float
    customers: int


def leave_one_out(events: pl.DataFrame, *, days: Days, customers: pl.LazyFrame, articles: pl.LazyFrame) -> LeaveOneOut:
    """Hold out the last event of every customer. customers, articles: the tables of History.

    Raises:
        ValueError: a customer has an article twice, which could not be found again, or more events than a history has days.
    """
    if events.select(pl.struct(PAIR).is_duplicated().any()).item():
        raise ValueError("a customer bought an article twice; leave-one-out is for data in which nobody does")
    latest = best_first(events, "moment", "tie").with_columns(
        last_moment=pl.col("moment").max(), later=pl.int_range(pl.len(), dtype=pl.Int64).over("customer")
    )
    held = (pl.col("later") == 0) & (pl.len().over("customer") > 1)
    marked = latest.with_columns(held=held)
    known = marked.filter(~pl.col("held")).with_columns(days_ago=_days_ago(days))
    if known.filter(pl.col("days_ago") > MOST_DAYS).height:
        raise ValueError(f"days = {days!r}: a purchase is over {MOST_DAYS} days back")
    rows = best_first(known.with_columns(quantity=pl.lit(1), channel=pl.lit(0)), "days_ago")
    return LeaveOneOut(
        History(
            date.min, rows.select(pl.col(name).cast(kind) for name, kind in PAST_TRANSACTIONS.items()).lazy(), customers, articles
        ),
        marked.filter("held").select(*LABELS).sort(PAIR),
        known.select(PAIR).sort(PAIR),
    )


def _days_ago(days: Days) -> pl.Expr:
    last_day = pl.col("last_moment") // DAY_SECONDS
    return {
        "same": pl.lit(1, dtype=pl.Int64),
        "order": pl.max_horizontal("later", pl.lit(1, dtype=pl.Int64)),
        "real": last_day - pl.col("moment") // DAY_SECONDS + 1,
    }[days]


def unseen(candidates: pl.LazyFrame, bought: pl.DataFrame, *, k: int) -> pl.DataFrame:
    """RECOMMENDATIONS: the first `k` CANDIDATES of each customer that are not `bought`. Where a customer has at least k more
    candidates than they bought, the list has its full length."""
    return (
        candidates.join(bought.lazy(), on=PAIR, how="anti")
        .sort("customer", "rank")
        .with_columns(rank=pl.int_range(1, pl.len() + 1, dtype=pl.UInt32).over("customer"))
        .filter(pl.col("rank") <= k)
        .select(pl.col(name).cast(kind) for name, kind in RECOMMENDATIONS.items())
        .collect()
    )


def accuracy(lists: pl.DataFrame, labels: pl.DataFrame, *, k: int) -> Accuracy:
    """Of RECOMMENDATIONS against one label each.

    Raises:
        ValueError: nobody has a label.
    """
    found = customer_metrics(lists.lazy(), labels.lazy(), k=k).select("hit", "ndcg").collect().to_numpy()
    resampled = resample_means(found, resamples=RESAMPLES, seed=0)
    low, high = interval(resampled.means)
    return Accuracy(float(resampled.mean[0]), float(low[0]), float(high[0]), float(resampled.mean[1]), len(found))
