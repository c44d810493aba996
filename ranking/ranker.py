"""Stage 2: LightGBM LambdaRank over the examples of several past weeks.

Input: EXAMPLES (fit) or FEATURES (score). Output: a Ranker, or one score per pair.
Method: LambdaMART (Burges, 2010, "From RankNet to LambdaRank to LambdaMART") as LightGBM implements it.
"""

import hashlib
import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

import numpy as np
import numpy.typing as npt
import polars as pl
from annotated_types import Ge, Gt, Le

from lookbook.data.schema import PAIR, SchemaError

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # busy-waiting threads cost 2-5x CPU where cores are shared

NOT_FEATURES = ("as_of", *PAIR, "label")
METRIC = "map"
BLOCK_ROWS = 4096
SCORED_ROWS = 1 << 15
"""Rows scored at a time: LightGBM takes them column by column, as Polars holds them, and the matrix of all is never made."""


@dataclass(frozen=True)
class RankerSettings:
    """The keys of [ranking] in the settings file that shape a single fit; default.toml says what each does."""

    __pydantic_config__: ClassVar = {"extra": "forbid"}

    learning_rate: Annotated[float, Gt(0), Le(1)]
    num_leaves: Annotated[int, Gt(1)]
    min_examples_in_leaf: Annotated[int, Gt(0)]
    l2: Annotated[float, Ge(0)]
    feature_fraction: Annotated[float, Gt(0), Le(1)]
    customer_fraction: Annotated[float, Gt(0), Le(1)]
    max_bin: Annotated[int, Gt(1), Le(255)]
    truncation_level: Annotated[int, Gt(0)]
    max_trees: Annotated[int, Gt(0)]
    early_stopping_rounds: Annotated[int, Ge(0)]


@dataclass(frozen=True)
class Ranker:
    """A fitted model. features: column and type it was trained on, in order; trees: how many; model: LightGBM text."""

    features: Mapping[str, str]
    trees: int
    model: str

    def score(self, features: pl.DataFrame, *, threads: int = 0) -> pl.DataFrame:
        """customer, article, score (Float32, higher is better, comparable within a customer only); rows and order are kept.

        Raises:
            SchemaError: the feature columns are not exactly those of training.
        """
        check_features(self.features, feature_schema(features.schema))
        from lookbook.ranking.lightgbm_alone import lightgbm

        booster = lightgbm.Booster(model_str=self.model)
        known = pl.all().cast(pl.Float32).fill_null(float("nan"))  # NaN is LightGBM's missing value
        scores = [
            booster.predict(rows.select(known).to_numpy(), num_threads=threads, raw_score=True).astype(np.float32)
            for rows in features.select(*self.features).iter_slices(SCORED_ROWS)
            if len(rows)
        ]
        score = pl.Series("score", np.concatenate(scores) if scores else [], dtype=pl.Float32)
        return features.select("customer", "article", score)

    @property
    def learned_nothing(self) -> bool:
        """Whether every tree is a single leaf, so that all pairs have the same score."""
        return set(re.findall(r"^num_leaves=(\d+)$", self.model, re.MULTILINE)) <= {"1"}

    def save(self, folder: Path) -> None:
        """Write ranker.txt (LightGBM text) and ranker.json (feature schema, number of trees, SHA-256 of the text)."""
        (folder / "ranker.txt").write_text(self.model)
        about = {"features": dict(self.features), "trees": self.trees, "sha256": _sha256(self.model)}
        (folder / "ranker.json").write_text(json.dumps(about, indent=1) + "\n")

    @staticmethod
    def load(folder: Path) -> "Ranker":
        """Read what `save` wrote. A cut or edited text would abort the interpreter inside LightGBM, so it is checked first.

        Raises:
            ValueError: ranker.txt is not the text that ranker.json describes.
        """
        about = json.loads((folder / "ranker.json").read_text())
        model = (folder / "ranker.txt").read_text()
        if _sha256(model) != about["sha256"]:
            raise ValueError(f"{folder / 'ranker.txt'}: its SHA-256 is not the one in ranker.json; the file was cut or edited")
        return Ranker(about["features"], about["trees"], model)


@dataclass(frozen=True)
class LearningCurve:
    """MAP@12 of the early-stopping week after each tree, on its sampled examples; only comparable within one fit."""

    trees: int
    values: tuple[float, ...]


Parts = Sequence[pl.LazyFrame]
"""EXAMPLES in parts, each sorted by as_of, customer, article, none splitting a query group. One part is in memory at a time."""


def fit(examples: Parts, settings: RankerSettings, *, trees: int, seed: int, threads: int = 0) -> Ranker:
    """Fit exactly `trees` trees. Same rows: same text, whatever the threads."""
    from lookbook.ranking.lightgbm_alone import lightgbm

    parameters = _parameters(settings, seed, threads, examples=examples)
    booster = lightgbm.train(parameters, _dataset(examples, parameters), num_boost_round=trees)
    model = re.sub(r"\[num_threads: \d+\]", "[num_threads: 0]", booster.model_to_string())
    return Ranker(feature_schema(examples[0].collect_schema()), trees, model)


