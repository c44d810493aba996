"""What the phases cannot be cheaper than, measured on this machine: reading the text, multiplying, copying, walking trees.

`python -m benchmarks.scale.floors TWIN ARTIFACTS COUNTS`, after a whole `lookbook run` on TWIN; COUNTS is what
benchmarks.scale.counts printed. Output: floors as JSON on stdout. Each is measured on a part, the fastest of several repeats, on
the one thread that measure.py allows, and extrapolated in proportion to what there was to do.
"""

import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from benchmarks.scale.counts import EMBEDDINGS
from benchmarks.scale.results import Floor
from lookbook.pipelines.settings.config import Settings, load_settings
from lookbook.ranking.ranker import feature_schema

REPEATS, REPEATED_SECONDS = 3, 1.0
"""Each is measured at least so many times, and for so many processor seconds."""
QUERIES = 4096
"""Customers multiplied with all articles at a time."""
STEPS = 200
COPIED_ROWS = 1_000_000
SCORED_ROWS = 200_000
FITTED_ROWS = 1_000_000
FITTED_TREES = 5

Matrix = npt.NDArray[np.float32]
Counts = Mapping[str, int]


def floors(twin: Path, root: Path, counts: Counts) -> Iterator[Floor]:
    """Those of every phase that has one.

    A phase with several (rank) cannot be cheaper than their sum.
    """
    settings = load_settings(root / "runs" / "latest" / "config.resolved.toml", {})
    yield Floor("data", "reading the CSV file of purchases with Polars", csv_scan(twin / "transactions_train.csv"))
    yield from products(settings, counts)
    examples = _examples(root)
    matrix = matrix_of(examples.head(SCORED_ROWS))
    copied = copying(matrix.shape[1])
    yield Floor("examples", "copying their feature matrix once", copied * counts["examples"])
    yield Floor("fit", "LightGBM, as many trees on as many rows", fitting(examples, settings) * counts["tree_rows"])
    yield Floor("rank", "copying the feature matrix once", copied * counts["ranked"])
    yield Floor("rank", "LightGBM's predict on a ready matrix", predicting(root, matrix) * counts["ranked"])


def products(settings: Settings, counts: Counts) -> Iterator[Floor]:
    """Those of the embeddings: matrix products of the same shapes, in single precision."""
    source = next((vars(source) for source in settings.sources() if source.name == EMBEDDINGS), None)
    if source is None or not counts["on_sale"]:
        return
    dim, batch = source["dim"], source["batch_size"]
    learning = training_step(batch, dim, source["negatives"]) / batch
    yield Floor("learn", "matrix products of training the embeddings", learning * counts["trained"])
    query = lookup(dim, counts["on_sale"])
    for phase, customers in (("retrieve", counts["looked_up"]), ("rank", counts["served_vectors"])):
        yield Floor(phase, "matrix product of customers and articles on sale", query * customers)


def csv_scan(file: Path) -> float:
    """Processor seconds of parsing every value of the file."""
    return fastest(lambda: pl.scan_csv(file).select(pl.all().max()).collect(engine="streaming"))


def training_step(batch: int, dim: int, negatives: int) -> float:
    """Processor seconds of a step: scores of a batch against shared negatives, gradients of both."""
    rng = np.random.default_rng(0)
    customers, articles = (rng.random((rows, dim), dtype=np.float32) for rows in (batch, negatives))

    def steps() -> None:
        for _ in range(STEPS):
            scores = customers @ articles.T
            _ = scores @ articles
            _ = scores.T @ customers

    return fastest(steps) / STEPS


def lookup(dim: int, articles: int) -> float:
    """Processor seconds per customer of the scores of all articles."""
    rng = np.random.default_rng(0)
    queries, items = (rng.random((rows, dim), dtype=np.float32) for rows in (QUERIES, articles))
    scores = np.empty((QUERIES, articles), dtype=np.float32)
    return fastest(lambda: np.matmul(queries, items.T, out=scores)) / QUERIES


def copying(columns: int) -> float:
    """Processor seconds per row of reading and writing `columns` numbers, single precision."""
    source = np.ones((COPIED_ROWS, columns), dtype=np.float32)
    target = np.zeros_like(source)
    return fastest(lambda: np.copyto(target, source)) / COPIED_ROWS


def predicting(root: Path, matrix: Matrix) -> float:
    """Processor seconds per row of scoring `matrix` with the ranker of the latest run."""
    import lightgbm

    booster = lightgbm.Booster(model_file=str(root / "runs" / "latest" / "models" / "final" / "ranker.txt"))
    return fastest(lambda: booster.predict(matrix, num_threads=1, raw_score=True)) / len(matrix)


def fitting(examples: pl.DataFrame, settings: Settings) -> float:
    """Processor seconds per row and tree of LambdaRank with the settings of the run, on data that are already binned."""
    import lightgbm

    chosen = settings.ranking.lambdarank
    parameters = {
        "objective": "lambdarank",
        "metric": "none",
        "label_gain": [0, 1],
        "lambdarank_truncation_level": chosen.truncation_level,
        "num_leaves": chosen.num_leaves,
        "min_data_in_leaf": chosen.min_examples_in_leaf,
        "lambda_l2": chosen.l2,
        "feature_fraction": chosen.feature_fraction,
        "max_bin": chosen.max_bin,
        "force_row_wise": True,
        "num_threads": 1,
        "verbosity": -1,
    }
    groups = examples.select(pl.struct("as_of", "customer").rle().struct.field("len")).to_series()
    binned = lightgbm.Dataset(
        matrix_of(examples), label=examples["label"].to_numpy(), group=groups.to_numpy(), params=parameters
    ).construct()
    return fastest(lambda: lightgbm.train(parameters, binned, num_boost_round=FITTED_TREES)) / (len(examples) * FITTED_TREES)


def matrix_of(examples: pl.DataFrame) -> Matrix:
    """The features, a row for each example; null becomes NaN."""
    features = examples.select(pl.col(list(feature_schema(examples.schema))).cast(pl.Float32))
    return np.ascontiguousarray(features.to_numpy(), dtype=np.float32)


def fastest(work: Callable[[], object]) -> float:
    """Processor seconds of the fastest of many repeats: what else ran on the machine can only have added to the others."""
    took: list[float] = []
    while len(took) < REPEATS or sum(took) < REPEATED_SECONDS:
        start = time.process_time()
        work()
        took.append(time.process_time() - start)
    return min(took)


def _examples(root: Path) -> pl.DataFrame:
    """Of as many whole stages as hold about FITTED_ROWS, sorted as the ranker wants them, without the columns it did not see."""
    seen = json.loads((root / "runs" / "latest" / "models" / "final" / "ranker.json").read_text())["features"]
    parts: list[pl.DataFrame] = []
    for file in sorted((root / "cache" / "examples").glob("*/features.parquet")):
        parts.append(pl.read_parquet(file))
        if sum(map(len, parts)) >= FITTED_ROWS:
            break
    examples = pl.concat(parts).sort("as_of", "customer", "article")
    return examples.drop(name for name in feature_schema(examples.schema) if name not in seen)


if __name__ == "__main__":
    found = floors(Path(sys.argv[1]), Path(sys.argv[2]), json.loads(Path(sys.argv[3]).read_text()))
    print(json.dumps([asdict(floor) for floor in found]))
