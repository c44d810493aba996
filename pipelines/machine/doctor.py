"""What lookbook finds on this machine: versions, device, cores, memory, disk, and whether the heavy libraries work.

Input: the machine and its environment. Output: a Report with its text and JSON.
"""

import json
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path

import polars as pl
import psutil
from threadpoolctl import threadpool_info

from lookbook.pipelines.machine.probe import PROBES, Finding

PROBE_SECONDS = 120.0
"""A cold start of TensorFlow from a slow disk takes tens of seconds; what takes longer hangs."""

CGROUP_MEMORY = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))
NEEDED_LIBRARY_BROKEN = 5
THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OMP_WAIT_POLICY",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "POLARS_MAX_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
)


@dataclass(frozen=True)
class Library:
    """One probed library. problem: why it did not load and compute, null when it did; seconds include its start."""

    name: str
    seconds: float
    problem: str | None


@dataclass(frozen=True)
class Report:
    """What `examine` found.

    versions: of Python, lookbook and each package it depends on; null = not installed. gpus: as TensorFlow names them;
    why_no_gpu: null when there is one. cores: this process may use. memory_*, disk_*: bytes; a container's limit counts
    as its memory. thread_variables: as set in the environment, null = not set. thread_pools: threads by library.
    """

    versions: Mapping[str, str | None]
    platform: str
    gpus: Sequence[str]
    why_no_gpu: str | None
    cores: int
    memory_total: int
    memory_available: int
    disk_folder: str
    disk_free: int
    thread_variables: Mapping[str, str | None]
    thread_pools: Mapping[str, int]
    libraries: Sequence[Library]

    @property
    def exit_code(self) -> int:
        """0 when every library works, else 5."""
        return NEEDED_LIBRARY_BROKEN if any(library.problem for library in self.libraries) else 0

    def json(self) -> str:
        """For machines: one object with the fields above."""
        return json.dumps(asdict(self))

    def text(self) -> str:
        """For people: one fact a line, what is wrong last."""
        gib = 1024**3
        variables = [f"{name}={value}" for name, value in self.thread_variables.items() if value is not None]
        pools = [f"{name} {threads}" for name, threads in self.thread_pools.items()]
        facts = {
            **{name: version or "not installed" for name, version in self.versions.items()},
            "platform": self.platform,
            "device": ", ".join(self.gpus) or f"CPU ({self.why_no_gpu})",
            "cores": str(self.cores),
            "memory": f"{self.memory_available / gib:.1f} GiB available of {self.memory_total / gib:.1f}",
            "disk": f"{self.disk_free / gib:.1f} GiB free at {self.disk_folder}",
            "threads": ", ".join(pools + variables),
            **{f"{lib.name} works": lib.problem or f"yes ({lib.seconds:.1f} s)" for lib in self.libraries},
        }
        width = max(map(len, facts))
        broken = [library.name for library in self.libraries if library.problem]
        verdict = f"does not work: {', '.join(broken)}; install again: rm -r .venv && make install" if broken else "all is well"
        return "\n".join([*(f"{name:<{width}}  {value}" for name, value in facts.items()), "", verdict])


def examine(artifacts: Path = Path("artifacts"), *, probe_seconds: float = PROBE_SECONDS) -> Report:
    """Look at this machine; `artifacts` need not exist. Each library is tried in a child process, all at once."""
    with ThreadPoolExecutor() as pool:
        tried = list(pool.map(lambda name: _try(name, probe_seconds), PROBES))
    gpus = [gpu for _, finding in tried for gpu in finding.get("gpus", [])]
    reasons = [finding["why_no_gpu"] for _, finding in tried if "why_no_gpu" in finding]
    memory = psutil.virtual_memory()
    total = min([memory.total, *_container_limits()])
    folder = next(path for path in (artifacts.absolute(), *artifacts.absolute().parents) if path.exists())
    return Report(
        versions=_versions(),
        platform=platform.platform(),
        gpus=gpus,
        why_no_gpu=None if gpus else next(iter(reasons), "TensorFlow does not work"),
        cores=len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1,
        memory_total=total,
        memory_available=min(memory.available, total),
        disk_folder=str(folder),
        disk_free=shutil.disk_usage(folder).free,
        thread_variables={name: os.environ.get(name) for name in THREAD_VARIABLES},
        thread_pools={"polars": pl.thread_pool_size()} | {p["internal_api"]: p["num_threads"] for p in threadpool_info()},
        libraries=[library for library, _ in tried],
    )


def _try(name: str, seconds: float) -> tuple[Library, Finding]:
    """Run one probe in a child process; what it found is empty when it failed."""
    start = time.monotonic()
    command = [sys.executable, "-m", "lookbook.pipelines.machine.probe", name]
    environment = os.environ | {
        "TF_CPP_MIN_LOG_LEVEL": "3",  # else its notes would hide the error
        "TF_FORCE_GPU_ALLOW_GROWTH": "true",  # else it takes the whole memory of a GPU that others may be using
    }
    finding: Finding = {}
    try:
        child = subprocess.run(
            command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=seconds, check=False
        )
    except subprocess.TimeoutExpired:
        problem: str | None = f"no answer within {seconds:g} s"
    else:
        problem = _problem(child)
        finding = {} if problem else json.loads(child.stdout.splitlines()[-1])
    return Library(name, round(time.monotonic() - start, 2), problem), finding


def _problem(child: subprocess.CompletedProcess[str]) -> str | None:
    if child.returncode < 0:
        return f"crashed: {signal.strsignal(-child.returncode)}"
    if child.returncode > 0:
        return next(iter(reversed(child.stderr.strip().splitlines())), f"exit code {child.returncode}")
    return None if child.stdout.strip() else "ended without an answer"


def _versions() -> dict[str, str | None]:
    """Of lookbook, Python, and the packages lookbook asks for, in the order of pyproject.toml; extras are left out."""
    needed = [re.split(r"[^\w.-]", rule, maxsplit=1)[0] for rule in metadata.requires("lookbook") or () if "extra ==" not in rule]
    installed = {name: _version(name) for name in needed}
    return {"lookbook": _version("lookbook"), "python": platform.python_version(), **installed}


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _container_limits() -> list[int]:
    """The memory limit of the container this runs in, in bytes; empty when there is none."""
    texts = [path.read_text().strip() for path in CGROUP_MEMORY if path.exists()]
    return [int(text) for text in texts if text.isdecimal()]
