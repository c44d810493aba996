import os
import subprocess
import sys
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from lookbook.data.dataset import Dataset, History
from lookbook.data.schema import EMBEDDINGS, conform
from lookbook.retrieval.source import CandidateSource, Device, Tables

AS_OF = date(2020, 3, 1)
GROUPS, PER_GROUP = 4, 15
MakeDataset = Callable[[pl.DataFrame], Dataset]
WithSettings = Callable[..., CandidateSource]


@pytest.fixture
def source(with_settings: WithSettings) -> CandidateSource:
    return with_settings(
        "matrix_factorization",
        dim=8,
        negatives=32,
        batch_size=128,
        gpu_batch_factor=2,
        epochs=6,
        warm_epochs=2,
        l2=0.01,
        k=PER_GROUP,
        valid_k=5,
    )


@pytest.fixture
def tastes(make_dataset: MakeDataset) -> Dataset:
    """40 customers in 4 groups, who buy articles of their group alone, the same few articles of it most often."""
    rng = np.random.default_rng(5)
    customer = rng.integers(0, 40, 1600)
    liked = np.minimum(rng.geometric(0.15, 1600) - 1, PER_GROUP - 1)
    article = customer % GROUPS * PER_GROUP + liked
    days = [AS_OF - timedelta(days=int(d)) for d in rng.integers(1, 50, 1600)]
    return make_dataset(pl.DataFrame({"customer": customer, "article": article, "date": days}))


def learn(source: CandidateSource, history: History, earlier: Tables | None = None, seed: int = 0) -> dict[str, pl.DataFrame]:
    return {n: t.collect() for n, t in source.learn(history, earlier=earlier, seed=seed, device="cpu").items()}


def lazy(learned: dict[str, pl.DataFrame]) -> Tables:
    return {name: table.lazy() for name, table in learned.items()}


@pytest.mark.parametrize("device", ["cpu", "gpu"])  # without a GPU its program runs on the CPU
def test_planted_tastes_are_found_where_popularity_cannot(source: CandidateSource, tastes: Dataset, device: Device) -> None:
    history = tastes.before(AS_OF)
    customers = pl.Series("customer", range(40), dtype=pl.UInt32)
    learned = source.learn(history, earlier=None, seed=0, device=device)
    found = source.generate(learned, history.of(customers), customers).collect()
    of_own_group = pl.col("article") // PER_GROUP == pl.col("customer") % GROUPS
    assert found.height == 40 * PER_GROUP
    assert found.filter(pl.col("rank") <= 8).select(of_own_group.mean()).item() > 0.9  # popularity: 0.25


def test_seen_articles_are_kept(source: CandidateSource, make_dataset: MakeDataset) -> None:
    days = [AS_OF - timedelta(days=d) for d in (1, 2, 9, 10)]
    history = make_dataset(pl.DataFrame({"customer": [1, 2, 1, 2], "article": [7, 8, 7, 8], "date": days})).before(AS_OF)
    customers = pl.Series("customer", [1, 2], dtype=pl.UInt32)
    found = source.generate(lazy(learn(source, history)), history, customers).collect()
    assert sorted(found.select("customer", "article").rows()) == [(1, 7), (1, 8), (2, 7), (2, 8)]


def test_customers_without_purchases_and_articles_not_sold_lately_get_no_row(
    with_settings: WithSettings, make_dataset: MakeDataset
) -> None:
    source = with_settings("matrix_factorization", dim=4, on_sale_days=10, history_days=100)
    rows = {"customer": [1, 1, 2, 3], "article": [5, 6, 6, 6], "date": [AS_OF - timedelta(days=d) for d in (11, 10, 3, 101)]}
    history = make_dataset(pl.DataFrame(rows)).before(AS_OF)
    customers = pl.Series("customer", [1, 2, 3, 4], dtype=pl.UInt32)
    found = source.generate(lazy(learn(source, history)), history, customers).collect()
    assert found.select("customer", "article", "rank").rows() == [(1, 6, 1), (2, 6, 1)]


def test_a_history_without_purchases_is_learned_and_retrieves_nothing(source: CandidateSource, tastes: Dataset) -> None:
    history = tastes.before(tastes.first_day)
    learned = learn(source, history)
    customers = pl.Series("customer", [1, 2], dtype=pl.UInt32)
    assert source.generate(lazy(learned), history, customers).collect().is_empty()
    assert [table.height for table in learned.values()] == [0, 0, 0, 0]


