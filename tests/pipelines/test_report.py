"""`lookbook report` as a process on a folder in exact H&M form, and the numbers that it gathers itself."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import polars as pl
import pytest

from lookbook.data.windows import Window
from lookbook.pipelines.report import FILES, learning_curves, missing, settings_rows, tree_curve
from lookbook.pipelines.runs.finished import FinishedRun
from lookbook.pipelines.settings.config import load_settings, write_settings
from lookbook.pipelines.stages.artifacts import verify
from lookbook.pipelines.stages.shards import Shard, Target

NOBODY = pl.Series("customer", [], dtype=pl.UInt32)
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


def lookbook(*arguments: str, root: Path, threads: str = "2") -> subprocess.CompletedProcess[str]:
    command = [LOOKBOOK, *arguments, "--artifacts", str(root / "artifacts")]
    env = {**os.environ, "POLARS_MAX_THREADS": threads}
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, env=env)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory, write_hm: Callable[..., Path]) -> Path:
    """Where the test half of a run is finished, and its report is written."""
    root = tmp_path_factory.mktemp("report")
    write_hm(root / "hm")
    (root / "small.toml").write_text(SMALL)
    options = ["--dataset", "hm", "--data-dir", str(root / "hm"), "--config", str(root / "small.toml")]
    done = lookbook("run", "--no-final", *options, "--sources", "repurchase,popularity", root=root)
    assert done.returncode == 0, done.stderr
    return root


@pytest.fixture(scope="module")
def told(root: Path) -> dict[str, object]:
    """What the command says in JSON."""
    done = lookbook("report", "--json", root=root)
    assert done.returncode == 0, done.stderr
    last = json.loads([line for line in done.stderr.splitlines() if '"event": "step"' in line][-1])
    assert last["done"] == last["of"], "the number of steps was announced wrongly"
    return json.loads(done.stdout)


def test_the_page_is_in_the_run_and_the_run_stays_whole(told: dict[str, object]) -> None:
    folder = Path(str(told["run"]))
    verify(folder)
    assert told["report"] == str(folder / "report.html")
    assert told["bytes"] == (folder / "report.html").stat().st_size < 2_000_000
    assert told["missing"] == {
        "ablation.json": "lookbook ablate",
        "backtest.json": "lookbook backtest",
        "leaderboard.json": "lookbook leaderboard",
        "tuning.json": "lookbook tune",
        "importance.json": "lookbook explain",
    }


def test_every_number_of_the_page_of_a_real_run_is_the_one_in_its_files(told: dict[str, object]) -> None:
    folder = Path(str(told["run"]))
    text = (folder / "report.html").read_text()
    shown = re.findall(r'data-value="([^"]*)" data-from="([^#"]*)#([^" ]*)"', text)
    assert len(shown) > 300
    assert {name for _, name, _ in shown} == {"metrics.json", "run.json", "profile.json", "report.json"}
    for exact, name, pointer in shown:
        part = json.loads((folder / name).read_text())
        for key in pointer.replace("&lt;", "<").replace("&gt;", ">").split("/")[1:]:
            part = part[int(key)] if isinstance(part, list) else part[key.replace("~1", "/").replace("~0", "~")]
        assert json.loads(exact) == part, (name, pointer)


def test_customers_are_shown_with_names_and_what_they_bought(told: dict[str, object]) -> None:
    cards = json.loads((Path(str(told["run"])) / "report.json").read_text())["customers"]
    text = Path(str(told["report"])).read_text()
    assert 0 < len(cards) <= 10
    bought = sum(len(card["bought"]) for card in cards)
    hits = sum(item["bought"] for card in cards for item in card["recommended"])
    assert f"Of the {bought:,} articles that these {len(cards)} customers bought, {hits:,} had been recommended." in text
    assert text.count("✓ bought") == hits == text.count("✓ recommended at ")
    assert ">Strap top 1<" in text
    assert not re.search(r"<li[^>]*><span[^>]*>\d{10}<", text), "names, not ids"


def test_the_same_command_reuses_every_stage_and_writes_the_same_bytes(root: Path, told: dict[str, object]) -> None:
    page = Path(str(told["report"]))
    before = page.read_bytes()
    done = lookbook("report", "--quiet", root=root, threads="1")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert page.read_bytes() == before
    lines = done.stdout.splitlines()
    missing = {
        "ablation": "ablate",
        "backtest": "backtest",
        "leaderboard": "leaderboard",
        "tuning": "tune",
        "importance": "explain",
    }
    assert lines[:5] == [f"Not on the page yet: {name} (lookbook {command})." for name, command in missing.items()]
    assert re.fullmatch(r"(\d+) of (\d+) stages were reused, 2 computed\.", lines[5]), "the two are the cards and the page"
    assert lines[6].startswith(f"The report is {page} (")


def test_a_run_that_is_not_there_ends_with_exit_code_4(root: Path) -> None:
    done = lookbook("report", "--run", "nowhere", root=root)
    assert done.returncode == 4
    assert "no run 'nowhere'" in done.stderr


def test_every_table_of_learning_curves_is_gathered_oldest_week_first(monkeypatch: pytest.MonkeyPatch) -> None:
    def learned(_: object, source: SimpleNamespace, week: Window) -> SimpleNamespace:
        rows = pl.LazyFrame(
            {
                "phase": ["final"],
                "epoch": [1],
                "train_loss": [float(week.as_of.day)],
                "valid_recall": [float("nan")],
                "device": ["cpu"],
            }
        )
        tables = {"learning_curve": rows} if source.name == "new" else {"counts": rows}
        return SimpleNamespace(tables=tables, table=tables.__getitem__)

    week = Window(pl.Series(["2020-09-16"]).str.to_date()[0])
    system = SimpleNamespace(sources=[SimpleNamespace(name="counting"), SimpleNamespace(name="new")])
    monkeypatch.setattr("lookbook.pipelines.report.learned", learned)
    shards = [[Shard(week.earlier(back), NOBODY, NOBODY, "")] for back in (2, 1, 0)]
    finished = SimpleNamespace(system=system, week=week, target=Target(shards[-1], shards[:-1]))
    assert learning_curves(finished) == [
        {"phase": "final", "epoch": 1, "train_loss": day, "valid_recall": None, "source": "new", "week": f"2020-09-{day:02}"}
        for day in (2, 9, 16)
    ]


def test_the_curve_of_the_ranker_is_that_of_the_search_for_the_number_of_trees(fates: FinishedRun) -> None:
    curve = tree_curve(fates)
    assert curve["trees"] == fates.ranked.fitted.trees
    assert max(range(len(curve["map_at_12"])), key=curve["map_at_12"].__getitem__) == fates.ranked.fitted.trees - 1


def test_a_run_without_a_search_for_trees_has_no_curve(fates: FinishedRun) -> None:
    given = replace(fates.ranked.fitted, search=None)
    assert tree_curve(replace(fates, ranked=replace(fates.ranked, fitted=given))) == {}


def test_settings_are_listed_flat_beside_their_defaults(tmp_path: Path) -> None:
    write_settings(load_settings(overrides={"run.seed": 7, "data.dataset": "csv"}), tmp_path / "config.resolved.toml")
    rows = settings_rows(tmp_path)
    assert {"key": "run.seed", "value": 7, "default": 0} in rows
    assert [row["key"] for row in rows if row["value"] != row["default"]] == ["run.seed", "data.dataset"]
    assert {"key": "retrieval.repurchase.k", "value": 250, "default": 250} in rows


def test_a_folder_with_nothing_lacks_every_file(tmp_path: Path) -> None:
    assert missing(tmp_path) == FILES
    (tmp_path / "run.json").write_text("{}")
    assert "run.json" not in missing(tmp_path)
