"""The machine and the versions that figures were measured with.

Input: this machine. Output: a table of facts, for results.json.
"""

import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

import psutil

LIBRARIES = ("polars", "numpy", "lightgbm", "keras", "tensorflow", "faiss-cpu")
ROOT = Path(__file__).parents[1]


def machine() -> dict[str, str | int | dict[str, str]]:
    """cores: those that this process may use. memory_mb: MiB. commit: of the code, "+" after it = with changes; "" = unknown."""
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        "memory_mb": psutil.virtual_memory().total >> 20,
        "system": f"{platform.system()} {platform.release()}",
        "commit": _commit(),
        "versions": {"python": platform.python_version(), **{library: version(library) for library in LIBRARIES}},
    }


def _processor() -> str:
    """The name of the processor; where the system hides it, its architecture."""
    described = Path("/proc/cpuinfo")
    lines = described.read_text().splitlines() if described.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _commit() -> str:
    head = _git("rev-parse", "--short", "HEAD")
    return f"{head}+" if head and _git("status", "--porcelain", "--untracked-files=no") else head


def _git(*arguments: str) -> str:
    try:
        done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