def test_embeddings_have_the_schema_and_one_row_for_every_id_that_bought_or_sold(source: CandidateSource, tastes: Dataset) -> None:
    learned = learn(source, tastes.before(AS_OF))
    for side in ("customer", "article"):
        table = conform(learned[f"{side}_embeddings"].lazy(), EMBEDDINGS, side, extra=True).collect()
        assert table.schema["vector"] == pl.Array(pl.Float32, 8)
        assert table["id"].to_list() == tastes.transactions.collect()[side].unique().sort().to_list()
    assert learned["customer_embeddings"]["bias"].unique().to_list() == [0.0]


def test_the_curve_stops_after_the_best_recall_and_the_final_phase_repeats_the_best_number_of_epochs(
    with_settings: WithSettings, tastes: Dataset
) -> None:
    source = with_settings("matrix_factorization", dim=8, negatives=32, batch_size=128, epochs=30, patience=2, valid_k=5)
    curve = learn(source, tastes.before(AS_OF))["learning_curve"]
    search, final = curve.filter(phase="search"), curve.filter(phase="final")
    best = int(search["valid_recall"].arg_max() or 0) + 1
    assert search["epoch"].to_list() == list(range(1, best + 3))
    assert final["epoch"].to_list() == list(range(1, best + 1))
    assert final["valid_recall"].null_count() == final.height
    assert search["train_loss"].is_sorted(descending=True)


def test_the_newest_days_judge_the_epochs_but_are_learned_in_the_end(source: CandidateSource, make_dataset: MakeDataset) -> None:
    rows = {
        "customer": [1, 2, 1, 2, 3],
        "article": [5, 6, 5, 6, 9],
        "date": [AS_OF - timedelta(days=d) for d in (30, 30, 20, 20, 1)],
    }
    learned = learn(source, make_dataset(pl.DataFrame(rows)).before(AS_OF))
    assert learned["customer_embeddings"]["id"].to_list() == [1, 2, 3]
    assert learned["article_embeddings"]["id"].to_list() == [5, 6, 9]


def test_a_warm_start_goes_on_from_what_was_learned_earlier(source: CandidateSource, tastes: Dataset) -> None:
    earlier = learn(source, tastes.before(AS_OF - timedelta(days=7)))
    warm = learn(source, tastes.before(AS_OF), lazy(earlier), seed=1)
    cold = learn(source, tastes.before(AS_OF), seed=1)
    first = [
        curve.filter(phase="search", epoch=1)["train_loss"].item() for curve in (warm["learning_curve"], cold["learning_curve"])
    ]
    assert first[0] < first[1] - 0.1
    assert warm["learning_curve"].filter(phase="search").height <= 2

    def distance(table: pl.DataFrame) -> float:
        both = earlier["customer_embeddings"].join(table, on="id", maintain_order="left")
        return float(np.linalg.norm(both["vector"].to_numpy() - both["vector_right"].to_numpy()))

    assert distance(warm["customer_embeddings"]) < 0.5 * distance(cold["customer_embeddings"])


def test_the_seed_decides_every_bit(source: CandidateSource, tastes: Dataset) -> None:
    first, again, other = (learn(source, tastes.before(AS_OF), seed=seed) for seed in (3, 3, 4))
    for name, table in first.items():
        assert_frame_equal(table, again[name], check_exact=True)
    assert not first["article_embeddings"].equals(other["article_embeddings"])


def test_training_says_nothing_on_the_error_stream() -> None:
    code = "from lookbook.retrieval.vectors.tensorflow_runtime import start_tensorflow as s; s(); s()\n"
    code += "import lookbook.retrieval.vectors.row_sparse; print('ready')"
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("TF_", "KERAS_"))}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert (done.stdout, done.stderr) == ("ready\n", "")


def test_a_shard_reads_no_vector_of_customers_far_away(source: CandidateSource, tastes: Dataset, tmp_path: Path) -> None:
    history, file = tastes.before(AS_OF), tmp_path / "vectors.parquet"
    learned = learn(source, history)
    shard = pl.Series("customer", [17, 19], dtype=pl.UInt32)
    expected = source.generate(lazy(learned), history.of(shard), shard).collect()
    learned["customer_embeddings"].write_parquet(file, row_group_size=16, compression="uncompressed")
    content = bytearray(file.read_bytes())
    content[4:200] = bytes(196)  # inside the first of the three row groups
    file.write_bytes(bytes(content))
    with pytest.raises(pl.exceptions.PolarsError):
        pl.read_parquet(file)
    tables = {**lazy(learned), "customer_embeddings": pl.scan_parquet(file)}
    assert_frame_equal(source.generate(tables, history.of(shard), shard).collect(), expected)
