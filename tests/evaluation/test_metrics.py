from math import log2

import polars as pl
import pytest
import pytrec_eval
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from lookbook.data.schema import LABELS, RECOMMENDATIONS
from lookbook.evaluation.metrics import CUSTOMER_METRICS, catalogue_coverage, customer_metrics, novelty

Lists = dict[int, list[int]]
Bought = dict[int, set[int]]


def recommended(lists: Lists) -> pl.LazyFrame:
    rows = [(c, a, 0.0, rank) for c, articles in lists.items() for rank, a in enumerate(articles, start=1)]
    return pl.LazyFrame(rows, schema=RECOMMENDATIONS, orient="row")


def labelled(bought: Bought) -> pl.LazyFrame:
    return pl.LazyFrame([(c, a) for c, articles in bought.items() for a in articles], schema=LABELS, orient="row")


def measured(lists: Lists, bought: Bought, k: int = 12) -> dict[int, dict[str, float]]:
    rows = customer_metrics(recommended(lists), labelled(bought), k=k).collect()
    return {row.pop("customer"): row for row in rows.iter_rows(named=True)}


def reference(articles: list[int], labels: set[int], k: int) -> dict[str, float]:
    precisions, gain, first, seen = [], 0.0, 0.0, set()
    for rank in range(1, min(k, len(articles)) + 1):
        article = articles[rank - 1]
        if article in labels and article not in seen:
            seen.add(article)
            precisions.append(len(seen) / rank)
            gain += 1 / log2(rank + 1)
            first = first or 1 / rank
    possible = min(len(labels), k)
    precision, recall = len(seen) / k, len(seen) / len(labels)
    return {
        "n_labels": len(labels),
        "average_precision": sum(precisions) / possible,
        "recall": recall,
        "precision": precision,
        "f1": 2 * precision * recall / (precision + recall) if seen else 0.0,
        "ndcg": gain / sum(1 / log2(rank + 1) for rank in range(1, possible + 1)),
        "reciprocal_rank": first,
        "hit": float(bool(seen)),
    }


article = st.integers(0, 25)
lists_of = st.dictionaries(st.integers(0, 8), st.lists(article, max_size=20))
labels_of = st.dictionaries(st.integers(0, 8), st.sets(article, min_size=1, max_size=20), min_size=1)


@settings(deadline=None)
@given(lists_of, labels_of, st.integers(1, 15))
def test_metrics_equal_a_slow_reference_even_with_repeated_articles(lists: Lists, bought: Bought, k: int) -> None:
    found = measured(lists, bought, k)
    assert found.keys() == bought.keys()
    for customer, labels in bought.items():
        assert found[customer] == pytest.approx(reference(lists.get(customer, []), labels, k), abs=1e-12)
        assert all(0 <= value <= 1 + 1e-12 for name, value in found[customer].items() if name != "n_labels")


distinct_lists = st.dictionaries(st.integers(0, 8), st.lists(article, min_size=1, max_size=12, unique=True), min_size=1)


@settings(deadline=None)
@given(distinct_lists, st.data())
def test_metrics_equal_trec_eval_where_definitions_agree(lists: Lists, data: st.DataObject) -> None:
    bought = {c: data.draw(st.sets(article, min_size=1, max_size=20)) for c in lists}
    judge = pytrec_eval.RelevanceEvaluator(
        {str(c): {str(a): 1 for a in labels} for c, labels in bought.items()},
        {"recall_12", "P_12", "ndcg_cut_12", "recip_rank", "success_12", "map_cut_12"},
    )
    trec = judge.evaluate({str(c): {str(a): -float(rank) for rank, a in enumerate(row)} for c, row in lists.items()})
    for customer, found in measured(lists, bought).items():
        wanted = trec[str(customer)]
        n_labels = found["n_labels"]
        assert found["recall"] == pytest.approx(wanted["recall_12"])
        assert found["precision"] == pytest.approx(wanted["P_12"])
        assert found["ndcg"] == pytest.approx(wanted["ndcg_cut_12"])
        assert found["reciprocal_rank"] == pytest.approx(wanted["recip_rank"])
        assert found["hit"] == wanted["success_12"]
        # trec_eval divides by all labels, this project by those that fit into the list
        assert found["average_precision"] * min(n_labels, 12) / n_labels == pytest.approx(wanted["map_cut_12"])


def test_a_perfect_list_scores_one_whether_labels_are_fewer_or_more_than_k() -> None:
    found = measured({1: [1, 2, 3], 2: [1, 2, 3]}, {1: {1, 2}, 2: {1, 2, 3, 4, 5}}, k=3)
    assert found[1]["average_precision"] == found[2]["average_precision"] == 1
    assert found[1]["ndcg"] == found[2]["ndcg"] == 1
    assert (found[1]["recall"], found[2]["recall"]) == (1, 0.6)


def test_customers_without_recommendations_score_zero_and_those_without_labels_are_ignored() -> None:
    found = customer_metrics(recommended({1: [7], 2: [9]}), labelled({1: {7}, 3: {7}}), k=1).collect()
    expected = pl.DataFrame(
        {
            "customer": [1, 3],
            "n_labels": [1, 1],
            "average_precision": [1.0, 0.0],
            "recall": [1.0, 0.0],
            "precision": [1.0, 0.0],
            "f1": [1.0, 0.0],
            "ndcg": [1.0, 0.0],
            "reciprocal_rank": [1.0, 0.0],
            "hit": [1.0, 0.0],
        },
        schema=CUSTOMER_METRICS,
    )
    assert_frame_equal(found, expected)


def test_a_repeated_article_counts_once_and_pushes_later_hits_down() -> None:
    assert measured({1: [5, 5, 6]}, {1: {5, 6}})[1]["average_precision"] == pytest.approx((1 / 1 + 2 / 3) / 2)


def test_the_first_place_is_worth_a_whole_precision() -> None:
    assert measured({1: [9, 5]}, {1: {5}})[1]["average_precision"] == 0.5
    assert measured({1: [5, 9]}, {1: {5}})[1]["average_precision"] == 1


def test_metrics_are_the_same_bytes_in_any_row_order() -> None:
    lists = {c: [(c * 7 + i * i) % 50 for i in range(12)] for c in range(300)}
    bought = {c: {(c * 3 + i) % 50 for i in range(1 + c % 20)} for c in range(300)}
    plain = customer_metrics(recommended(lists), labelled(bought), k=12).collect()
    for seed in range(3):
        lists_shuffled = recommended(lists).collect().sample(fraction=1, shuffle=True, seed=seed).lazy()
        labels_shuffled = labelled(bought).collect().sample(fraction=1, shuffle=True, seed=seed + 9).lazy()
        again = customer_metrics(lists_shuffled, labels_shuffled, k=12).collect()
        assert_frame_equal(plain, again, check_exact=True)


def test_coverage_is_the_share_of_sellable_articles_that_somebody_is_shown() -> None:
    sellable = pl.LazyFrame({"article": [1, 2, 3, 4]}, schema={"article": pl.UInt32})
    shown = recommended({1: [1, 2], 2: [2, 99]})
    assert catalogue_coverage(shown, sellable).collect().item() == 0.5


def test_novelty_is_the_mean_popularity_rank_and_unsold_articles_rank_last() -> None:
    schema = {"article": pl.UInt32, "rank": pl.UInt32}
    popularity = pl.LazyFrame({"article": [1, 2, 3], "rank": [1, 2, 3]}, schema=schema)
    assert novelty(recommended({1: [1, 3], 2: [99, 2]}), popularity).collect().item() == (1 + 3 + 4 + 2) / 4
