"""`lookbook explain` as a process, of a whole run and of one customer, on a folder in exact H&M form."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

LOOKBOOK = Path(sys.executable).with_name("lookbook")
SMALL = """
[run]
k = 3
[ranking]
training_weeks = 2
[ranking.lambdarank]
min_examples_in_leaf = 2
max_trees = 4
early_stopping_rounds = 30
[evaluation]
bootstrap_resamples = 100
"""
ADA, NEVER = (hashlib.sha256(name.encode()).hexdigest() for name in ("ada", "never"))
STRAP_TOP_1 = "0108775002"


def lookbook(*arguments: str, root: Path, threads: str | None = None) -> subprocess.CompletedProcess[str]:
    limits = {"POLARS_MAX_THREADS": threads, "OMP_NUM_THREADS": threads} if threads else {}
    command = [LOOKBOOK, *arguments, "--artifacts", str(root / "artifacts")]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, env={**os.environ, **limits})


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory, write_hm: Callable[..., Path]) -> Path:
    """Where the test half of a run is finished."""
    root = tmp_path_factory.mktemp("explain")
    write_hm(root / "hm")
    (root / "small.toml").write_text(SMALL)
    options = ["--dataset", "hm", "--data-dir", str(root / "hm"), "--config", str(root / "small.toml")]
    done = lookbook("run", "--no-final", *options, "--sources", "repurchase,same_product,popularity", root=root)
    assert done.returncode == 0, done.stderr
    return root


def told(*arguments: str, root: Path, threads: str | None = None) -> dict[str, object]:
    done = lookbook("explain", *arguments, "--json", root=root, threads=threads)
    assert done.returncode == 0, done.stderr
    last = json.loads([line for line in done.stderr.splitlines() if '"event": "step"' in line][-1])
    assert last["done"] == last["of"], "the number of steps was announced wrongly"
    return json.loads(done.stdout)


def test_a_whole_run_is_explained_and_the_file_in_its_folder_says_the_same(root: Path) -> None:
    found = told("--repeats", "2", root=root)
    folder = Path(str(found.pop("run")))
    assert json.loads((folder / "importance.json").read_text()) == found
    assert found["repeats"] == 2
    assert {row["level"] for row in found["importance"]} == {"feature", "group", "source"}
    assert {row["name"] for row in found["importance"] if row["level"] == "source"} == {"repurchase", "same_product", "popularity"}
    again = lookbook("explain", "--repeats", "2", "--top", "3", "--quiet", root=root)
    assert again.returncode == 0, again.stderr
    assert "largest SHAP importance first; 3 of" in again.stdout
    assert "stages were reused, 0 computed." in again.stdout
    assert again.stderr == ""


def test_a_list_is_explained_with_ids_that_keep_their_leading_zeros_and_the_same_on_one_thread(root: Path) -> None:
    card = told("--customer", ADA, root=root)
    assert (card["customer"], card["week"], card["outcome_known"]) == (ADA, "2020-09-16", True)
    assert [row["rank"] for row in card["recommended"]] == [1, 2, 3]
    assert {row["article"] for row in card["bought"]} == {"0108775002", "0108776001", "0108776002"}
    assert {row["name"] for row in card["bought"]} == {"Strap top 1", "Strap top 2", "Strap top 3"}
    assert told("--customer", ADA, root=root, threads="1") == card


def test_one_decision_is_explained_and_nothing_is_computed_for_it(root: Path) -> None:
    done = lookbook("explain", "--customer", ADA, "--article", STRAP_TOP_1, "--quiet", root=root)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"Customer {ADA}\nArticle Strap top 1 ({STRAP_TOP_1})\n")
    assert "bought in that week." in done.stdout
    assert "What pushed its score up most" in done.stdout
    assert "stages were reused, 0 computed." in done.stdout


def test_the_week_after_the_data_is_computed_when_somebody_asks_about_it(root: Path) -> None:
    card = told("--customer", NEVER, root=root)
    assert (card["week"], card["outcome_known"], card["segment"]) == ("2020-09-23", False, "never")
    assert len(card["recommended"]) == 3


def test_an_article_id_that_lost_its_zero_ends_with_exit_code_3_and_the_id_that_was_meant(root: Path) -> None:
    done = lookbook("explain", "--customer", ADA, "--article", STRAP_TOP_1[1:], "--quiet", root=root)
    assert done.returncode == 3
    assert done.stderr.startswith(f"lookbook: unknown article '{STRAP_TOP_1[1:]}'\n")
    assert f"nearest known: {STRAP_TOP_1}\n" in done.stderr
