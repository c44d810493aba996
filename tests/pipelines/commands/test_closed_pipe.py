"""A reader that is gone, such as `head`, ends a command without a word."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

LOOKBOOK = Path(sys.executable).with_name("lookbook")


def ended(*arguments: str, cwd: Path, errors: bool = False) -> tuple[int, str]:
    """Exit code and stderr, where the other end of stdout is closed already; with `errors` that of stderr too."""
    reader, closed = os.pipe()
    os.close(reader)
    try:
        done = subprocess.run(
            [LOOKBOOK, *arguments], cwd=cwd, stdout=closed, stderr=closed if errors else subprocess.PIPE, check=False, timeout=60
        )
    finally:
        os.close(closed)
    return done.returncode, (done.stderr or b"").decode()


@pytest.mark.parametrize("arguments", ["runs list", "runs list --json", "run --help", "doctor", "runs remove --keep 5"])
def test_a_command_whose_reader_is_gone_ends_quietly(tmp_path: Path, arguments: str) -> None:
    assert ended(*arguments.split(), cwd=tmp_path) == (141, "")


def test_a_command_that_computes_ends_quietly_too(hm_folder: Path) -> None:
    check = ("data", "check", "--dataset", "hm", "--data-dir", str(hm_folder))
    assert ended(*check, cwd=hm_folder) == (141, "")
    run = ("run", "--dataset", "hm", "--data-dir", str(hm_folder), "--stop-after", "data")
    assert ended(*run, cwd=hm_folder, errors=True) == (141, "")
    assert not list(hm_folder.rglob("*.partial"))


def test_an_error_that_nobody_reads_ends_quietly(tmp_path: Path) -> None:
    assert ended("runs", "compare", "none", "none", cwd=tmp_path, errors=True) == (141, "")


def test_what_is_cut_off_by_a_reader_is_no_failure(tmp_path: Path) -> None:
    piped = f"set -o pipefail; {LOOKBOOK} run --help | head -1"
    done = subprocess.run(["bash", "-c", piped], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode in (0, 141)
    assert (len(done.stdout.splitlines()), done.stderr) == (1, "")
