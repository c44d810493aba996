"""What a command costs: wall and processor time, memory, and how busy the machine was with other things.

Input: a command. Output: a Cost. This module imports no large library: Linux counts the memory of the process that starts a
command towards that command's peak.
"""

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

POLL_SECONDS = 0.02
SAMPLE_SECONDS = 0.25
MIB = 1 << 20


@dataclass(frozen=True)
class Cost:
    """What one command took.

    cpu_s: user and system time of the command and of all it started and waited for. peak_mb: highest resident memory of
    any one of these processes, in MiB, as the operating system counts it. peak_all_mb: of all of them together, sampled every
    SAMPLE_SECONDS (memory that two of them share counts twice). load: processes that wanted a core, mean of the minute before.
    others: cores that were busy with anything else meanwhile, on average. problem: why the command did not end well, or "".
    """

    wall_s: float
    cpu_s: float
    peak_mb: int
    peak_all_mb: int
    load: float
    others: float
    problem: str = ""

    @property
    def table(self) -> dict[str, float | str]:
        return asdict(self)


def measured(command: Sequence[str], *, log: Path, limit_s: float, environment: Mapping[str, str] | None = None) -> Cost:
    """Run `command` with what it prints added to `log`; after `limit_s` seconds it and all it started are killed."""
    load, busy, start, peak_all = os.getloadavg()[0], _busy_seconds(), time.perf_counter(), 0
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(environment or {})},
            start_new_session=True,
        )
    try:
        late, sampled = False, 0.0
        while (ended := os.wait4(process.pid, os.WNOHANG))[0] == 0:
            if (now := time.perf_counter()) - sampled >= SAMPLE_SECONDS:
                peak_all, sampled = max(peak_all, _memory_of_all(process.pid)), now
            late = now - start > limit_s
            if late:
                os.killpg(process.pid, signal.SIGKILL)
            time.sleep(POLL_SECONDS)
    except BaseException:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise
    _, status, used = ended
    process.returncode = os.waitstatus_to_exitcode(status)  # wait4 has collected it; Popen is told, or it would warn
    wall = time.perf_counter() - start
    cpu = used.ru_utime + used.ru_stime
    return Cost(
        wall_s=round(wall, 2),
        cpu_s=round(cpu, 2),
        peak_mb=used.ru_maxrss * 1024 // MIB,
        peak_all_mb=max(peak_all // MIB, used.ru_maxrss * 1024 // MIB),
        load=round(load, 2),
        others=round(max(0.0, _busy_seconds() - busy - cpu) / wall, 2),
        problem=_problem(process.returncode, f"no end after {limit_s:.0f} s" if late else ""),
    )


def _problem(exit_code: int, reason: str) -> str:
    if exit_code < 0:
        return reason or f"killed by {signal.Signals(-exit_code).name}"
    return f"exit code {exit_code}" if exit_code else ""


def _busy_seconds() -> float:
    """Processor time that this machine has spent since it started, on anything."""
    times = psutil.cpu_times()
    return float(times.user + times.nice + times.system + getattr(times, "irq", 0) + getattr(times, "softirq", 0))


def _memory_of_all(pid: int) -> int:
    """Resident memory of a process and its descendants, in bytes; 0 when it has just ended."""
    total = 0
    try:
        top = psutil.Process(pid)
        family = [top, *top.children(recursive=True)]
    except psutil.Error:
        return 0
    for member in family:
        try:
            total += member.memory_info().rss
        except psutil.Error:
            continue
    return total
