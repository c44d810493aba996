import json
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from benchmarks.scale.measure import PhaseError, finished_stages, measure, remove_stages
from benchmarks.scale.phases import PHASES, Phase, Place
from lookbook.pipelines.stages.phases import PHASES as PHASES_OF_A_RUN

STAGE = """
import sys
from pathlib import Path
name, twin, artifacts, fails = sys.argv[1:]
folder = Path(artifacts, "cache", name, "0")
folder.mkdir(parents=True)  # a phase that finds its own stage was not cleaned up
(folder / "MANIFEST.json").touch()
Path(twin).mkdir(exist_ok=True)
Path(twin, "simulation.json").touch()
with Path(artifacts, "..", "order").open("a") as order:
    order.write(name + " ")
sys.exit(name == fails)
"""


@dataclass(frozen=True)
class Fake(Place):
    """A place whose phases only leave a stage; the one that is named in `fails` then fails."""

    fails: str = ""

    def simulate(self) -> list[str]:
        return self._stage("simulate")

    def start(self) -> list[str]:
        return self._stage("start")

    def run(self, phase: Phase) -> list[str]:
        return self._stage(phase.name)

    def _stage(self, name: str) -> list[str]:
        return [sys.executable, "-c", STAGE, name, str(self.twin), str(self.artifacts), self.fails]

    @property
    def order(self) -> list[str]:
        return (self.folder / "order").read_text().split()


@pytest.fixture
def place(tmp_path: Path) -> Fake:
    (tmp_path / "counts.json").write_text(json.dumps({"purchases": 5}))
    (tmp_path / "floors.json").write_text(json.dumps([{"phase": "rank", "what": "copying", "cpu_s": 1.0}]))
    return Fake(tmp_path, scale=0.5, seed=1)


def run(place: Place, *, keep: bool = True) -> list[str]:
    """The lines that are told."""
    lines: list[str] = []
    measure(place, limit_s=60, keep=keep, tell=lines.append)
    return lines


ALL = ["simulate", "data", "start", *(phase.name for phase in PHASES[1:])]


def test_the_phases_are_those_that_a_run_can_stop_after():
    assert [phase.name for phase in PHASES] == list(PHASES_OF_A_RUN)


def test_every_phase_runs_once_in_its_order_and_a_finished_scale_is_not_measured_again(place):
    assert len(run(place)) == len(ALL)
    assert place.order == ALL
    assert ["measured before" in line for line in run(place)] == [True]
    assert place.order == ALL


def test_after_a_failure_the_same_call_measures_the_failed_phase_anew_and_goes_on(place):
    failing = replace(place, fails="retrieve")
    with pytest.raises(PhaseError, match=r"scale 0.5, retrieve: exit code 1; see .*retrieve.log"):
        run(failing)
    assert not (place.folder / "result.json").exists()
    run(place)
    assert place.order == ["simulate", "data", "start", "learn", "retrieve", *ALL[4:]]


def test_a_market_that_was_there_is_used_and_costs_nothing(place):
    place.twin.mkdir()
    (place.twin / "simulation.json").touch()
    run(place)
    assert place.order == ALL[1:]
    assert "simulate" not in json.loads((place.folder / "result.json").read_text())["scales"][0]["costs"]


def test_market_and_artifacts_are_removed_unless_kept_but_not_what_a_link_leads_to(place, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("market")
    (elsewhere / "simulation.json").touch()
    place.twin.symlink_to(elsewhere)
    run(place, keep=False)
    assert not place.twin.exists()
    assert not place.artifacts.exists()
    assert [file.name for file in elsewhere.iterdir()] == ["simulation.json"]


def test_only_stages_that_are_not_known_are_removed(tmp_path):
    for name in ("cache/learn/a/1", "cache/learn/a/2", "runs/now", "cache/learn/a/3.partial"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "MANIFEST.json").touch()
    assert finished_stages(tmp_path) == ["cache/learn/a/1", "cache/learn/a/2", "runs/now"]
    remove_stages(tmp_path, known=["cache/learn/a/1"])
    assert finished_stages(tmp_path) == ["cache/learn/a/1"]
