"""The evidence of each source on markets small enough to know it by heart."""

from collections.abc import Callable
from datetime import date, timedelta

import polars as pl
import pytest

from lookbook.data.dataset import Dataset, History
from lookbook.retrieval.source import CandidateSource
from lookbook.retrieval.vectors.neighbours import nearest_purchases

AS_OF = date(2020, 9, 15)
WithSettings = Callable[..., CandidateSource]
Rows = list[tuple[int, int, float]]


@pytest.fixture
def history(make_dataset: Callable[..., Dataset]) -> History:
    """Articles 10 to 12 are product 1 and category 5, article 20 is category 5 too, article 30 is of no level."""
    bought = [(1, 10, 1), (1, 10, 8), (1, 11, 8), (1, 12, 15), (1, 30, 15), (2, 20, 1), (2, 20, 2), (2, 12, 1), (2, 30, 1)]
    return make_dataset(
        pl.DataFrame([(c, a, AS_OF - timedelta(days=ago)) for c, a, ago in bought], ["customer", "article", "date"], orient="row"),
        articles=pl.DataFrame(
            {"article": [10, 11, 12, 20, 30], "product": [1, 1, 1, 2, None], "category": [5, 5, 5, 5, None]},
            schema_overrides={"article": pl.UInt32},
        ),
    ).before(AS_OF)


def evidence(source: CandidateSource, history: History, *pairs: tuple[int, int]) -> Rows:
    learned = source.learn(history, earlier=None, seed=0, device="cpu")
    asked = pl.LazyFrame(list(pairs), schema={"customer": pl.UInt32, "article": pl.UInt32}, orient="row")
    return source.evidence(learned, history, asked).drop("customer").collect().rows()


def test_a_repurchase_is_its_own_evidence_as_often_as_it_was_bought(history: History, with_settings: WithSettings) -> None:
    source = with_settings("repurchase", half_life_days=7.0)
    assert evidence(source, history, (1, 10), (1, 20), (2, 20)) == [(10, 10, 1.5), (20, 20, pytest.approx(1 + 0.5 ** (1 / 7)))]


def test_popularity_has_no_evidence(history: History, with_settings: WithSettings) -> None:
    assert evidence(with_settings("popularity", segments=()), history, (1, 10), (2, 10)) == []


def test_the_same_product_is_suggested_by_its_variants(history: History, with_settings: WithSettings) -> None:
    source = with_settings("same_product", level="product", customer_half_life_days=7.0)
    assert evidence(source, history, (1, 12), (1, 20), (1, 30)) == [(12, 10, 1.5), (12, 11, 0.5), (12, 12, 0.25)]


def test_a_category_is_suggested_by_what_was_bought_in_it(history: History, with_settings: WithSettings) -> None:
    source = with_settings("favourite_category", level="category", customer_half_life_days=7.0)
    assert evidence(source, history, (1, 20)) == [(20, 10, 1.5), (20, 11, 0.5), (20, 12, 0.25)]


def test_a_product_that_is_no_favourite_has_no_evidence(history: History, with_settings: WithSettings) -> None:
    source = with_settings("same_product", level="product", customer_half_life_days=7.0, products_per_customer=1)
    assert evidence(source, history, (2, 20), (2, 11)) == [(20, 20, pytest.approx(1 + 0.5 ** (1 / 7)))]


def test_the_strength_of_a_seed_is_what_it_adds_to_the_score(history: History, with_settings: WithSettings) -> None:
    source = with_settings("co_purchase", min_support=0.0, span_days=1, half_life_days=1e6, seed_half_life_days=7.0, seeds=2)
    learned = source.learn(history, earlier=None, seed=0, device="cpu")
    scores = source.generate(learned, history, pl.Series([1, 2], dtype=pl.UInt32))
    # seeds of customer 2: article 20 with weight 1 + 0.5 ** (1/7), then 12 with 1; every article is in 2 baskets, 12 and 30
    # in the same two (similarity 1), 20 with each of them in one (similarity 1/2)
    found = evidence(source, history, (2, 12), (2, 30))
    half = pytest.approx((1 + 0.5 ** (1 / 7)) / 2, rel=1e-5)
    assert found == [(12, 20, half), (30, 12, 1.0), (30, 20, half)]
    total = pl.DataFrame(found, ["article", "purchase", "strength"], orient="row").group_by("article").agg(pl.col("strength").sum())
    expected = scores.filter(pl.col("customer") == 2).select("article", "score").collect()
    joined = total.with_columns(pl.col("article").cast(pl.UInt32)).join(expected, on="article")
    assert joined.height == 2
    assert joined["strength"].to_list() == pytest.approx(joined["score"].to_list())


