from datetime import date

import numpy as np
import polars as pl
from polars.testing import assert_frame_equal

from lookbook.features.embedding import EMBEDDING, RECENT_PURCHASES
from lookbook.features.feature import Inputs, add_features

U32, F32 = pl.UInt32, pl.Float32
AS_OF = date(2020, 9, 16)


def table(vectors: dict[int, list[float]], bias: float = 0.0) -> pl.LazyFrame:
    rows = {"id": list(vectors), "bias": [bias] * len(vectors), "vector": list(vectors.values())}
    return pl.LazyFrame(rows, schema={"id": U32, "bias": F32, "vector": pl.Array(F32, 2)})


def nearness(make_dataset, rows, pairs, *, customers, articles, bias=0.0):
    bought = pl.DataFrame(rows, schema=["customer", "article", "days_ago"], orient="row")
    dated = bought.select("customer", "article", date=AS_OF - pl.duration(days=pl.col("days_ago")))
    tables = {"customer_embeddings": table(customers), "article_embeddings": table(articles, bias)}
    frame = pl.LazyFrame(pairs, schema={"customer": U32, "article": U32}, orient="row")
    return add_features(frame, Inputs(make_dataset(dated).before(AS_OF), tables), [EMBEDDING]).collect()


def test_affinity_is_dot_product_plus_bias_and_cosines_ignore_length(make_dataset):
    rows = [(1, 10, 5), (1, 11, 9), (2, 12, 3)]
    articles = {10: [2.0, 0.0], 11: [0.0, 5.0], 12: [0.0, 0.0]}
    found = nearness(
        make_dataset,
        rows,
        [(1, 10), (1, 11), (1, 99), (2, 10), (3, 10)],
        customers={1: [3.0, 1.0], 3: [1.0, 1.0]},
        articles=articles,
        bias=0.5,
    )
    after = pl.DataFrame(
        {
            "customer": [1, 1, 1, 2, 3],
            "article": [10, 11, 99, 10, 10],
            # customer 2 has no vector, customer 3 is of another shard, article 99 has no vector
            "embedding_affinity": [6.5, 5.5, None, None, None],
            # the last basket of customer 1 is article 10; the only article of customer 2 has no direction
            "embedding_cosine_last_basket": [1.0, 0.0, None, None, None],
            "embedding_cosine_recent": [0.5**0.5, 0.5**0.5, None, None, None],
        },
        schema={"customer": U32, "article": U32, **{f.name: F32 for f in EMBEDDING.features}},
    )
    assert_frame_equal(found, after, rel_tol=1e-6)


def test_only_the_newest_purchases_are_recent(make_dataset):
    rows = [(1, 10, day) for day in range(1, RECENT_PURCHASES + 1)] + [(1, 11, RECENT_PURCHASES + 1)]
    found = nearness(make_dataset, rows, [(1, 11)], customers={1: [1.0, 0.0]}, articles={10: [1.0, 0.0], 11: [0.0, 1.0]})
    assert found["embedding_cosine_recent"].item() == 0


def test_pairs_beyond_one_block_are_looked_up_like_the_first(make_dataset, monkeypatch):
    monkeypatch.setattr("lookbook.features.embedding.BLOCK_PAIRS", 7)
    articles = {a: [float(a), 1.0] for a in range(20)}
    customers = {c: [1.0, float(c)] for c in range(10)}
    pairs = [(c, a) for c in customers for a in articles]
    found = nearness(make_dataset, [(c, 0, 1) for c in customers], pairs, customers=customers, articles=articles)
    np.testing.assert_array_equal(found["embedding_affinity"].to_numpy(), [a + c for c, a in pairs])


def test_learned_tables_without_rows_give_nulls(make_dataset):
    found = nearness(make_dataset, [(1, 10, 1)], [(1, 10)], customers={}, articles={})
    assert found.row(0) == (1, 10, None, None, None)
