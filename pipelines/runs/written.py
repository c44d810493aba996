"""What a run writes when all its steps are done.

Input: System, Ranked of each half, the verdict on the test week. Output: a new run folder (folder.py).
"""

import json
import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import polars as pl

from lookbook.evaluation.results import nested
from lookbook.pipelines.runs.folder import as_json, kept_once, new_run
from lookbook.pipelines.runs.submission import write_submission
from lookbook.pipelines.settings.config import write_settings
from lookbook.pipelines.stages.artifacts import Artifacts, Stage
from lookbook.pipelines.stages.digest import digest, library_versions, written_by
from lookbook.pipelines.stages.rank import Lists, Ranked
from lookbook.pipelines.stages.system import System
from lookbook.pipelines.terminal.progress import peak_memory_mb

Half = Literal["test", "final"]
PREFIXES: Mapping[Half, str] = {"test": "test_", "final": ""}


def write_run(system: System, halves: Mapping[Half, Ranked], verdict: Stage | None) -> Path:
    """The folder of the new run; where nothing was computed and an earlier run has the same results, of that one. verdict: the
    stage evaluate of the test half; None = it was not run."""
    root = system.artifacts.root.parent
    with new_run(root, digest(system.settings.tables)) as folder:
        for name, half in halves.items():
            lists = write_recommendations(folder / f"{PREFIXES[name]}recommendations.parquet", half.recommendations)
            write_submission(lists, dataset_folder=system.folder, file=folder / f"{PREFIXES[name]}submission.csv")
            half.fitted.ranker.copy_to(folder / "models" / name)
        if verdict is not None:
            (folder / "metrics.json").write_text(as_json(metrics_of(verdict)))
        write_settings(system.settings, folder / "config.resolved.toml")
        weeks = {f"{name}_week": str(half.target.window.as_of) for name, half in halves.items()}
        trees = next(half.fitted.trees for half in halves.values())
        write_about(folder, system, {**weeks, "device": system.device, "trees": trees})
    done = folder.with_name(folder.name.removesuffix(".partial"))
    return done if system.artifacts.reporter.computed else kept_once(root, done)


def metrics_of(verdict: Stage) -> dict[str, object]:
    """What metrics.json holds: metrics and differences by variant, segment and metric; sources and union as rows."""
    tables = {name: table.collect() for name, table in verdict.tables.items()}
    return {
        "metrics": nested(tables["metrics"]),
        "differences": nested(tables["differences"]),
        "sources": tables["sources"].to_dicts(),
        "union": tables["union"].to_dicts(),
    }


def write_recommendations(file: Path, parts: Lists) -> pl.LazyFrame:
    """One Parquet file from the shards, in customer order."""
    pl.concat([part.table("recommendations") for part in parts]).sink_parquet(file, compression="zstd", maintain_order=True)
    return pl.scan_parquet(file, glob=False)


def write_about(folder: Path, system: System, facts: Mapping[str, object]) -> None:
    """run.json: what was run, on what, with which versions, and what each stage took."""
    about = {
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "settings_digest": digest(system.settings.tables),
        "code": written_by(__name__, "lookbook.pipelines.runs.submission"),
        "preset": system.settings.run.preset,
        "k": system.settings.run.k,
        "dataset": system.dataset.name,
        "data_digest": system.dataset.digest,
        "data": json.loads((system.folder / "dataset.json").read_text()),
        **facts,
        "versions": {"python": platform.python_version(), **library_versions()},
        "stages": {kind: _cost(system.artifacts, kind) for kind in system.artifacts.reporter.seconds},
        "peak_memory_mb": peak_memory_mb(),
    }
    (folder / "run.json").write_text(json.dumps(about, indent=1, default=str) + "\n")


def _cost(artifacts: Artifacts, kind: str) -> dict[str, float]:
    """What the stages of one kind took: `seconds` in this run; `seconds_when_computed` and `peak_memory_mb` when they were
    computed, now or in an earlier run."""
    reporter = artifacts.reporter
    done = [stage for folder, stage in artifacts.done.items() if folder.relative_to(artifacts.root).parts[0] == kind]
    return {
        "seconds": round(reporter.seconds[kind], 2),
        "seconds_when_computed": round(sum(stage.seconds for stage in done), 2),
        "computed": reporter.computed.get(kind, 0),
        "reused": reporter.reused.get(kind, 0),
        "peak_memory_mb": max(stage.peak_memory_mb for stage in done),
    }
