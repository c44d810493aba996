"""A ranker's trees compiled to machine code by lleaves, which is no dependency, against LightGBM's own walk through them.

Input: Ranker, FEATURES. Output: scores and figures, where lleaves is installed.
"""

import tempfile
from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.scoring.week import cpu_seconds
from lookbook.ranking.ranker import SCORED_ROWS, Ranker, feature_matrix
from lookbook.ranking.trees import Floats, Matrix, Trees

COMPILER = "lleaves"
ABSENT = f"{COMPILER} is not installed"


def compiled(ranker: Ranker, features: pl.DataFrame) -> tuple[pl.Series, Mapping[str, float]] | None:
    """The scores of the compiled trees, and rows per processor second of both on a ready matrix, the seconds to compile, the
    largest difference of raw scores; null where lleaves cannot be imported."""
    if find_spec(COMPILER) is None:
        return None
    matrix = feature_matrix(features)
    blocks = [matrix[start : start + SCORED_ROWS] for start in range(0, len(matrix), SCORED_ROWS)]
    own = Trees(ranker, threads=1)
    own.scores(matrix[:1])
    expected, walked = cpu_seconds(lambda: np.concatenate([own.scores(block) for block in blocks]))
    found, compiling, ran = _compiled_scores(ranker, blocks)
    figures = {
        "LightGBM rows per CPU s": len(matrix) / max(walked, 1e-9),
        "lleaves rows per CPU s": len(matrix) / max(ran, 1e-9),
        "CPU s to compile": compiling,
        "largest difference": float(np.abs(found - expected).max()),
    }
    return pl.Series("score", found, dtype=pl.Float32), figures


def _compiled_scores(ranker: Ranker, blocks: list[Matrix]) -> tuple[Floats, float, float]:
    """Scores, seconds until the first one, seconds for all of them after that."""
    lleaves = import_module(COMPILER)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "ranker.txt"
        file.write_text(ranker.model)
        model = lleaves.Model(model_file=str(file))
        compiling = cpu_seconds(lambda: (model.compile(raw_score=True, cache=None), model.predict(blocks[0][:1], n_jobs=1)))[1]
        found, ran = cpu_seconds(lambda: np.concatenate([model.predict(block, n_jobs=1) for block in blocks]))
    return found, compiling, ran
