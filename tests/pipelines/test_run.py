"""The whole command on a folder in exact H&M form: what it leaves, what it reuses, that it gives the same bytes again."""

import csv
import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from lookbook.pipelines.stages.artifacts import verify

LOOKBOOK = Path(sys.executable).with_name("lookbook")
SMALL = """
[ranking]
training_weeks = 3
[ranking.lambdarank]
min_examples_in_leaf = 2
max_trees = 8
early_stopping_rounds = 30
[retrieval.matrix_factorization]
dim = 8
batch_size = 64
negatives = 8
[evaluation]
bootstrap_resamples = 100
"""


@dataclass(frozen=True)
class Market:
    """A place where the command is run: its data folder, its settings file, its artifacts."""

    root: Path

    def command(self, *arguments: str) -> list[str]:
        return [str(LOOKBOOK), *arguments, "--artifacts", str(self.root / "artifacts"), "--json"]

    def run(self, *arguments: str, threads: int = 2) -> dict[str, object]:
        """The JSON object that the command prints when it is done."""
        options = ["--dataset", "hm", "--data-dir", str(self.root / "hm"), "--config", str(self.root / "small.toml")]
        options += ["--threads", str(threads)]
        return self.ended(self.command(*arguments, *(options if arguments[0] == "run" else [])))

    @staticmethod
    def ended(command: list[str]) -> dict[str, object]:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=250)
        assert done.returncode == 0, done.stderr
        last = json.loads([line for line in done.stderr.splitlines() if '"event": "step"' in line][-1])
        assert last["done"] == last["of"], "the number of steps was announced wrongly"
        result: dict[str, object] = json.loads(done.stdout)
        return result

    @property
    def latest(self) -> Path:
        return (self.root / "artifacts" / "runs" / "latest").resolve()


MakeMarket = Callable[[Path], Market]


@pytest.fixture(scope="session")
def market_in(write_hm: Callable[..., Path]) -> MakeMarket:
    def make(root: Path) -> Market:
        write_hm(root / "hm")
        (root / "small.toml").write_text(SMALL)
        return Market(root)

    return make


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, market_in: MakeMarket) -> Market:
    """A market after `lookbook run`. Tests may run more commands, but leave its data and settings as they are."""
    market = market_in(tmp_path_factory.mktemp("market"))
    market.run("run")
    return market


def submission(file: Path) -> dict[str, list[str]]:
    with file.open() as lines:
        header, *rows = csv.reader(lines)
    assert header == ["customer_id", "prediction"]
    return {customer: prediction.split(" ") for customer, prediction in rows}


def stages_of(result: dict[str, object]) -> dict[str, dict[str, float]]:
    about = result["about"]
    assert isinstance(about, dict)
    stages: dict[str, dict[str, float]] = about["stages"]
    return stages


def computed(result: dict[str, object]) -> set[str]:
    stages = result["computed"]
    assert isinstance(stages, dict)
    return set(stages)


def test_a_run_leaves_every_file_with_its_checksum(finished: Market) -> None:
    verify(finished.latest)
    expected = {
        "run.json", "config.resolved.toml", "metrics.json", "recommendations.parquet", "submission.csv",
        "test_recommendations.parquet", "test_submission.csv", "models", "MANIFEST.json", "recommendations.csv", "data", "learned",
    }  # fmt: skip
    assert {path.name for path in finished.latest.iterdir()} == expected
    about = json.loads((finished.latest / "run.json").read_text())
    assert about["test_week"] == "2020-09-16"
    assert about["final_week"] == "2020-09-23"
    assert about["device"] in ("cpu", "gpu")
    assert about["preset"] == "default"
    assert finished.latest.name.endswith(about["settings_digest"])
    assert about["data"]["quarantined"] == {}


def test_every_customer_of_the_sample_gets_twelve_distinct_ten_digit_articles_in_its_order(finished: Market) -> None:
    lists = submission(finished.latest / "submission.csv")
    sample = submission(finished.root / "hm" / "sample_submission.csv")
    assert list(lists) == list(sample)
    assert all(len(set(articles)) == len(articles) == 12 for articles in lists.values())
    assert all(len(article) == 10 and article.startswith("0") for articles in lists.values() for article in articles)


