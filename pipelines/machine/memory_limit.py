"""Commands that compute run in a child process, which is ended before it takes more memory than run.memory_limit.

Without it the operating system would end it, or another program, or nobody, and the machine would stand still. What the child
had finished is on disk; the same command goes on there.
"""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from types import FrameType

from lookbook.pipelines.errors import ResourceError, SettingsError

CHILD = "LOOKBOOK_CHILD_OF"
"""In the environment of a child: the process id of its parent."""

POLL_SECONDS = 0.05
UNITS = {"K": 1, "M": 2, "G": 3, "T": 4}

_command: list[str] = []


def remember_command(arguments: list[str]) -> None:
    """Tell how this process was called, so that a child can be called likewise; without it nothing runs in a child."""
    _command[:] = [sys.executable, "-P", "-m", "lookbook.pipelines.commands.main", *arguments]


def run_in_child(limit: str) -> None:
    """Return at once in a child, and where lookbook is called from Python. Else call the same command again as a child, and end
    this process with its exit code when it has ended.

    Raises:
        ResourceError: the child took more than `limit` and was ended, or the operating system ended it.
    """
    if CHILD in os.environ:
        _end_with(int(os.environ[CHILD]))
    elif _command:
        sys.exit(_watched(_command, bytes_of(limit), limit))


def bytes_of(limit: str) -> int:
    """A memory limit in bytes: "70%" of the machine's memory, "6GB" (10**9) or "6GiB" (2**30).

    Raises:
        SettingsError: it is neither.
    """
    import psutil

    share = re.fullmatch(r"(\d+)%", limit)
    size = re.fullmatch(r"(\d+(?:\.\d+)?) ?([KMGT])(i?)B", limit)
    if share and 0 < int(share[1]) <= 100:
        return int(psutil.virtual_memory().total) * int(share[1]) // 100
    if size:
        return int(float(size[1]) * (1024 if size[3] else 1000) ** UNITS[size[2]])
    raise SettingsError(f"memory limit {limit!r}: expected a share of the machine's memory such as 70%, or a size such as 6GB")


def _watched(command: list[str], limit: int, told: str) -> int:
    """The exit code of `command`. It has a process group of its own, so that Ctrl-C reaches it once: through this process."""
    child = subprocess.Popen(command, env={**os.environ, CHILD: str(os.getpid())}, process_group=0)

    def forward(number: int, frame: FrameType | None) -> None:
        child.send_signal(number)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, forward)
    while child.poll() is None:
        if _resident(child.pid) > limit:
            child.kill()
            child.wait()
            raise ResourceError(
                f"stopped at {limit / 1e9:.1f} GB of memory, the limit (run.memory_limit = {told!r}); finished steps are kept. "
                "A smaller run.shard_customers or retrieval.max_candidates needs less; --memory-limit sets another limit."
            )
        time.sleep(POLL_SECONDS)
    if child.returncode == -signal.SIGKILL:
        raise ResourceError("the operating system ended the command, most likely for lack of memory; finished steps are kept")
    return child.returncode if child.returncode >= 0 else 128 - child.returncode


def _resident(pid: int) -> int:
    import psutil

    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.NoSuchProcess:
        return 0


def _end_with(parent: int) -> None:
    """End this process when its parent is gone: nobody would see what it does, or that it holds the folder of artifacts."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(POLL_SECONDS)
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=watch, daemon=True).start()
