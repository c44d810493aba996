"""A dry run: what it finds on disk, that a run then computes just the rest, and that it leaves nothing behind."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from lookbook.pipelines.dry_run.costs import Cost
from lookbook.pipelines.dry_run.display import problems, show_estimate
from lookbook.pipelines.dry_run.estimate import Estimate, StageEstimate, estimate
from lookbook.pipelines.run import run, run_until
from lookbook.pipelines.settings.config import Settings, choose_sources, load_settings, write_settings
from lookbook.pipelines.stages.artifacts import MANIFEST
from lookbook.pipelines.terminal.progress import Reporter

LOOKBOOK = Path(sys.executable).with_name("lookbook")
SMALL = {
    "data.dataset": "hm",
    "run.device": "cpu",
    "run.shard_customers": 5,
    "ranking.training_weeks": 2,
    "ranking.lambdarank.min_examples_in_leaf": 2,
    "ranking.lambdarank.max_trees": 3,
    "ranking.lambdarank.early_stopping_rounds": 30,
    "evaluation.bootstrap_resamples": 100,
}
Counts = dict[str, tuple[int, int]]


def settings_for(hm: Path, sources: str = "repurchase,popularity", **overrides: object) -> Settings:
    return choose_sources(load_settings(overrides={**SMALL, "data.data_dir": str(hm), **overrides}), only=sources, drop=None)


def contents(root: Path) -> dict[Path, tuple[int, bytes]]:
    return {file: (file.stat().st_mtime_ns, file.read_bytes()) for file in sorted(root.rglob("*")) if file.is_file()}


def counts(found: Estimate) -> Counts:
    """(on disk, to compute) by kind, without the run folder, which is no stage."""
    return {stage.kind: (stage.cached, stage.to_compute) for stage in found.stages if stage.kind != "results"}


def to_compute(found: Estimate) -> dict[str, int]:
    return {kind: number for kind, (_, number) in counts(found).items() if number}


def counts_of_run(settings: Settings, root: Path) -> Counts:
    """(reused, computed) by kind of a real run."""
    reporter = Reporter("quiet")
    run(settings, reporter, root=root)
    return {kind: (reporter.reused.get(kind, 0), reporter.computed.get(kind, 0)) for kind in reporter.seconds}


@pytest.fixture(scope="module")
def hm(tmp_path_factory: pytest.TempPathFactory, write_hm: Callable[[Path], Path]) -> Path:
    return write_hm(tmp_path_factory.mktemp("raw") / "hm")


@pytest.fixture(scope="module")
def finished(hm: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Artifacts of a finished run. Tests leave them as they are."""
    root = tmp_path_factory.mktemp("finished") / "artifacts"
    run(settings_for(hm), Reporter("quiet"), root=root)
    return root


def test_before_the_first_run_no_stage_is_on_disk_and_no_folder_is_made(hm: Path, tmp_path: Path) -> None:
    found = estimate(settings_for(hm), root=tmp_path / "artifacts")
    assert {on_disk for on_disk, _ in counts(found).values()} == {0}
    assert list(tmp_path.iterdir()) == []
    assert not found.converted
    assert (found.customers, found.purchases) == (12, len((hm / "transactions_train.csv").read_text().splitlines()) - 1)


def test_after_a_run_every_stage_is_on_disk_and_no_file_is_touched(hm: Path, finished: Path) -> None:
    before = contents(finished)
    found = estimate(settings_for(hm), root=finished)
    assert to_compute(found) == {}
    assert contents(finished) == before
    assert found.converted
    assert {stage.cost for stage in found.stages if stage.kind != "results"} == {Cost(0, 0, 0)}


@pytest.mark.parametrize("kind", ["learn/popularity", "retrieve/repurchase", "retrieve/merge", "examples", "fit/ranker", "rank"])
def test_a_deleted_stage_is_to_compute_and_those_after_it_are_not(hm: Path, finished: Path, tmp_path: Path, kind: str) -> None:
    root = shutil.copytree(finished, tmp_path / "artifacts", symlinks=True)
    shutil.rmtree(sorted((root / "cache" / kind).iterdir())[0])
    assert to_compute(estimate(settings_for(hm), root=root)) == {kind.partition("/")[0]: 1}


def test_until_the_number_of_trees_is_found_no_ranker_is_known(hm: Path, finished: Path, tmp_path: Path) -> None:
    root = shutil.copytree(finished, tmp_path / "artifacts", symlinks=True)
    shutil.rmtree(root / "cache" / "fit" / "trees")
    assert to_compute(estimate(settings_for(hm), root=root)) == {"fit": 3, "rank": 6, "evaluate": 1}


