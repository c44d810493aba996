"""An environment of its own for each list of requirements, so that no peer's versions bind another one's.

Input: requirements/<name>.lock, pins with hashes. Output: a virtual environment that is made once, named after the lock.
"""

import hashlib
import subprocess
import sys
from pathlib import Path

REQUIREMENTS = Path(__file__).parent / "requirements"
DONE = "installed"


def python_of(name: str, folder: Path) -> Path:
    """The interpreter of the environment `name` below `folder`, installed if it is not there.

    Raises:
        CalledProcessError: pip could not install it.
    """
    lock = REQUIREMENTS / f"{name}.lock"
    place = folder / f"{name}-{hashlib.sha256(lock.read_bytes()).hexdigest()[:12]}"
    python = place / "bin" / "python"
    if not (place / DONE).exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(place)], check=True)
        pip = [str(python), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
        subprocess.run([*pip, "--require-hashes", "--no-deps", "--requirement", str(lock)], check=True)
        (place / DONE).touch()
    return python.absolute()
