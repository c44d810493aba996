"""`lookbook leaderboard` as people type it, on a folder in exact H&M form, and its part of the report."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from lookbook.evaluation.baselines.registry import BASELINES
from lookbook.pipelines.stages.artifacts import verify
from lookbook.retrieval.registry import SOURCES

LOOKBOOK = Path(sys.executable).with_name("lookbook")
SMALL = """
[run]
k = 3
device = "cpu"
[ranking]
training_weeks = 2
[ranking.lambdarank]
min_examples_in_leaf = 2
max_trees = 4
[evaluation]
bootstrap_resamples = 100
"""


def lookbook(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [LOOKBOOK, *arguments, "--artifacts", str(root / "artifacts")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=250)
    assert done.returncode == 0, done.stderr
    return done


def last_step(done: subprocess.CompletedProcess[str]) -> dict[str, object]:
    return dict(json.loads([line for line in done.stderr.splitlines() if '"event": "step"' in line][-1]))


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory, write_hm: Callable[..., Path]) -> Path:
    root = tmp_path_factory.mktemp("leaderboard")
    write_hm(root / "hm")
    (root / "small.toml").write_text(SMALL)
    return root


@pytest.fixture(scope="module")
def told(root: Path) -> dict[str, object]:
    """What the command says in JSON where there is no run yet: of one that does not use all the default sources."""
    options = ["--dataset", "hm", "--data-dir", str(root / "hm"), "--config", str(root / "small.toml"), "--test-week", "2020-09-09"]
    done = lookbook(root, "leaderboard", "--json", *options, "--sources", "repurchase,popularity")
    step = last_step(done)
    assert step["done"] == step["of"], "the number of steps was announced wrongly"
    return dict(json.loads(done.stdout))


def test_all_sources_and_baselines_are_judged_in_the_week_that_was_asked_for(told: dict[str, object]) -> None:
    found = told["leaderboard"]
    assert found["weeks"] == ["2020-09-09"]
    assert {row["method"] for row in found["methods"]} == {*SOURCES, *BASELINES}
    assert found["beside"] == ["repurchase", "popularity", "same_product", "co_purchase", "matrix_factorization"]
    assert all(row["peak_memory_mb"] > 0 for row in found["methods"] if not row["note"].startswith("refused"))


def test_the_file_is_in_the_run_and_the_run_stays_whole(told: dict[str, object]) -> None:
    folder = Path(str(told["run"]))
    verify(folder)
    assert json.loads((folder / "leaderboard.json").read_text()) == told["leaderboard"]


def test_names_may_follow_each_other_or_be_joined_by_commas_and_nothing_is_computed_again(
    root: Path, told: dict[str, object]
) -> None:
    words = ["leaderboard", "--only", "popularity", "same_product,blended", "--weeks", "1", "--quiet"]
    done = lookbook(root, *words)
    assert done.stderr == ""
    assert "0 computed." in done.stdout
    rows = json.loads((Path(str(told["run"])) / "leaderboard.json").read_text())["methods"]
    assert {(row["kind"], row["method"]) for row in rows} == {
        ("source", "popularity"), ("baseline", "popularity"), ("source", "same_product"), ("baseline", "blended"),
    }  # fmt: skip
    alike = {json.dumps(row) for row in told["leaderboard"]["methods"]}
    assert {json.dumps(row) for row in rows} <= alike


def test_the_report_shows_it(root: Path, told: dict[str, object]) -> None:
    lookbook(root, "report", "--quiet")
    text = (Path(str(told["run"])) / "report.html").read_text()
    assert 'data-from="leaderboard.json#/methods/0/map/value"' in text
