"""`data simulate` and `data twin` as a person uses them, on a market of a few hundred customers."""

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import polars as pl
import pytest

from lookbook.data.errors import DataError
from lookbook.data.simulate.twin.yardsticks import YARDSTICKS
from lookbook.pipelines.data_sets.simulate import simulate_market
from lookbook.pipelines.data_sets.twin import measure_twin
from lookbook.pipelines.data_sets.twin_display import show_twin
from lookbook.pipelines.errors import ArtifactError
from lookbook.pipelines.runs.folder import find_run
from lookbook.pipelines.settings.config import load_settings, load_simulation
from lookbook.pipelines.terminal.progress import Reporter

LOOKBOOK = Path(sys.executable).with_name("lookbook")
SMALL = """\
[simulate]
first_day = "2020-05-01"
propensity_customers = 150
[simulate.catalogue]
products = 300
articles = 700
[simulate.people]
customers = 200000
[simulate.demand]
weekly_buyers = [60000]
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A market of 200 customers."""
    base = tmp_path_factory.mktemp("market")
    (base / "small.toml").write_text(SMALL)
    simulate_market(load_simulation(base / "small.toml"), base / "twin", Reporter("quiet"), scale=0.001, seed=3, form="csv")
    return base / "twin"


@pytest.fixture(scope="module")
def measured(folder):
    return measure_twin(load_settings(None, {"data.dataset": "hm", "data.data_dir": str(folder)}), folder, Reporter("quiet"))


def test_the_command_writes_a_market_that_the_check_finds_nothing_wrong_with(tmp_path):
    (tmp_path / "small.toml").write_text(SMALL)
    command = [LOOKBOOK, "data", "simulate", "--scale", "0.001", "--config", "small.toml", "--out", "twin", "--format", "parquet"]
    done = subprocess.run([*command, "--json"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["folder"], told["customers"], told["articles"]) == ("twin", 200, 700)
    check = [LOOKBOOK, "data", "check", "--dataset", "hm", "--data-dir", "twin", "--json"]
    found = json.loads(subprocess.run(check, cwd=tmp_path, capture_output=True, text=True, check=True).stdout)
    assert (found["transactions"], found["quarantined"], found["warnings"]) == (told["rows"], {}, [])
    again = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert again.returncode == 3
    assert "not empty" in again.stderr


def test_any_number_of_threads_writes_the_same_bytes(tmp_path):
    (tmp_path / "small.toml").write_text(SMALL)
    command = [LOOKBOOK, "data", "simulate", "--scale", "0.001", "--config", "small.toml", "--quiet", "--out"]
    written = []
    for threads in ("1", "4"):
        environment = {**os.environ, "POLARS_MAX_THREADS": threads}
        subprocess.run([*command, threads], cwd=tmp_path, env=environment, capture_output=True, check=True)
        written.append({file.name: file.read_bytes() for file in sorted((tmp_path / threads).iterdir())})
    assert written[0] == written[1]
    assert len(written[0]) == 6


def test_figures_and_ladder_are_measured_and_the_oracle_beats_the_ladder(measured):
    assert (measured.scale, len(measured.figures)) == (0.001, len(YARDSTICKS))
    assert measured.ladder[0].rung == "popularity, all time"
    assert all(row.low <= row.map <= row.high for row in measured.ladder)
    (named,) = measured.ways
    assert named.way.oracle > max(row.map for row in measured.ladder)
    assert 0 < named.way.covered < 1
    assert named.way.n_customers > 20


def test_a_run_that_recommends_what_the_oracle_does_covers_the_whole_way(folder, measured, tmp_path, monkeypatch):
    settings = load_settings(None, {"data.dataset": "hm", "data.data_dir": str(folder)})
    (tmp_path / "run").mkdir()
    ids = {name: pl.read_csv(folder / f"{name}s.csv", infer_schema=False)[f"{name}_id"].sort() for name in ("customer", "article")}
    numbers = {name: pl.DataFrame({f"{name}_id": found}).with_row_index(name) for name, found in ids.items()}
    truth = pl.read_parquet(folder / "propensities.parquet").filter(pl.col("as_of") == pl.col("as_of").min(), pl.col("rank") <= 12)
    best = truth.join(numbers["customer"], on="customer_id").join(numbers["article"], on="article_id")
    best.select("customer", "article", score="propensity", rank="rank").write_parquet(
        tmp_path / "run" / "test_recommendations.parquet"
    )
    about = SimpleNamespace(data_digest=digest_of(folder, tmp_path), test_week=str(truth["as_of"].max()))
    monkeypatch.setattr("lookbook.pipelines.data_sets.twin.read_about", lambda run: about)
    found = measure_twin(settings, folder, Reporter("quiet"), run=tmp_path / "run")
    assert [(way.recommender, way.way.covered) for way in found.ways][1] == ("lookbook", 1.0)
    assert found.ways[0] == measured.ways[0]


def digest_of(folder: Path, scratch: Path) -> str:
    from datetime import date

    from lookbook.data.registry import convert_dataset

    settings = load_settings(None, {"data.dataset": "hm", "data.data_dir": str(folder)})
    return convert_dataset(settings.data, scratch / "tables", today=date(2026, 1, 1)).digest


def test_a_run_of_another_week_is_refused(folder, tmp_path, monkeypatch):
    about = SimpleNamespace(data_digest=digest_of(folder, tmp_path), test_week="2020-01-01")
    monkeypatch.setattr("lookbook.pipelines.data_sets.twin.read_about", lambda run: about)
    settings = load_settings(None, {"data.dataset": "hm", "data.data_dir": str(folder)})
    with pytest.raises(ArtifactError, match="has the test week 2020-01-01; expected the last 7 days of data"):
        measure_twin(settings, folder, Reporter("quiet"), run=tmp_path / "run")


def test_a_run_on_other_data_is_refused(folder, tmp_path, monkeypatch):
    monkeypatch.setattr("lookbook.pipelines.data_sets.twin.read_about", lambda run: SimpleNamespace(data_digest="another"))
    settings = load_settings(None, {"data.dataset": "hm", "data.data_dir": str(folder)})
    with pytest.raises(ArtifactError, match="was on other data"):
        measure_twin(settings, folder, Reporter("quiet"), run=tmp_path)
    with pytest.raises(ArtifactError, match="no run 'none'"):
        find_run(tmp_path, "none")


def test_a_folder_without_the_files_is_refused(tmp_path):
    settings = load_settings(None, {"data.dataset": "hm", "data.data_dir": str(tmp_path)})
    with pytest.raises(DataError, match="transactions_train is missing"):
        measure_twin(settings, tmp_path, Reporter("quiet"))


def test_what_is_printed_says_which_figures_are_apart_and_how_far_the_oracle_is(measured, capsys):
    show_twin(measured, json_lines=False)
    printed = " ".join(capsys.readouterr().out.split())
    apart = [row.figure for row in measured.figures if row.within is False]
    assert f"of {sum(row.within is not None for row in measured.figures)} figures are within 15% of H&M's." in printed
    assert all(figure in printed for figure in apart)
    assert f"{measured.ways[0].way.oracle:.4f}" in printed
    show_twin(measured, json_lines=True)
    told = json.loads(capsys.readouterr().out)
    assert len(told["figures"]) == len(measured.figures)
    assert told["ways"][0]["way"]["covered"] == measured.ways[0].way.covered