def test_purchases_so_old_that_they_weigh_nothing_are_no_evidence(
    make_dataset: Callable[..., Dataset], history: History, with_settings: WithSettings
) -> None:
    rows = [(1, 10, AS_OF - timedelta(days=1)), (1, 11, AS_OF - timedelta(days=22))]  # after 21 half-lives of a day nothing is left
    old = make_dataset(
        pl.DataFrame(rows, ["customer", "article", "date"], orient="row"),
        articles=pl.DataFrame({"article": [10, 11], "product": [1, 1]}, schema_overrides={"article": pl.UInt32}),
    ).before(AS_OF)
    same_product = with_settings("same_product", level="product", customer_half_life_days=1.0)
    assert evidence(same_product, old, (1, 10)) == [(10, 10, 1.0)]
    co_purchase = with_settings("co_purchase", min_support=0.0, span_days=1, half_life_days=1e6, seed_half_life_days=0.1)
    assert evidence(co_purchase, history, (1, 11), (1, 30)) == [(11, 10, pytest.approx(0.5**0.5, rel=1e-5))]


def test_the_embedding_names_what_was_bought_in_the_days_it_learned_from_for_articles_on_sale(with_settings: WithSettings) -> None:
    vectors = pl.Series([[1.0, 0.0], [0.8, 0.6], [0.6, 0.8]], dtype=pl.Array(pl.Float32, 2))
    articles = pl.LazyFrame({"id": pl.Series([10, 11, 12], dtype=pl.UInt32), "bias": vectors.arr.first(), "vector": vectors})
    learned = {
        "customer_embeddings": articles.filter(pl.col("id") == 10).with_columns(id=pl.lit(1, dtype=pl.UInt32)),
        "article_embeddings": articles,
        "articles_on_sale": pl.LazyFrame({"article": pl.Series([10, 11], dtype=pl.UInt32)}),
    }
    transactions = pl.LazyFrame(
        [(1, 11, 10), (1, 12, 11), (1, 10, 3), (2, 10, 1)],
        schema={"customer": pl.UInt32, "article": pl.UInt32, "days_ago": pl.UInt16},
        orient="row",
    )
    nothing = pl.LazyFrame()
    pairs = pl.LazyFrame({"customer": [1, 1, 2], "article": [10, 12, 10]}, schema={"customer": pl.UInt32, "article": pl.UInt32})
    source = with_settings("matrix_factorization", history_days=10)
    found = source.evidence(learned, History(AS_OF, transactions, nothing, nothing), pairs).collect()
    assert found.rows() == [(1, 10, 10, 1.0), (1, 10, 11, pytest.approx(0.8))]


def test_the_purchases_nearest_in_embedding_come_by_cosine_not_by_length() -> None:
    vectors = {10: [1.0, 0.0], 11: [0.0, 9.0], 12: [3.0, 3.0], 13: [-1.0, 0.0], 14: [0.0, 0.0]}
    embeddings = pl.LazyFrame(
        {"id": list(vectors), "bias": [0.0] * 5, "vector": list(vectors.values())},
        schema={"id": pl.UInt32, "bias": pl.Float32, "vector": pl.Array(pl.Float32, 2)},
    )
    bought = pl.LazyFrame({"customer": [1] * 6, "article": [11, 12, 12, 13, 14, 99]}).cast(pl.UInt32)
    pairs = pl.LazyFrame({"customer": [1, 1, 2], "article": [10, 99, 10]}).cast(pl.UInt32)
    found = nearest_purchases(pairs, bought, embeddings, top=3).collect()
    assert found.rows() == [(1, 10, 12, pytest.approx(0.5**0.5)), (1, 10, 11, 0.0), (1, 10, 14, 0.0)]
