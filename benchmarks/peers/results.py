"""What was measured, as results.json: one entry for each market and peer, so that one can be measured again and the others stay.

The average precision of every customer stands beside it in precisions.parquet, so that lookbook can be compared anew with peers
that are not run again.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from benchmarks.peers.registry import Settings

FILE, PRECISIONS = "results.json", "precisions.parquet"
RESAMPLES, SEED = 1000, 1
"""Of the bootstrap."""


@dataclass(frozen=True)
class Ran:
    """One program on one week. cpu_s: of it and all it started. peak_mb: highest resident memory, MiB. others: see Cost."""

    as_of: str
    cpu_s: float
    peak_mb: int
    wall_s: float
    others: float


@dataclass(frozen=True)
class Point:
    """Settings that were tried, and their MAP@k over the validation weeks."""

    settings: Settings
    map: float


@dataclass(frozen=True)
class PeerResult:
    """settings: those chosen. grid: empty = nothing was tuned. weeks: one for each test week, newest first. commit: of lookbook."""

    settings: Settings
    grid: tuple[Point, ...]
    weeks: tuple[Ran, ...]
    versions: Mapping[str, str]
    measured: str
    commit: str

    @property
    def cpu_s(self) -> float:
        """Of a week, on average."""
        return sum(week.cpu_s for week in self.weeks) / len(self.weeks)

    @property
    def peak_mb(self) -> int:
        return max(week.peak_mb for week in self.weeks)


@dataclass(frozen=True)
class Judgement:
    """MAP@k with its 95 % interval; lookbook minus it, and over it. Null: of lookbook itself, or where that is not measured."""

    map: tuple[float, float, float]
    difference: tuple[float, float, float] | None
    ratio: tuple[float, float, float] | None


@dataclass(frozen=True)
class Market:
    """weeks, validation: as_of of test weeks and of those that settings were chosen on, newest first. pooled, newest: by peer, of
    all test weeks and of the newest alone."""

    k: int
    weeks: tuple[str, ...]
    validation: tuple[str, ...]
    machine: str
    n_customers: int
    n_customer_weeks: int
    peers: Mapping[str, PeerResult] = field(default_factory=dict)
    pooled: Mapping[str, Judgement] = field(default_factory=dict)
    newest: Mapping[str, Judgement] = field(default_factory=dict)


def save(markets: Mapping[str, Market], file: Path) -> None:
    partial = file.with_name(f"{file.name}.partial")
    partial.write_text(json.dumps({name: asdict(market) for name, market in markets.items()}, indent=1) + "\n")
    partial.rename(file)


def load(file: Path) -> dict[str, Market]:
    """The markets by name; none where there is no file."""
    return {name: _market(fields) for name, fields in json.loads(file.read_text()).items()} if file.exists() else {}


def judgements(fields: Mapping[str, Mapping[str, list[float] | None]]) -> dict[str, Judgement]:
    """Judgement by peer, from JSON."""
    ends = {peer: {name: tuple(each) if each else None for name, each in of.items()} for peer, of in fields.items()}
    return {peer: Judgement(**of) for peer, of in ends.items()}  # type: ignore[arg-type]


def peer_result(fields: Mapping[str, object]) -> PeerResult:
    """Of JSON."""
    of = dict(fields)
    grid, weeks = of.pop("grid"), of.pop("weeks")
    assert isinstance(grid, list)
    assert isinstance(weeks, list)
    return PeerResult(**of, grid=tuple(Point(**point) for point in grid), weeks=tuple(Ran(**week) for week in weeks))  # type: ignore[arg-type]


def _market(fields: Mapping[str, object]) -> Market:
    of = dict(fields)
    peers, pooled, newest, weeks, validation = (of.pop(name) for name in ("peers", "pooled", "newest", "weeks", "validation"))
    assert isinstance(peers, dict)
    assert isinstance(pooled, dict)
    assert isinstance(newest, dict)
    assert isinstance(weeks, list)
    assert isinstance(validation, list)
    return Market(
        **of,  # type: ignore[arg-type]
        weeks=tuple(weeks),
        validation=tuple(validation),
        peers={name: peer_result(each) for name, each in peers.items()},
        pooled=judgements(pooled),
        newest=judgements(newest),
    )
