import json
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from benchmarks.scale.counts import counts
from lookbook.pipelines.settings.config import choose_sources, load_settings, write_settings

WEEKS = [date(2020, 9, day) for day in (2, 9, 16)]


def write(file: Path, columns: dict[str, list[object]]) -> None:
    file.parent.mkdir(parents=True)
    pl.DataFrame(columns).write_parquet(file)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """What a run of one source leaves: candidates and pairs of two shards, examples of three weeks, lists of three customers."""
    cache, run = tmp_path / "cache", tmp_path / "runs" / "latest"
    write(cache / "retrieve" / "repurchase" / "a" / "candidates.parquet", {"customer": [0, 0, 1]})
    write(cache / "retrieve" / "repurchase" / "b" / "candidates.parquet", {"customer": [2, 2]})
    write(cache / "retrieve" / "merge" / "a" / "pairs.parquet", {"customer": [0, 0, 0, 1]})
    write(cache / "retrieve" / "merge" / "b" / "pairs.parquet", {"customer": [2, 2]})
    for week, rows in zip(WEEKS, (30, 20, 10), strict=True):
        write(cache / "examples" / str(week) / "features.parquet", {"as_of": [week] * rows})
    ranked = {"customer": [0, 0, 1, 2], "rank": [1, 2, 1, 1], "score": [0.5, None, 0.2, None]}
    write(cache / "rank" / "a" / "recommendations.parquet", ranked)
    (cache / "fit" / "trees" / "a").mkdir(parents=True)
    (cache / "fit" / "trees" / "a" / "curve.json").write_text(json.dumps({"trees": 5, "map_at_12": [0.1] * 8}))
    (run / "models" / "final").mkdir(parents=True)
    (run / "models" / "final" / "ranker.json").write_text(json.dumps({"features": {"a": "Float32", "b": "Float32"}, "trees": 5}))
    (run / "run.json").write_text(json.dumps({"data": {"transactions": 9, "customers": 4, "articles": 3}}))
    return tmp_path


def with_settings(root: Path, **ranking: int) -> Path:
    overrides = {f"ranking.{name}": value for name, value in ranking.items()}
    settings = choose_sources(load_settings(overrides=overrides), only="repurchase", drop=None)
    write_settings(settings, root / "runs" / "latest" / "config.resolved.toml")
    return root


def test_rows_are_those_on_disk(root):
    found = counts(with_settings(root, training_weeks=2))
    assert {name: found[name] for name in ("purchases", "customers", "articles")} == {"purchases": 9, "customers": 4, "articles": 3}
    assert (found["candidates"], found["pairs"], found["examples"], found["features"]) == (5, 6, 60, 2)


def test_pairs_ranked_are_as_many_for_each_customer_with_a_ranked_list_as_on_average_on_disk(root):
    found = counts(with_settings(root, training_weeks=2))
    assert found["ranked_customers"] == 2
    assert found["ranked"] == 2 * 6 // 3


def test_rows_times_trees_are_those_of_the_search_and_of_both_rankers(root):
    found = counts(with_settings(root, training_weeks=2))
    assert found["tree_rows"] == 8 * 30 + 5 * (30 + 20) + 5 * (20 + 10)


def test_rows_times_trees_are_fewer_where_examples_are_thinned(root):
    found = counts(with_settings(root, training_weeks=2, max_examples=25))
    assert found["tree_rows"] == (8 * 30 + 5 * (30 + 20)) // 2 + 5 * (20 + 10) * 25 // 30


def test_without_embeddings_nothing_was_trained_or_looked_up(root):
    found = counts(with_settings(root, training_weeks=2))
    assert [found[name] for name in ("trained", "looked_up", "served_vectors", "on_sale")] == [0, 0, 0, 0]
