import sys

import psutil

from benchmarks.process import measured

MIB = 1 << 20


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_processor_time_and_memory_of_what_a_command_starts_are_its_own(tmp_path):
    inner = "import time; memory = bytearray(200 << 20)\nwhile time.process_time() < 0.4: pass"
    mine = psutil.Process().memory_info().rss / MIB  # which a started process counts as its own until it has its program
    cost = measured(
        python(f"import subprocess, sys; subprocess.run([sys.executable, '-c', {inner!r}])"), log=tmp_path / "log", limit_s=60
    )
    assert cost.problem == ""
    assert cost.cpu_s >= 0.4
    assert 200 <= cost.peak_mb < 400 + mine
    assert cost.peak_all_mb >= cost.peak_mb


def test_what_a_command_prints_is_added_to_its_log(tmp_path):
    for text in ("first", "second"):
        measured(
            python(f"import sys; print('{text}'); print('{text} error', file=sys.stderr, flush=True)"),
            log=tmp_path / "log",
            limit_s=60,
        )
    assert sorted((tmp_path / "log").read_text().split("\n")) == ["", "first", "first error", "second", "second error"]


def test_the_environment_is_that_of_this_process_and_what_is_given(tmp_path, monkeypatch):
    monkeypatch.setenv("KEPT", "1")
    code = "import os; print(os.environ['KEPT'], os.environ['GIVEN'])"
    measured(python(code), log=tmp_path / "log", limit_s=60, environment={"GIVEN": "2"})
    assert (tmp_path / "log").read_text() == "1 2\n"


def test_a_command_that_fails_or_is_killed_says_so(tmp_path):
    assert measured(python("raise SystemExit(3)"), log=tmp_path / "log", limit_s=60).problem == "exit code 3"
    suicide = python("import os, signal; os.kill(os.getpid(), signal.SIGTERM)")
    assert measured(suicide, log=tmp_path / "log", limit_s=60).problem == "killed by SIGTERM"


def test_a_command_that_does_not_end_is_killed(tmp_path):
    cost = measured(python("import time; time.sleep(600)"), log=tmp_path / "log", limit_s=0.1)
    assert cost.problem == "no end after 0 s"
