"""One scale of the benchmark: its simulated market, every phase in a process of its own, counts and floors.

Input: a Place. Output: a ScaleResult. Each finished part leaves a file in the folder of the place, so that the same call goes on
where another one ended; a phase that did not end is measured anew, after what it left is removed.
"""

import json
import shutil
import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.machine import machine
from benchmarks.process import Cost, measured
from benchmarks.scale.phases import PHASES, SIMULATE, START, Place
from benchmarks.scale.results import Floor, ScaleResult, load, save

Tell = Callable[[str], None]
MANIFEST = "MANIFEST.json"
ONE_THREAD = {"POLARS_MAX_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
"""The environment that floors are measured in."""


class PhaseError(Exception):
    """A phase did not end well: which one, why, and where its log is."""


def measure(place: Place, *, limit_s: float, keep: bool, tell: Tell) -> ScaleResult:
    """The costs of one scale. limit_s: of each phase, in seconds. keep: leave the simulated market and the artifacts on disk.

    A finished market that lies in the folder of the place as `twin` is used as it is; simulating it then has no cost.

    Raises:
        PhaseError: a phase failed or took longer than its limit.
    """
    done = place.folder / "result.json"
    if done.exists():
        tell(f"scale {place.scale:g}: measured before, in {done}")
        return load(done)[0]
    started = datetime.now(UTC).isoformat(timespec="minutes")
    place.folder.mkdir(parents=True, exist_ok=True)
    costs = _costs(place, limit_s=limit_s, tell=tell)
    counts = json.loads(_answer(place, "counts", [str(place.artifacts)], limit_s=limit_s, tell=tell))
    asked = [str(place.twin), str(place.artifacts), str(place.folder / "counts.json")]
    floors = json.loads(_answer(place, "floors", asked, limit_s=limit_s, tell=tell))
    result = ScaleResult(place.scale, started, machine(), counts, costs, [Floor(**floor) for floor in floors])
    save([result], done)
    if not keep:
        _remove(place)
    return result


def _costs(place: Place, *, limit_s: float, tell: Tell) -> dict[str, Cost]:
    costs = {}
    if not (place.twin / "simulation.json").exists() or (place.folder / f"{SIMULATE}.json").exists():
        costs[SIMULATE] = _phase(place, SIMULATE, place.simulate(), limit_s=limit_s, tell=tell)
    commands = {phase.name: place.run(phase) for phase in PHASES}
    for name, command in {PHASES[0].name: commands[PHASES[0].name], START: place.start(), **commands}.items():
        costs[name] = _phase(place, name, command, limit_s=limit_s, tell=tell)
    return costs


def _phase(place: Place, name: str, command: Sequence[str], *, limit_s: float, tell: Tell) -> Cost:
    """What `command` costs from what the phases before it left, or what it was measured to cost before."""
    done, before = place.folder / f"{name}.json", place.folder / f"{name}.before.json"
    if done.exists():
        return Cost(**json.loads(done.read_text()))
    if before.exists():
        remove_stages(place.artifacts, known=json.loads(before.read_text()))
    else:
        before.write_text(json.dumps(finished_stages(place.artifacts)))
    cost = measured(command, log=place.folder / f"{name}.log", limit_s=limit_s)
    tell(_line(place, name, cost))
    if cost.problem:
        raise PhaseError(f"scale {place.scale:g}, {name}: {cost.problem}; see {place.folder / name}.log")
    done.write_text(json.dumps(cost.table))
    return cost


def finished_stages(artifacts: Path) -> list[str]:
    """The folders of all stages and runs that are complete, relative to `artifacts`."""
    return sorted(str(file.parent.relative_to(artifacts)) for file in artifacts.rglob(MANIFEST) if ".partial" not in str(file))


def remove_stages(artifacts: Path, *, known: Iterable[str]) -> None:
    """Remove every stage and run that is not `known`, so that it is computed again."""
    for folder in set(finished_stages(artifacts)) - set(known):
        shutil.rmtree(artifacts / folder)


def _answer(place: Place, module: str, arguments: Sequence[str], *, limit_s: float, tell: Tell) -> str:
    """What `python -m benchmarks.<module>` printed, now or before, which is kept as <module>.json."""
    answer, log = place.folder / f"{module}.json", place.folder / f"{module}.out"
    if not answer.exists():
        log.unlink(missing_ok=True)
        command = [sys.executable, "-m", f"benchmarks.{module}", *arguments]
        cost = measured(command, log=log, limit_s=limit_s, environment=ONE_THREAD)
        tell(_line(place, module, cost))
        if cost.problem:
            raise PhaseError(f"scale {place.scale:g}, {module}: {cost.problem}; see {log}")
        answer.write_text(log.read_text().splitlines()[-1] + "\n")
    return answer.read_text()


def _line(place: Place, name: str, cost: Cost) -> str:
    return (
        f"scale {place.scale:<6g} {name:<9} {cost.wall_s:8.1f} s  {cost.cpu_s:8.1f} CPU-s  {cost.peak_mb:6,} MB  "
        f"load {cost.load:.1f}, others {cost.others:.1f}  {cost.problem}"
    ).rstrip()


def _remove(place: Place) -> None:
    shutil.rmtree(place.artifacts)
    if place.twin.is_symlink():
        place.twin.unlink()
    else:
        shutil.rmtree(place.twin)
