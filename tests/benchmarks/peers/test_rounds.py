import sys
from pathlib import Path

import polars as pl
import pytest

from benchmarks.peers import rounds
from benchmarks.peers.judge import answer
from benchmarks.peers.place import Place
from benchmarks.peers.registry import Peer
from benchmarks.peers.rounds import Bench, PeerError

PROGRAM = """
import json, sys, pathlib
week, out, settings = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
if settings["value"] < 0:
    raise SystemExit(3)
pathlib.Path(out).write_text(json.dumps(settings))
with open(pathlib.Path(week).parent / "ran", "a") as ran:
    print(pathlib.Path(week).name, settings["value"], file=ran)
print("a line of a library")
print(json.dumps({"versions": {"python": "3"}, "settings": settings}))
"""


def peer(*values: float) -> Peer:
    return Peer("fake", "writes what it was told", "fake", "fake", tuple({"value": value} for value in values))


@pytest.fixture
def bench(tmp_path, monkeypatch) -> Bench:
    """Programs and requirements that this test wrote; what a program is worth is the value that it was told."""

    def judged(_: str, words: list[str]) -> object:
        if words[0] == "precisions":
            for lists, out in zip(words[4::3], words[5::3], strict=True):
                value = float(Path(lists).read_text().split(":")[1].strip(" }"))
                pl.DataFrame({"customer": [1], "average_precision": [value]}).write_parquet(out)
            return None
        return answer(words[0], words[1:])

    (tmp_path / "fake.py").write_text(PROGRAM)
    (tmp_path / "fake.lock").write_text("a==1\n")
    (tmp_path / "prepared" / "cache" / "data" / "x" / "tables").mkdir(parents=True)
    monkeypatch.setattr(rounds, "PROGRAMS", tmp_path)
    monkeypatch.setattr(rounds, "REQUIREMENTS", tmp_path)
    monkeypatch.setattr(rounds, "python_of", lambda *_: Path(sys.executable))
    monkeypatch.setattr(rounds, "asked", judged)
    monkeypatch.setattr(Place, "week", lambda place, as_of, *, k: place.folder / as_of)
    return Bench(Place("shop", tmp_path), 12, ("3",), ("2", "1"), tmp_path, 60, lambda _: None)


def test_the_settings_that_are_best_on_the_validation_weeks_are_run_on_the_test_weeks(bench):
    result, lists = bench.peer(peer(0.1, 0.3, 0.2))
    assert [(point.settings["value"], point.map) for point in result.grid] == [(0.1, 0.1), (0.3, 0.3), (0.2, 0.2)]
    assert result.settings == {"value": 0.3}
    assert (bench.place.folder / "ran").read_text().split("\n")[:-1] == [
        "2 0.1", "1 0.1", "2 0.3", "1 0.3", "2 0.2", "1 0.2", "3 0.3",
    ]  # fmt: skip
    assert [week.as_of for week in result.weeks] == list(lists) == ["3"]
    assert result.versions == {"python": "3"}


def test_what_was_run_before_is_not_run_again_unless_its_program_changed(bench):
    ran = bench.place.folder / "ran"
    bench.peer(peer(0.1))
    bench.peer(peer(0.1))
    assert len(ran.read_text().splitlines()) == 3
    program = bench.place.folder / "fake.py"
    program.write_text("# a remark\n" + PROGRAM)
    bench.peer(peer(0.1))
    assert len(ran.read_text().splitlines()) == 3
    program.write_text(PROGRAM + "more = 1\n")
    bench.peer(peer(0.1))
    assert len(ran.read_text().splitlines()) == 6


def test_a_program_that_fails_is_named_with_its_log(bench):
    with pytest.raises(PeerError, match=r"fake, week 2: exit code 3; see .*log"):
        bench.peer(peer(-1.0))