def test_a_customer_who_never_bought_is_served_too(finished: Market) -> None:
    with (finished.root / "hm" / "transactions_train.csv").open() as lines:
        buyers = {row["customer_id"] for row in csv.DictReader(lines)}
    never = set(submission(finished.latest / "submission.csv")) - buyers
    assert never
    assert not never & set(submission(finished.latest / "test_submission.csv"))


def test_metrics_hold_the_system_the_baselines_and_each_source_with_intervals(finished: Market) -> None:
    metrics = json.loads((finished.latest / "metrics.json").read_text())
    baselines = {"popularity", "repurchase_popularity", "most_bought", "personal_top", "blended"}
    assert {"lookbook", "repurchase_alone"} | baselines <= set(metrics["metrics"])
    chosen = [row["variant"] for row in metrics["baselines"] if row["chosen"]]
    assert sorted(chosen) == sorted(baselines)
    cell = metrics["metrics"]["lookbook"]["all"]["map"]
    assert 0 <= cell["low"] <= cell["value"] <= cell["high"] <= 1
    assert metrics["differences"]["popularity"]["all"]["map"]["value"] == pytest.approx(
        cell["value"] - metrics["metrics"]["popularity"]["all"]["map"]["value"]
    )


def test_running_again_reuses_every_stage_and_leaves_no_other_run(finished: Market) -> None:
    before, runs = finished.latest, sorted((finished.root / "artifacts" / "runs").iterdir())
    again = finished.run("run")
    assert (again["unchanged"], computed(again)) == (True, set())
    assert finished.latest == before
    assert sorted((finished.root / "artifacts" / "runs").iterdir()) == runs


def test_a_ranking_setting_recomputes_only_ranking(finished: Market) -> None:
    changed = finished.root / "changed.toml"
    changed.write_text(SMALL.replace("max_trees = 8", "max_trees = 5"))
    options = ["--dataset", "hm", "--data-dir", str(finished.root / "hm"), "--config", str(changed), "--threads", "2"]
    assert computed(Market.ended(finished.command("run", *options))) <= {"fit", "rank", "evaluate"}


def test_one_thread_and_shuffled_rows_give_the_same_bytes(finished: Market, tmp_path: Path, market_in: MakeMarket) -> None:
    other = market_in(tmp_path)
    for name in ("transactions_train", "customers", "articles"):
        file = other.root / "hm" / f"{name}.csv"
        header, *rows = file.read_text().splitlines()
        random.Random(5).shuffle(rows)
        file.write_text("\n".join([header, *rows, ""]))
    other.run("run", threads=1)
    for name in ("recommendations.parquet", "submission.csv", "test_recommendations.parquet", "metrics.json"):
        assert (other.latest / name).read_bytes() == (finished.latest / name).read_bytes(), name


def test_recommending_again_gives_the_same_lists_and_newer_data_moves_the_week_on(
    finished: Market, tmp_path: Path, market_in: MakeMarket
) -> None:
    served = submission(finished.latest / "submission.csv")
    again = finished.run("recommend")
    assert (again["unchanged"], computed(again)) == (True, set())
    assert submission(finished.latest / "submission.csv") == served
    newer = market_in(tmp_path)
    file = newer.root / "hm" / "transactions_train.csv"
    rows = file.read_text().splitlines()
    moved = [row.replace("2020-09-2", "2020-09-3", 1) for row in rows[1:] if row.startswith("2020-09-20")]
    file.write_text("\n".join([*rows, *moved, ""]))
    result = finished.run("recommend", "--data-dir", str(newer.root / "hm"))
    about = result["about"]
    assert isinstance(about, dict)
    assert about["final_week"] == "2020-10-01"


def test_a_dropped_source_leaves_neither_candidates_nor_columns(finished: Market) -> None:
    finished.run("run", "--drop", "co_purchase,matrix_factorization", "--no-final")
    features = json.loads((finished.latest / "models" / "test" / "ranker.json").read_text())["features"]
    assert "repurchase_rank" in features
    assert not [name for name in features if "co_purchase" in name or "embedding" in name or "matrix" in name]
    assert not (finished.latest / "submission.csv").exists()