def choose_trees(train: Parts, valid: Parts, *, settings: RankerSettings, seed: int, threads: int = 0) -> LearningCurve:
    """Early stopping: the number of trees after which MAP@12 on `valid` was best, for a fit on `train`."""
    from lookbook.ranking.lightgbm_alone import lightgbm

    history: dict[str, dict[str, list[float]]] = {}
    parameters = _parameters(settings, seed, threads, examples=train)
    data = _dataset(train, parameters)
    booster = lightgbm.train(
        parameters,
        data,
        num_boost_round=settings.max_trees,
        valid_sets=[_dataset(valid, parameters, reference=data)],
        valid_names=["valid"],
        callbacks=[
            lightgbm.early_stopping(settings.early_stopping_rounds, verbose=False),
            lightgbm.record_evaluation(history),
        ],
    )
    return LearningCurve(booster.best_iteration, tuple(history["valid"][f"{METRIC}@12"]))


def feature_schema(schema: pl.Schema) -> dict[str, str]:
    """Feature columns of EXAMPLES or FEATURES and their types, in order."""
    return {name: str(dtype) for name, dtype in schema.items() if name not in NOT_FEATURES}


def check_features(expected: Mapping[str, str], found: Mapping[str, str]) -> None:
    """Refuse any feature that is missing, unexpected, of another type or in another place."""
    missing = [name for name in expected if name not in found]
    unexpected = [name for name in found if name not in expected]
    retyped = [f"{n} is {found[n]}, not {t}" for n, t in expected.items() if n in found and found[n] != t]
    if missing or unexpected or retyped:
        raise SchemaError(f"features differ from the ranker's: missing {missing}, unexpected {unexpected}, other type {retyped}")
    if list(expected) != list(found):
        raise SchemaError("features differ from the ranker's: same columns in another order")


def examples_in_leaf(settings: RankerSettings, examples: int) -> int:
    """min_examples_in_leaf, but of few examples no more than an eighth of what each leaf gets when they are dealt out evenly: with
    more, trees of a small shop would be a single leaf and tell no article from another."""
    return max(1, min(settings.min_examples_in_leaf, examples // (8 * settings.num_leaves)))


def _parameters(settings: RankerSettings, seed: int, threads: int, *, examples: Parts) -> dict[str, object]:
    rows = sum(part.select(pl.len()).collect().item() for part in examples)
    return {
        "objective": "lambdarank",
        "metric": METRIC,
        "eval_at": [12],
        "label_gain": [0, 1],
        "lambdarank_truncation_level": settings.truncation_level,
        "learning_rate": settings.learning_rate,
        "num_leaves": settings.num_leaves,
        "min_data_in_leaf": examples_in_leaf(settings, rows),
        "lambda_l2": settings.l2,
        "feature_fraction": settings.feature_fraction,
        **_sampled(settings),
        "max_bin": settings.max_bin,
        "seed": seed,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": threads,
        "verbosity": -1,
    }


def _sampled(settings: RankerSettings) -> dict[str, object]:
    """Each tree learns from other customers, all of whose candidates it sees."""
    share = settings.customer_fraction
    return {"bagging_by_query": True, "bagging_fraction": share, "bagging_freq": 1} if share < 1 else {}


def _dataset(examples: Parts, parameters: Mapping[str, object], *, reference: object = None) -> "object":
    """A binned LightGBM data set; the matrix it was binned from is free again."""
    from lookbook.ranking.lightgbm_alone import lightgbm

    names = list(feature_schema(examples[0].collect_schema()))
    rows = [part.select(pl.len()).collect().item() for part in examples]
    matrix = np.empty((sum(rows), len(names)), dtype=np.float32)
    labels, groups = [], []
    for start, part in zip(np.cumsum([0, *rows]), examples, strict=False):
        frame = part.collect()
        _fill(matrix[start : start + len(frame)], frame.select(names))
        labels.append(frame["label"])
        groups.append(frame.select(pl.struct("as_of", "customer").rle().struct.field("len")).to_series())
    return lightgbm.Dataset(
        matrix,
        label=pl.concat(labels).to_numpy(),
        group=pl.concat(groups).to_numpy(),
        feature_name=names,
        reference=reference,
        params=dict(parameters),
    ).construct()


def feature_matrix(features: pl.DataFrame) -> npt.NDArray[np.float32]:
    """The feature columns as a C-ordered matrix."""
    names = list(feature_schema(features.schema))
    matrix = np.empty((len(features), len(names)), dtype=np.float32)
    _fill(matrix, features.select(names))
    return matrix


def _fill(matrix: npt.NDArray[np.float32], columns: pl.DataFrame) -> None:
    """Write `columns` into the rows of `matrix`, block by block, so that a block stays in the cache while it is turned.
    Null becomes NaN, which LightGBM treats as missing."""
    for block in range(0, len(columns), BLOCK_ROWS):
        rows = columns.slice(block, BLOCK_ROWS)
        for place, column in enumerate(rows):
            matrix[block : block + len(rows), place] = column.cast(pl.Float32).to_numpy()


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
