"""What holds for every feature of the registry, so also for one added tomorrow."""

import os
import re
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from datetime import date

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from lookbook.features.feature import Inputs, add_features, available, shared_tables
from lookbook.features.plan import plan
from lookbook.features.registry import GROUPS, feature_docs, groups

KINDS = ("display", "mailer")
DECLARED = (*GROUPS, plan(KINDS))
EVERY = [feature for group in DECLARED for feature in group.features]
SCOPES = "customer|article|pair|match|embedding"
AS_OF = date(2020, 9, 16)


@pytest.fixture(params=EVERY, ids=lambda feature: feature.name)
def feature(request):
    return request.param


def test_its_name_is_scope_and_what(feature):
    assert re.fullmatch(rf"({SCOPES})(_[a-z0-9]+)+", feature.name)


def test_its_documentation_is_a_sentence_that_says_what_null_means(feature):
    assert feature.doc.endswith(".")
    assert feature.doc[0].isupper()
    assert feature.fill is not None or "null" in feature.doc


def test_its_column_has_the_declared_type(feature, features):
    assert features.schema[feature.name] == feature.dtype


def test_its_column_is_finite_and_null_only_if_it_has_no_fill(feature, features):
    column = features[feature.name]
    assert column.drop_nulls().cast(pl.Float64).is_finite().all()
    assert feature.fill is None or column.null_count() == 0


def test_its_column_knows_something_and_not_the_same_for_all_pairs(feature, features):
    assert features[feature.name].drop_nulls().n_unique() > 1


def test_names_of_features_and_groups_are_unique():
    for names in ([f.name for f in EVERY], [g.name for g in DECLARED]):
        assert [name for name, count in Counter(names).items() if count > 1] == []


def test_columns_are_the_pairs_then_the_features_in_registry_order(problem, features):
    declared = [f.name for g in groups(problem.history.customers.collect_schema(), KINDS) for f in g.features]
    assert features.columns == [*problem.pairs.columns, *declared]


def test_docs_cover_every_column_but_the_keys(problem, features):
    chosen = groups(problem.history.customers.collect_schema(), KINDS)
    assert list(feature_docs(chosen, problem.pairs.columns)) == features.columns[2:]


def test_rows_and_their_order_are_kept(problem, features, features_of):
    assert_frame_equal(features.select(problem.pairs.columns), problem.pairs)
    shuffled = problem.pairs.sample(fraction=1, shuffle=True, seed=1)
    found = features_of(problem.history, shuffled, problem.embeddings)
    assert_frame_equal(found.select(problem.pairs.columns), shuffled)
    assert_frame_equal(found.sort("customer", "article"), features, check_exact=True)


@pytest.mark.parametrize("size", [1, 25])
def test_a_customer_has_the_same_features_in_every_shard(problem, features, features_of, size):
    ids = problem.pairs["customer"].unique().sort()
    shards = [ids.slice(start, size) for start in range(0, len(ids), size)][:: 1 if size > 1 else 9]
    for shard in shards:
        pairs = problem.pairs.filter(pl.col("customer").is_in(shard.implode()))
        whole = features.filter(pl.col("customer").is_in(shard.implode()))
        assert_frame_equal(features_of(problem.history, pairs, problem.embeddings, shard), whole, check_exact=True)


def test_the_order_of_input_rows_does_not_matter(problem, features, features_of):
    def shuffle(frame: pl.LazyFrame, seed: int) -> pl.LazyFrame:
        return frame.collect().sample(fraction=1, shuffle=True, seed=seed).lazy()

    history = problem.history
    shuffled = replace(
        history,
        transactions=shuffle(history.transactions, 1),
        customers=shuffle(history.customers, 2),
        articles=shuffle(history.articles, 3),
        plan=shuffle(history.plan, 5),
    )
    embeddings = {name: shuffle(table, 4) for name, table in problem.embeddings.items()}
    assert_frame_equal(features_of(shuffled, problem.pairs, embeddings), features, check_exact=True)


def test_names_and_texts_of_articles_do_not_matter(problem, features, features_of):
    words = pl.concat_str(pl.lit("words "), pl.col("article"))
    named = replace(problem.history, articles=problem.history.articles.with_columns(name=words, text=words))
    assert_frame_equal(features_of(named, problem.pairs, problem.embeddings), features, check_exact=True)


def test_rows_on_and_after_as_of_do_not_matter(problem, features, features_of, scramble_from):
    rows = problem.dataset.transactions
    future = rows.filter(pl.col("date") >= AS_OF)
    assert future.filter(pl.col("date") == AS_OF).collect().height > 0
    for changed in (
        rows.filter(pl.col("date") < AS_OF),
        scramble_from(problem.dataset, AS_OF).transactions,
        pl.concat([rows, future]),
    ):
        history = replace(problem.dataset, transactions=changed).before(AS_OF)
        assert_frame_equal(features_of(history, problem.pairs, problem.embeddings), features, check_exact=True)


