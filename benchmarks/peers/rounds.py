"""One peer measured: its settings tried on the validation weeks, the best of them on the test weeks, each run a process of its own.

Input: Place, Peer. Output: PeerResult, and the lists of the test weeks. A run that is on disk for the same program,
requirements and settings is not repeated, so that the same call goes on where another one ended.
"""

import ast
import hashlib
import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.machine import machine
from benchmarks.peers.environments import REQUIREMENTS, python_of
from benchmarks.peers.place import LOOKBOOK_COMMAND, Place, asked
from benchmarks.peers.registry import LOOKBOOK, Peer, Settings
from benchmarks.peers.results import PeerResult, Point, Ran
from benchmarks.process import Cost, measured

HERE = Path(__file__).parent
PROGRAMS = HERE / "programs"
PACKAGES = ("data", "retrieval", "features", "ranking", "evaluation", "pipelines")
ENVIRONMENT = {"OMP_WAIT_POLICY": "PASSIVE"}
"""Of every peer alike: threads of OpenMP that wait do not count as work."""


class PeerError(Exception):
    """A program did not end well: which one, why, and where its log is."""


@dataclass(frozen=True)
class Bench:
    """limit_s: seconds of one run. environments: folder of the virtual environments."""

    place: Place
    k: int
    weeks: Sequence[str]
    validation: Sequence[str]
    environments: Path
    limit_s: float
    tell: Callable[[str], None]

    def peer(self, peer: Peer) -> tuple[PeerResult, dict[str, Path]]:
        """The result, and the lists by as_of."""
        grid = tuple(Point(settings, self._tried(peer, settings)) for settings in peer.grid)
        best = max(grid, key=lambda point: point.map).settings  # the first of equals
        runs = {as_of: self._run(peer, best, as_of) for as_of in self.weeks}
        versions = _last_object(next(iter(runs.values())) / "log")["versions"]
        assert isinstance(versions, dict)
        return self._result(best, grid, runs, versions), {as_of: folder / "lists.parquet" for as_of, folder in runs.items()}

    def lookbook(self) -> tuple[PeerResult, dict[str, Path]]:
        """The same of lookbook, with its settings as they stand."""
        runs = {as_of: self._run_lookbook(as_of) for as_of in self.weeks}
        about = json.loads((next(iter(runs.values())) / "run.json").read_text())
        return self._result({}, (), runs, about["versions"]), {as_of: folder / "lists.parquet" for as_of, folder in runs.items()}

    def _result(self, settings: Settings, grid: tuple[Point, ...], runs: dict[str, Path], versions: dict[str, str]) -> PeerResult:
        costs = {as_of: Cost(**json.loads((folder / "cost.json").read_text())) for as_of, folder in runs.items()}
        weeks = tuple(Ran(as_of, cost.cpu_s, cost.peak_mb, cost.wall_s, cost.others) for as_of, cost in costs.items())
        now = datetime.now(UTC).isoformat(timespec="minutes")
        return PeerResult(settings, grid, weeks, versions, now, str(machine()["commit"]))

    def _tried(self, peer: Peer, settings: Settings) -> float:
        runs = {as_of: self._run(peer, settings, as_of) for as_of in self.validation}
        words = [str(word) for as_of, run in runs.items() for word in (as_of, run / "lists.parquet", run / "precisions.parquet")]
        asked("judge", ["precisions", str(self.place.tables), str(self.k), *words])
        mean = asked("judge", ["mean", *(str(run / "precisions.parquet") for run in runs.values())])
        assert isinstance(mean, float)
        self.tell(f"{self.place.name}: {peer.name} {json.dumps(settings)} MAP@{self.k} {mean:.4f} on the validation weeks")
        return mean

    def _run(self, peer: Peer, settings: Settings, as_of: str) -> Path:
        """The folder with lists, cost and log of one run."""
        folder = self.place.folder / "runs" / peer.name / _digest(peer, settings) / as_of
        python = python_of(peer.requirements, self.environments)
        words = [str(self.place.week(as_of, k=self.k).absolute()), str((folder / "lists.parquet").absolute()), json.dumps(settings)]
        self._measured(peer.name, as_of, folder, [str(python), str(PROGRAMS / f"{peer.program}.py"), *words])
        return folder

    def _run_lookbook(self, as_of: str) -> Path:
        """A run in an empty folder of artifacts, but for the converted data: peers find theirs converted as well."""
        folder = self.place.folder / "runs" / LOOKBOOK / _code_digest() / as_of
        artifacts = folder / "artifacts"
        if not (folder / "cost.json").exists():
            shutil.rmtree(artifacts, ignore_errors=True)
            shutil.copytree(self.place.converted, artifacts / "cache" / "data")
            chosen = ["--no-final", "--test-week", as_of, "--artifacts", str(artifacts), "--quiet", *self.place.flags]
            self._measured(LOOKBOOK, as_of, folder, [LOOKBOOK_COMMAND, "run", *chosen], lists="test_recommendations.parquet")
        return folder

    def _measured(self, name: str, as_of: str, folder: Path, command: Sequence[str], *, lists: str = "") -> None:
        """Run, unless that was done; lists: in the finished run of lookbook, from which they are taken."""
        done = folder / "cost.json"
        if done.exists():
            return
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "log").unlink(missing_ok=True)
        cost = measured(command, log=folder / "log", limit_s=self.limit_s, environment=ENVIRONMENT)
        self.tell(f"{self.place.name}: {name} {as_of} {cost.cpu_s:.1f} CPU-s, {cost.peak_mb:,} MiB {cost.problem}".rstrip())
        if cost.problem:
            raise PeerError(f"{name}, week {as_of}: {cost.problem}; see {folder / 'log'}")
        if lists:
            run = folder / "artifacts" / "runs" / "latest"
            shutil.copy(run / lists, folder / "lists.parquet")
            shutil.copy(run / "run.json", folder / "run.json")
            shutil.rmtree(folder / "artifacts")
        done.write_text(json.dumps(asdict(cost)))


def _digest(peer: Peer, settings: Settings) -> str:
    programs = "".join(ast.unparse(ast.parse(file.read_text())) for file in _used(peer.program))  # without comments and layout
    lock = (REQUIREMENTS / f"{peer.requirements}.lock").read_text()
    return hashlib.sha256(f"{programs}{lock}{json.dumps(settings)}".encode()).hexdigest()[:12]


def _used(program: str) -> list[Path]:
    """The file of a program and those beside it that it imports."""
    file = PROGRAMS / f"{program}.py"
    text = file.read_text()
    return [file, *(other for other in sorted(PROGRAMS.glob("*.py")) if f"from {other.stem} import" in text)]


def _code_digest() -> str:
    folders = [HERE.parents[1] / package for package in PACKAGES]
    files = sorted(file for folder in folders for file in folder.rglob("*") if file.suffix in {".py", ".toml"})
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:12]


def _last_object(log: Path) -> dict[str, object]:
    """The last line of JSON that a program printed."""
    lines = [line for line in log.read_text(errors="replace").splitlines() if line.startswith("{")]
    found = json.loads(lines[-1])
    assert isinstance(found, dict)
    return found
