import json
from pathlib import Path

import pytest

from lookbook.pipelines.machine import probe
from lookbook.pipelines.machine.device import choose_device
from lookbook.pipelines.machine.doctor import Report, examine

TENSORFLOW_WITH_A_GPU = """
from types import SimpleNamespace as N
import numpy as np
linalg = N(matmul=lambda a, b: N(numpy=lambda: a @ b))
ones = np.ones
config = N(
    list_physical_devices=lambda kind: [N(name="/physical_device:GPU:0")],
    experimental=N(get_device_details=lambda device: {"device_name": "Graphics 9000"}),
)
"""


FAISS_THAT_FINDS_ONLY_THE_FIRST = """
import numpy as np
class IndexFlatIP:
    def __init__(self, dimensions): pass
    def add(self, vectors): pass
    def search(self, vectors, k): return vectors, np.zeros((3, 1), int)
"""


@pytest.fixture
def fake_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    def write(name: str, code: str) -> None:
        (tmp_path / f"{name}.py").write_text(code)

    return write


def problems(report: Report) -> dict[str, str | None]:
    return {library.name: library.problem for library in report.libraries}


def test_the_libraries_of_this_installation_work(tmp_path: Path):
    report = examine(tmp_path / "not" / "there")
    assert problems(report) == {"lightgbm": None, "tensorflow": None, "faiss": None}
    assert report.exit_code == 0
    assert bool(report.gpus) == (report.why_no_gpu is None)
    assert report.disk_folder == str(tmp_path)
    assert report.cores >= 1
    assert 0 < report.memory_available <= report.memory_total
    assert None not in report.versions.values()
    assert {"lookbook", "python", "polars", "tensorflow"} <= report.versions.keys()
    assert json.loads(report.json())["versions"] == report.versions
    assert report.text().endswith("\n\nall is well")


def test_a_library_that_crashes_raises_or_computes_wrongly_is_reported_and_ends_in_5(fake_library):
    fake_library("lightgbm", "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)")
    fake_library("tensorflow", "raise ImportError('libfoo.so.1: no such file')")
    fake_library("faiss", FAISS_THAT_FINDS_ONLY_THE_FIRST)
    report = examine()
    found = problems(report)
    assert found["lightgbm"] == "crashed: Segmentation fault"
    assert found["tensorflow"] == "ImportError: libfoo.so.1: no such file"
    assert "expected [0, 1, 2]" in str(found["faiss"])
    assert (report.gpus, report.why_no_gpu) == ([], "TensorFlow does not work")
    assert report.exit_code == 5
    assert "libfoo.so.1" in report.text()
    assert "does not work: lightgbm, tensorflow, faiss;" in report.text()


def test_a_library_that_hangs_is_given_up(fake_library):
    for name in probe.PROBES:
        fake_library(name, "import time; time.sleep(60)")
    report = examine(probe_seconds=0.5)
    assert set(problems(report).values()) == {"no answer within 0.5 s"}
    assert max(library.seconds for library in report.libraries) < 30


def test_a_gpu_is_named(fake_library):
    fake_library("tensorflow", TENSORFLOW_WITH_A_GPU)
    fake_library("lightgbm", "raise ImportError")
    report = examine()
    assert (report.gpus, report.why_no_gpu) == (["Graphics 9000"], None)
    assert next(line for line in report.text().splitlines() if line.startswith("device")).endswith("Graphics 9000")


def test_the_reason_for_a_missing_gpu_is_the_one_a_run_gives(fake_library):
    device, reason = choose_device("auto")
    if device == "gpu":
        pytest.skip("this machine has a GPU")
    fake_library("tensorflow", TENSORFLOW_WITH_A_GPU.replace('N(name="/physical_device:GPU:0")', ""))
    report = examine()
    assert (report.gpus, report.why_no_gpu) == ([], reason)
    assert f"CPU ({reason})" in report.text()


def test_a_set_thread_variable_is_shown(monkeypatch: pytest.MonkeyPatch, fake_library):
    for name in probe.PROBES:
        fake_library(name, "raise ImportError")
    monkeypatch.setenv("OMP_WAIT_POLICY", "PASSIVE")
    report = examine()
    assert report.thread_variables["OMP_WAIT_POLICY"] == "PASSIVE"
    assert "OMP_WAIT_POLICY=PASSIVE" in report.text()


def test_a_library_that_ends_the_process_without_an_answer_has_not_worked(fake_library):
    for name in probe.PROBES:
        fake_library(name, "raise SystemExit(0)")
    assert set(problems(examine()).values()) == {"ended without an answer"}