def test_a_run_in_phases_leaves_nothing_to_compute_but_the_rest_and_the_same_bytes(
    finished: Market, tmp_path: Path, market_in: MakeMarket
) -> None:
    other = market_in(tmp_path)
    options = ["--dataset", "hm", "--data-dir", str(other.root / "hm"), "--config", str(other.root / "small.toml")]
    computed_by: dict[str, set[str]] = {}
    for phase in ("learn", "fit"):
        done = subprocess.run(
            other.command("run", *options, "--stop-after", phase), capture_output=True, text=True, check=True, timeout=250
        )
        steps = [json.loads(line) for line in done.stderr.splitlines()]
        computed_by[phase] = {step["stage"] for step in steps if not step["reused"]}
        assert not (other.root / "artifacts" / "runs").exists()
    assert computed_by == {"learn": {"data", "learn"}, "fit": {"retrieve", "examples", "fit"}}
    assert computed(other.run("run")) == {"rank", "evaluate"}
    first = min((finished.root / "artifacts" / "runs").glob("2*"))
    assert (other.latest / "recommendations.parquet").read_bytes() == (first / "recommendations.parquet").read_bytes()


@pytest.mark.parametrize("steps", [6, 30])
def test_a_run_that_was_killed_goes_on_to_the_same_bytes(
    finished: Market, tmp_path: Path, steps: int, market_in: MakeMarket
) -> None:
    other = market_in(tmp_path)
    options = ["--dataset", "hm", "--data-dir", str(other.root / "hm"), "--config", str(other.root / "small.toml")]
    with subprocess.Popen(other.command("run", *options), stderr=subprocess.PIPE, stdout=subprocess.DEVNULL) as process:
        assert process.stderr is not None
        seen = 0
        while seen < steps:
            seen += b'"event": "step"' in process.stderr.readline()
        os.kill(process.pid, signal.SIGKILL)
    assert not (other.root / "artifacts" / "runs").exists()
    result = other.run("run")
    assert sum(stage["reused"] for stage in stages_of(result).values()) >= steps
    first = sorted((finished.root / "artifacts" / "runs").iterdir())[0]
    assert (other.latest / "recommendations.parquet").read_bytes() == (first / "recommendations.parquet").read_bytes()


def test_ctrl_c_stops_after_the_step_keeps_it_and_says_how_to_go_on(tmp_path: Path, market_in: MakeMarket) -> None:
    market = market_in(tmp_path)
    options = ["--dataset", "hm", "--data-dir", str(market.root / "hm"), "--config", str(market.root / "small.toml")]
    with subprocess.Popen(market.command("run", *options), stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as process:
        assert process.stderr is not None
        while '"event": "step"' not in process.stderr.readline():
            pass
        process.send_signal(signal.SIGINT)
        rest = process.stderr.read().splitlines()
    assert process.returncode == 130
    assert rest[-1] == "lookbook: stopped; the same command goes on where this one ended"
    assert len(rest) < 20
    assert not list((market.root / "artifacts").rglob("*.partial"))


def test_a_limit_on_the_size_of_files_ends_with_exit_code_5_and_leaves_no_half_file(tmp_path: Path, market_in: MakeMarket) -> None:
    market = market_in(tmp_path)
    options = ["--dataset", "hm", "--data-dir", str(market.root / "hm"), "--config", str(market.root / "small.toml")]
    limited = ["bash", "-c", 'ulimit -f 8 && exec "$@"', "limited", *market.command("run", *options)]
    done = subprocess.run(limited, capture_output=True, text=True, check=False, timeout=200)
    assert done.returncode == 5, done.stderr
    assert "File too large" in done.stderr.splitlines()[-1]
    assert not list((market.root / "artifacts").rglob("*.partial"))


def test_a_flipped_bit_in_a_stage_table_ends_with_exit_code_4(finished: Market) -> None:
    files = {
        file: file.read_bytes() for file in (finished.root / "artifacts" / "cache" / "retrieve" / "merge").glob("*/pairs.parquet")
    }
    options = ["--dataset", "hm", "--data-dir", str(finished.root / "hm"), "--config", str(finished.root / "small.toml")]
    try:
        for file, content in files.items():
            file.write_bytes(content[:100] + bytes([content[100] ^ 1]) + content[101:])
        done = subprocess.run(finished.command("run", *options), capture_output=True, text=True, check=False, timeout=200)
    finally:
        for file, content in files.items():
            file.write_bytes(content)
    assert done.returncode == 4
    assert any(str(file) in done.stderr for file in files)
