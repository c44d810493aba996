"""The command as people type it, killed in the middle of a trial."""

import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

LOOKBOOK = Path(sys.executable).with_name("lookbook")
SMALL = """
[run]
device = "cpu"
[retrieval]
sources = ["repurchase", "popularity"]
[ranking]
training_weeks = 2
[ranking.lambdarank]
min_examples_in_leaf = 2
max_trees = 4
[evaluation]
bootstrap_resamples = 100
"""


def command(root: Path, artifacts: str) -> list[str]:
    options = {
        "--dataset": "hm", "--data-dir": root / "hm", "--config": root / "small.toml", "--space": root / "space.toml",
        "--sampler": "random", "--trials": 3, "--weeks": 1, "--artifacts": root / artifacts,
    }  # fmt: skip
    return [str(LOOKBOOK), "tune", *(str(word) for pair in options.items() for word in pair), "--json"]


def trials(line: list[str]) -> list[tuple[object, ...]]:
    done = subprocess.run(line, capture_output=True, text=True, check=False, timeout=250)
    assert done.returncode == 0, done.stderr
    return [(row["map"], row["parameters"]) for row in json.loads(done.stdout)["tuning"]["trials"]]


def test_a_search_that_was_killed_goes_on_where_it_was(tmp_path: Path, write_hm: Callable[..., Path], space: Path) -> None:
    write_hm(tmp_path / "hm")
    (tmp_path / "small.toml").write_text(SMALL)
    killed = command(tmp_path, "killed")
    process = subprocess.Popen(killed, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    for line in process.stderr:
        event = json.loads(line) if line.startswith("{") else {}
        if event.get("stage") == "tune":
            break  # one trial has ended, the next is under way
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stderr.close()
    (study,) = (tmp_path / "killed" / "tuning").iterdir()
    assert not list((tmp_path / "killed" / "runs").glob("*/tuning.json"))
    shutil.copytree(tmp_path / "killed" / "cache", tmp_path / "whole" / "cache")
    shutil.copytree(tmp_path / "killed" / "runs", tmp_path / "whole" / "runs", symlinks=True)
    assert trials(killed) == trials(command(tmp_path, "whole"))
    assert (study / "study.db").is_file()
