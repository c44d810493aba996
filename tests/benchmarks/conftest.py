"""What tests of the benchmarks share: results with figures that can be checked by hand."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from benchmarks.process import Cost
from benchmarks.scale.phases import PHASES, SIMULATE, START
from benchmarks.scale.results import Floor, ScaleResult

COUNTS = {
    "purchases": 3_000_000, "customers": 137_198, "articles": 105_542, "trained": 4_000_000, "looked_up": 70_000,
    "served_vectors": 28_000, "on_sale": 6_000, "candidates": 20_000_000, "pairs": 7_000_000, "examples": 540_000, "features": 96,
    "trees": 50, "tree_rows": 70_000_000, "ranked_customers": 144_000, "ranked": 14_400_000,
}  # fmt: skip
MACHINE = {
    "processor": "a processor", "cores": 2, "memory_mb": 8192, "system": "Linux 6", "commit": "abc1234",
    "versions": {"python": "3.11.7", "polars": "2.1.0"},
}  # fmt: skip
COST = Cost(wall_s=60.0, cpu_s=100.0, peak_mb=1000, peak_all_mb=1100, load=0.2, others=0.1)


def result(scale: float, *, cpu: Mapping[str, float] | None = None, floors: Sequence[Floor] = ()) -> ScaleResult:
    """Counts grow with the scale; each phase costs COST, with the processor seconds in `cpu` where it is named, START nothing."""
    names = [SIMULATE, START, *(phase.name for phase in PHASES)]
    costs = {name: replace(COST, cpu_s={START: 0.0, **(cpu or {})}.get(name, COST.cpu_s)) for name in names}
    counts = {name: round(count * scale / 0.1) for name, count in COUNTS.items()}
    return ScaleResult(scale, "2026-01-02T03:04+00:00", MACHINE, counts, costs, list(floors))


@pytest.fixture
def two_scales() -> list[ScaleResult]:
    """From 0.1 to 1, ranking grows from 100 to 2,000 s, the rest in proportion; ranking everybody has floors of 50 s at 1."""
    grown = {phase.name: 1000.0 for phase in PHASES} | {"rank": 2000.0}
    floors = [Floor("rank", "copying", 10.0), Floor("rank", "LightGBM's predict", 40.0), Floor("data", "reading", 4.0)]
    return [result(0.1), result(1, cpu=grown, floors=floors)]