def test_what_is_planned_on_and_after_as_of_does_not_matter_but_what_is_known_of_the_label_week_does(
    problem, features, features_of, scramble_from
):
    rows = problem.dataset.plan.rows
    later, label_week = pl.col("known_from") >= AS_OF, (pl.col("first_day") < date(2020, 9, 23)) & (pl.col("last_day") >= AS_OF)
    assert rows.filter(pl.col("known_from") == AS_OF, label_week).collect().height > 0

    def with_plan(changed: pl.LazyFrame) -> pl.DataFrame:
        planned = replace(problem.dataset.plan, rows=changed)
        return features_of(replace(problem.dataset, plan=planned).before(AS_OF), problem.pairs, problem.embeddings)

    for changed in (rows.filter(~later), scramble_from(problem.dataset, AS_OF).plan.rows, pl.concat([rows, rows.filter(later)])):
        assert_frame_equal(with_plan(changed), features, check_exact=True)
    known_ahead = label_week & (pl.col("known_from") == date(2020, 9, 15)) & (pl.col("first_day") >= AS_OF)
    assert not with_plan(rows.filter(~known_ahead)).equals(features)


def test_without_a_plan_its_features_do_not_exist_and_the_others_are_the_same(problem, features, features_of):
    found = features_of(replace(problem.dataset, plan=None).before(AS_OF), problem.pairs, problem.embeddings)
    assert [c for c in features.columns if c not in found.columns] == [f.name for f in plan(KINDS).features]
    assert_frame_equal(found, features.select(found.columns), check_exact=True)


def test_rows_the_day_before_as_of_matter(problem, features, features_of):
    history = replace(problem.dataset, transactions=problem.dataset.transactions.filter(pl.col("date") < date(2020, 9, 15))).before(
        AS_OF
    )
    assert not features_of(history, problem.pairs, problem.embeddings).equals(features)


def test_an_empty_history_leaves_every_row_and_type(problem, features, features_of):
    first = problem.dataset.transactions.select(pl.col("date").min()).collect().item()
    found = features_of(problem.dataset.before(first), problem.pairs, problem.embeddings)
    assert found.schema == features.schema
    assert_frame_equal(found.select(problem.pairs.columns), problem.pairs)
    assert found.select(pl.col("^.*(sales_.d|purchases)$").sum()).sum_horizontal().item() == 0


def test_unknown_customers_and_articles_keep_their_rows(features):
    unknown = features.filter((pl.col("customer") >= 900) & (pl.col("article") >= 900))
    values = unknown.select(f.name for f in EVERY).unique()
    assert unknown.height == 4
    assert_frame_equal(values, pl.DataFrame({f.name: [f.fill] for f in EVERY}, schema={f.name: f.dtype for f in EVERY}))


def test_without_learned_vectors_the_embedding_features_do_not_exist(problem, features, features_of):
    found = features_of(problem.history, problem.pairs, {})
    assert [c for c in features.columns if c not in found.columns] == [f.name for f in EVERY if f.name.startswith("embedding_")]
    assert_frame_equal(found, features.select(found.columns), check_exact=True)
    for alone in ("customer_embeddings", "article_embeddings"):
        assert "embedding" not in {g.name for g in available(GROUPS, {alone})}


def test_no_feature_needs_those_of_a_group_that_learns(problem, features):
    chosen = [group for group in groups(problem.history.customers.collect_schema()) if group.learn is None]
    tables = {**problem.embeddings, **shared_tables(chosen, Inputs(problem.history, problem.embeddings))}
    found = add_features(problem.pairs.lazy(), Inputs(problem.history, tables), chosen).collect()
    assert found.width < features.width
    assert_frame_equal(found, features.select(found.columns), check_exact=True)


SCRIPT = """
import sys
from datetime import date
from pathlib import Path
import polars as pl
from lookbook.data.dataset import History
from lookbook.features.feature import Inputs, add_features, shared_tables
from lookbook.features.registry import groups

assert pl.thread_pool_size() == int(sys.argv[2])
table = {file.stem: pl.scan_parquet(file) for file in Path(sys.argv[1]).glob("*.parquet")}
history = History(date(2020, 9, 16), *(table[name] for name in ("transactions", "customers", "articles", "plan")))
chosen = groups(history.customers.collect_schema(), ("display", "mailer"))
table |= shared_tables(chosen, Inputs(history, table))
add_features(table["pairs"], Inputs(history, table), chosen).collect(engine=sys.argv[3]).write_parquet(sys.argv[4])
"""


def test_threads_and_engine_do_not_matter(problem, tmp_path):
    history, copies = problem.history, range(30)
    tables = {
        "transactions": pl.concat(
            [history.transactions.with_columns(pl.col("customer") + pl.lit(60 * i, pl.UInt32)) for i in copies]
        ),
        "customers": pl.concat([history.customers.with_columns(pl.col("customer") + pl.lit(60 * i, pl.UInt32)) for i in copies]),
        "articles": history.articles,
        "plan": pl.concat([history.plan] * 30),
        "pairs": problem.pairs.lazy(),
        **problem.embeddings,
    }
    for name, table in tables.items():
        table.collect().write_parquet(tmp_path / f"{name}.parquet", row_group_size=5_000)
    found = []
    for threads, engine in ((1, "in-memory"), (3, "in-memory"), (2, "streaming")):
        subprocess.run(
            [sys.executable, "-c", SCRIPT, str(tmp_path), str(threads), engine, str(tmp_path / "found.pq")],
            env={**os.environ, "POLARS_MAX_THREADS": str(threads), "PYTHONPATH": os.pathsep.join(sys.path)},
            check=True,
        )
        found.append(pl.read_parquet(tmp_path / "found.pq"))
    assert_frame_equal(found[0], found[1], check_exact=True)
    assert_frame_equal(found[0], found[2], check_exact=True)
