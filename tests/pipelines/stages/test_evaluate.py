"""What the verdict on a week says of customers and articles without a past, in a run where some are known by heart."""

import polars as pl

from lookbook.pipelines.runs.finished import FinishedRun
from lookbook.pipelines.runs.written import metrics_of

NEVER_BOUGHT, NEW = 58, 80


def test_customers_without_a_purchase_before_the_week_are_judged_apart(fates: FinishedRun) -> None:
    results = metrics_of(fates.verdict)
    assert results.cold_customers is not None
    assert list(results.cold_customers) == list(results.metrics)
    labels = fates.system.dataset.labels(fates.week).collect()
    past = fates.system.dataset.before(fates.week.as_of).transactions.select("customer").collect()
    assert labels.join(past, on="customer", how="anti")["customer"].unique().to_list() == [NEVER_BOUGHT]
    for variant, segments in results.cold_customers.items():
        assert list(segments) == ["none"]
        assert segments["none"] == {metric: results.metrics[variant]["never"][metric] for metric in ("map", "recall")}
    assert results.cold_customers["popularity_alone"]["none"]["map"].value == 1
    assert results.cold_customers["repurchase_alone"]["none"]["map"].value == 0


def test_labels_of_articles_that_nobody_bought_before_are_counted_by_source(fates: FinishedRun) -> None:
    results = metrics_of(fates.verdict)
    assert results.cold_articles is not None
    never = [(row.source, row.found, row.n_labels, row.n_customers) for row in results.cold_articles if row.segment == "never"]
    assert never == [(source, 0, 1, 1) for source in ("repurchase", "popularity", "union")]
    assert fates.system.dataset.labels(fates.week).filter(pl.col("article") == NEW).collect().height == 1
