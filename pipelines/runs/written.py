"""What a run writes when all its steps are done.

Input: System, Ranked of each half, the verdict on the test week. Output: a new run folder (folder.py).
"""

import json
import platform
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import polars as pl

from lookbook.evaluation.results import nested
from lookbook.evaluation.standing import Standing
from lookbook.pipelines.runs.folder import kept_once, new_run
from lookbook.pipelines.runs.kept import keep
from lookbook.pipelines.runs.named import wants_names, with_names, write_csv
from lookbook.pipelines.runs.records.files import as_json, record_of
from lookbook.pipelines.runs.records.run import About, Results, StepCost
from lookbook.pipelines.runs.submission import write_submission
from lookbook.pipelines.runs.warnings import warnings_of
from lookbook.pipelines.settings.config import write_settings
from lookbook.pipelines.stages.artifacts import Artifacts, Stage
from lookbook.pipelines.stages.digest import digest, library_versions, written_by
from lookbook.pipelines.stages.evaluate import SYSTEM
from lookbook.pipelines.stages.rank import Lists, Ranked, listed_with_source
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
            write_lists(system, half.recommendations, folder, name)
            half.fitted.ranker.copy_to(folder / "models" / name)
        if "final" in halves and system.settings.run.keep_learned:
            keep(system, halves["final"].target.window, folder)
        if verdict is not None:
            (folder / "metrics.json").write_text(as_json(metrics_of(verdict)))
        write_settings(system.settings, folder / "config.resolved.toml")
        (folder / "run.json").write_text(as_json(about_of(system, halves)))
    done = folder.with_name(folder.name.removesuffix(".partial"))
    return done if system.artifacts.reporter.computed else kept_once(root, done)


def metrics_of(verdict: Stage) -> Results:
    """What metrics.json holds."""
    tables = {name: table.collect() for name, table in verdict.tables.items()}
    metrics, differences = nested(tables["metrics"]), nested(tables["differences"])
    found = {
        "standing": Standing.of(metrics, differences, system=SYSTEM),
        "metrics": metrics,
        "differences": differences,
        "sources": tables["sources"].to_dicts(),
        "union": tables["union"].to_dicts(),
        "cold_customers": nested(tables["cold_customers"]),
        "cold_articles": tables["cold_articles"].to_dicts(),
        "baselines": tables["baselines"].to_dicts(),
    }
    return record_of(found, Results)


def write_lists(system: System, lists: Lists, folder: Path, half: Half) -> None:
    """recommendations.parquet (REASONED) and submission.csv; of the final half with the retailer's ids and names too, and as
    recommendations.csv, if run.names says so. In customer order."""
    table = listed_with_source(lists)
    named = half == "final" and wants_names(system.settings.run.names, customers_of(system))
    file = folder / f"{PREFIXES[half]}recommendations.parquet"
    (with_names(table, system.folder) if named else table).sink_parquet(file, compression="zstd", maintain_order=True)
    written = pl.scan_parquet(file, glob=False)
    if named:
        write_csv(written, folder / "recommendations.csv")
    write_submission(written, dataset_folder=system.folder, file=folder / f"{PREFIXES[half]}submission.csv")


def customers_of(system: System) -> int:
    return int(system.dataset.customers.select(pl.len()).collect().item())


def about_of(system: System, halves: Mapping[Half, Ranked]) -> About:
    """What run.json holds."""
    weeks = {name: str(half.target.window.as_of) for name, half in halves.items()}
    return About(
        finished=datetime.now(UTC).isoformat(timespec="seconds"),
        settings_digest=digest(system.settings.tables),
        code=written_by(__name__, "lookbook.pipelines.runs.submission"),
        preset=system.settings.run.preset,
        k=system.settings.run.k,
        dataset=system.dataset.name,
        data_digest=system.dataset.digest,
        data=_of_data(system),
        test_week=weeks.get("test"),
        final_week=weeks.get("final"),
        device=system.device,
        trees=next(half.fitted.trees for half in halves.values()),
        warnings=warnings_of(system, halves.values()),
        versions={"python": platform.python_version(), **library_versions()},
        stages={kind: _cost(system.artifacts, kind) for kind in system.artifacts.reporter.seconds},
        peak_memory_mb=peak_memory_mb(),
    )


def _of_data(system: System) -> dict[str, object]:
    found: dict[str, object] = json.loads((system.folder / "dataset.json").read_text())
    return {**found, "plan": asdict(plan.summary)} if (plan := system.dataset.plan) and plan.summary else found


def _cost(artifacts: Artifacts, kind: str) -> StepCost:
    reporter = artifacts.reporter
    done = [stage for folder, stage in artifacts.done.items() if folder.relative_to(artifacts.root).parts[0] == kind]
    return StepCost(
        seconds=round(reporter.seconds[kind], 2),
        seconds_when_computed=round(sum(stage.seconds for stage in done), 2),
        computed=reporter.computed.get(kind, 0),
        reused=reporter.reused.get(kind, 0),
        peak_memory_mb=max(stage.peak_memory_mb for stage in done),
    )
