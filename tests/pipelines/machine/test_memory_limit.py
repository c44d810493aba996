"""Commands run in a child process that is ended at the memory limit, at Ctrl-C and when its parent is gone."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from lookbook.pipelines.errors import SettingsError
from lookbook.pipelines.machine.memory_limit import bytes_of

LOOKBOOK = Path(sys.executable).with_name("lookbook")


def started(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    command = [str(LOOKBOOK), "run", "--no-final", "--json", "--artifacts", str(folder / "artifacts"), *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def child_of(process: subprocess.Popen[str]) -> psutil.Process:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        found = psutil.Process(process.pid).children()
        if found:
            return found[0]
        time.sleep(0.02)
    raise AssertionError("no child process")


@pytest.mark.parametrize(("limit", "expected"), [("6GB", 6 * 10**9), ("1.5 GiB", 3 << 29), ("800MB", 800 * 10**6)])
def test_a_size_is_read_as_bytes(limit: str, expected: int) -> None:
    assert bytes_of(limit) == expected


def test_a_share_is_that_of_the_memory_of_the_machine() -> None:
    assert bytes_of("100%") == psutil.virtual_memory().total
    assert bytes_of("50%") == psutil.virtual_memory().total // 2


@pytest.mark.parametrize("limit", ["0%", "101%", "6", "6 apples", "", "-1GB"])
def test_anything_else_is_refused_with_what_is_expected(limit: str) -> None:
    with pytest.raises(SettingsError, match="expected a share of the machine's memory such as 70%, or a size such as 6GB"):
        bytes_of(limit)


def test_a_command_that_needs_more_than_the_limit_ends_with_code_5_and_says_what_to_do(tmp_path: Path) -> None:
    with started(tmp_path, "--memory-limit", "60MB") as process:
        told = process.communicate(timeout=60)[1]
    assert process.returncode == 5
    assert "stopped at 0.1 GB of memory, the limit (run.memory_limit = '60MB')" in told
    assert "run.shard_customers" in told


def test_a_limit_that_is_none_is_a_usage_error(tmp_path: Path) -> None:
    with started(tmp_path, "--memory-limit", "much") as process:
        told = process.communicate(timeout=60)[1]
    assert process.returncode == 2
    assert "memory limit 'much'" in told


def test_no_child_outlives_a_parent_that_was_killed(tmp_path: Path) -> None:
    with started(tmp_path) as process:
        child = child_of(process)
        process.kill()
        child.wait(timeout=20)
    assert not child.is_running()


def test_ctrl_c_stops_the_child_after_its_step(tmp_path: Path) -> None:
    with started(tmp_path) as process:
        assert process.stderr is not None
        first = process.stderr.readline()
        process.send_signal(signal.SIGINT)
        told = first + process.communicate(timeout=60)[1]
    assert process.returncode == 130
    assert "stopped; the same command goes on where this one ended" in told
