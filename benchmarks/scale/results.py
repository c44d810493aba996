"""What a benchmark measured: costs, rows and floors of every phase at every scale, as JSON, and what follows from them.

A floor is the cost, in the same run on the same machine, of what no way of doing the phase can leave out.
"""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path

from benchmarks.process import Cost
from benchmarks.scale.phases import PHASES, START

PHASE_NAMES = {phase.name for phase in PHASES}
SIZE = "purchases"
"""What the growth of a phase is measured against: a count of every scale."""


@dataclass(frozen=True)
class Floor:
    """cpu_s: processor seconds of `what`, on one thread, for as much as the phase had to do; extrapolated from a part of it."""

    phase: str
    what: str
    cpu_s: float


@dataclass(frozen=True)
class ScaleResult:
    """One scale. machine: see machine.py; counts: rows by name; costs: by phase, in the order in which they ran."""

    scale: float
    started: str
    machine: Mapping[str, object]
    counts: Mapping[str, int]
    costs: Mapping[str, Cost]
    floors: Sequence[Floor]

    @property
    def start_s(self) -> float:
        """Processor seconds of a phase that has nothing to do; 0 = not measured."""
        return self.costs[START].cpu_s if START in self.costs else 0.0

    def floor_of(self, phase: str) -> float:
        """Processor seconds of all floors of the phase together; 0 = it has none."""
        return sum(floor.cpu_s for floor in self.floors if floor.phase == phase)

    def ratio(self, phase: str) -> float | None:
        """Processor time of the phase over that of its floors; null without any, or where the phase was not measured."""
        floor = self.floor_of(phase)
        return self.costs[phase].cpu_s / floor if floor and phase in self.costs else None


def growth_exponent(costs: tuple[float, float], sizes: tuple[float, float]) -> float:
    """The power of the size that the cost grew with between two runs: 1 = in proportion.

    Raises:
        ValueError: a cost or size is not above 0, or the sizes are equal.
    """
    if min(*costs, *sizes) <= 0 or sizes[0] == sizes[1]:
        raise ValueError(f"costs {costs} and sizes {sizes}; expected numbers above 0 and two different sizes")
    return math.log(costs[1] / costs[0]) / math.log(sizes[1] / sizes[0])


def growth(results: Sequence[ScaleResult], phase: str, *, with_start: bool = False) -> list[float | None]:
    """The exponent of the phase between each scale and the next.

    It is that of the processor time beyond START, which hides growth at small scales, or with `with_start` of all of it. Null
    where the phase was not measured at both scales, or took nothing beyond START.
    """
    return [_between(small, large, phase, with_start=with_start) for small, large in pairwise(results)]


def _between(small: ScaleResult, large: ScaleResult, phase: str, *, with_start: bool) -> float | None:
    if not all(phase in result.costs for result in (small, large)):
        return None
    beyond = (0.0, 0.0) if with_start or phase not in PHASE_NAMES else (small.start_s, large.start_s)
    costs = (small.costs[phase].cpu_s - beyond[0], large.costs[phase].cpu_s - beyond[1])
    return growth_exponent(costs, (small.counts[SIZE], large.counts[SIZE])) if min(costs) > 0 else None


def save(results: Sequence[ScaleResult], file: Path) -> None:
    partial = file.with_name(f"{file.name}.partial")
    partial.write_text(json.dumps({"scales": [asdict(result) for result in results]}, indent=1) + "\n")
    partial.rename(file)


def load(file: Path) -> list[ScaleResult]:
    """The results in a file that `save` wrote, smallest scale first."""
    return sorted(_read(json.loads(file.read_text())["scales"]), key=lambda result: result.scale)


def _read(scales: Sequence[Mapping[str, object]]) -> Iterator[ScaleResult]:
    for scale in scales:
        fields = dict(scale)
        costs, floors = fields.pop("costs"), fields.pop("floors")
        assert isinstance(costs, dict)
        assert isinstance(floors, list)
        measured = {phase: Cost(**cost) for phase, cost in costs.items()}
        yield ScaleResult(**fields, costs=measured, floors=[Floor(**floor) for floor in floors])  # type: ignore[arg-type]