@pytest.mark.parametrize(
    ("sources", "overrides"),
    [
        ("repurchase", {}),
        ("repurchase,popularity", {"run.cache_features": True}),
        ("repurchase,popularity", {"run.rank_scope": "active", "run.active_weeks": 1, "run.shard_customers": 6}),
    ],
)
def test_a_run_computes_what_was_announced_and_reuses_the_rest(
    hm: Path, finished: Path, tmp_path: Path, sources: str, overrides: dict[str, object]
) -> None:
    root = shutil.copytree(finished, tmp_path / "artifacts", symlinks=True)
    settings = settings_for(hm, sources, **overrides)
    announced = counts(estimate(settings, root=root))
    assert {kind: each for kind, each in counts_of_run(settings, root).items() if any(each)} == announced


@pytest.mark.parametrize("phase", ["data", "fit"])
def test_a_run_that_stopped_after_a_phase_has_as_much_to_compute_as_was_announced(hm: Path, tmp_path: Path, phase: str) -> None:
    root, settings = tmp_path / "artifacts", settings_for(hm)
    run_until(phase, settings, Reporter("quiet"), root=root)
    assert to_compute(estimate(settings, root=root, until=phase)) == {}
    announced = counts(estimate(settings, root=root))
    assert counts_of_run(settings, root) == announced


def test_fresh_computes_all_of_it_again(hm: Path, finished: Path) -> None:
    again = counts(estimate(settings_for(hm), root=finished, fresh=True))
    there = counts(estimate(settings_for(hm), root=finished))
    assert again == {kind: (0, on_disk) for kind, (on_disk, _) in there.items()}


def customers_of(stage: Path) -> int:
    return int(json.loads((stage / MANIFEST).read_text())["customers"])


def test_earlier_stages_of_a_kind_say_what_one_more_takes(hm: Path, finished: Path, tmp_path: Path) -> None:
    root = shutil.copytree(finished, tmp_path / "artifacts", symlinks=True)
    for manifest in (root / "cache" / "examples").glob(f"*/{MANIFEST}"):
        manifest.write_text(json.dumps({**json.loads(manifest.read_text()), "seconds": 50.0, "peak_memory_mb": 4000}))
    shutil.rmtree(max((root / "cache" / "examples").iterdir(), key=customers_of))
    examples = next(stage for stage in estimate(settings_for(hm), root=root).stages if stage.kind == "examples")
    assert (examples.to_compute, examples.earlier) == (1, len(list((root / "cache" / "examples").iterdir())))
    assert 15 < examples.cost.seconds < 90
    assert 3900 < examples.cost.memory_mb < 4100


def test_too_little_disk_or_memory_is_said_in_a_sentence() -> None:
    needed = StageEstimate("rank", 0, 1, Cost(60.0, 4000.0, 2000.0), 0)
    enough = Estimate(1, 1, True, [needed], disk_free=3 * 10**9, memory_free=5 * 10**9, memory_limit=5 * 10**9)
    assert problems(enough) == []
    assert ["disk" in text for text in problems(replace(enough, disk_free=10**9))] == [True]
    assert ["run.memory_limit" in text for text in problems(replace(enough, memory_limit=4 * 10**9))] == [True]
    assert ["free now" in text for text in problems(replace(enough, memory_free=4 * 10**9))] == [True]


def test_people_get_a_table(hm: Path, finished: Path, capsys: pytest.CaptureFixture[str]) -> None:
    show_estimate(estimate(settings_for(hm, "repurchase"), root=finished), json_lines=False)
    told = capsys.readouterr().out
    assert re.search(r"^learn +\d+ +0 *$", told, re.MULTILINE)
    assert re.search(r"^examples +0 +(\d) .* \1 earlier$", told, re.MULTILINE)
    assert re.search(r"^results +0 +1 .* reference$", told, re.MULTILINE)
    assert "Nothing was computed or written." in told


def test_the_command_prints_one_json_object_and_makes_no_folder(hm: Path, tmp_path: Path) -> None:
    config = tmp_path / "small.toml"
    write_settings(settings_for(hm), config)
    command = [str(LOOKBOOK), "run", "--dry-run", "--json", "--config", str(config), "--artifacts", str(tmp_path / "artifacts")]
    found = json.loads(subprocess.run(command, capture_output=True, text=True, check=True, timeout=100).stdout)
    assert found["dataset"] == {"customers": 12, "purchases": found["dataset"]["purchases"], "converted": False}
    assert all(row["cached"] == 0 and row["to_compute"] for row in found["stages"])
    assert found["total"]["seconds"] > 0
    assert list(tmp_path.iterdir()) == [config]
