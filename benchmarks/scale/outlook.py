"""What the figures of a benchmark say: whether limits are kept, what dominates, what ten times the size would cost.

Input: ScaleResults. Output: sentences for the page.
"""

from collections.abc import Sequence

from benchmarks.scale.phases import PHASES
from benchmarks.scale.results import SIZE, ScaleResult, growth

WALL_MINUTES, PEAK_MB, EXPONENT = 30, 6 * 1000**3 / 2**20, 1.05
"""What the whole may take at scale 1, on 2 cores; 6 GB in MiB; how a phase may grow from 0.1 to 1."""


def limits(result: ScaleResult) -> str:
    """Whether scale 1 stays within the limits; for a smaller scale, that nothing is known."""
    if result.scale < 1:
        return "Scale 1 is not among these figures."
    wall = sum(result.costs[phase.name].wall_s for phase in PHASES) / 60
    peak = max(result.costs[phase.name].peak_mb for phase in PHASES)
    return (
        f"The limits are {WALL_MINUTES} minutes on 2 cores and 6 GB in any process: scale 1 took {wall:.1f} minutes "
        f"({_verdict(wall <= WALL_MINUTES)}) and {peak * 2**20 / 1e9:.1f} GB ({_verdict(peak <= PEAK_MB)})."
    )


def dominates(result: ScaleResult) -> str:
    """The phases that together take nine tenths of the processor time, and the one with the highest peak."""
    costs = {phase.name: result.costs[phase.name] for phase in PHASES}
    whole = sum(cost.cpu_s for cost in costs.values())
    told, share = [], 0.0
    for name in sorted(costs, key=lambda name: -costs[name].cpu_s):
        part = costs[name].cpu_s / whole
        told.append(f"{name} {100 * part:.0f} %")
        share += part
        if share >= 0.9:
            break
    largest = max(costs, key=lambda name: costs[name].peak_mb)
    return (
        f"At scale {result.scale:g}, of the processor time: {', '.join(told)}. The highest memory is that of {largest}."
        + _scoring_share(result)
    )


def _scoring_share(result: ScaleResult) -> str:
    """How much of the last phase is the walking of trees, which is the last of its floors."""
    walking = [floor for floor in result.floors if floor.phase == PHASES[-1].name][-1:]
    whole = result.costs[PHASES[-1].name].cpu_s
    return "".join(f" Of {PHASES[-1].name}, {floor.what} is {100 * floor.cpu_s / whole:.0f} %." for floor in walking)


def memory_growth(results: Sequence[ScaleResult]) -> str:
    """The phase with the highest peak at the largest scale, there and at the scale before."""
    if len(results) < 2:
        return ""
    small, large = results[-2:]
    name = max((phase.name for phase in PHASES), key=lambda name: large.costs[name].peak_mb)
    return (
        f"The highest memory, that of {name}, went from {small.costs[name].peak_mb:,} to {large.costs[name].peak_mb:,} MiB from "
        f"scale {small.scale:g} to {large.scale:g}."
    )


def next_factor(results: Sequence[ScaleResult]) -> str:
    """Ten times the largest scale, if every phase goes on growing as between the two largest, and no slower than in proportion."""
    if len(results) < 2:
        return "One scale says nothing about growth."
    largest = results[-1]
    exponents = {phase.name: growth(results, phase.name)[-1] or 1.0 for phase in PHASES}
    grown = sum(largest.costs[name].cpu_s * 10 ** max(exponent, 1.0) for name, exponent in exponents.items())
    steep = [f"{name} ({exponent:.2f})" for name, exponent in exponents.items() if exponent > EXPONENT]
    memory = max(_grown_memory(results, phase.name) for phase in PHASES)
    return (
        f"Ten times the {largest.counts[SIZE] / 1e6:.1f} million purchases of scale {largest.scale:g} would take about "
        f"{grown / 3600:.1f} hours of processor time, if every phase went on growing as from scale {results[-2].scale:g} to "
        f"{largest.scale:g} (and none slower than in proportion), and about {memory * 2**20 / 1e9:.0f} GB of memory. "
        + (f"Faster than in proportion by more than the exponent {EXPONENT}: {', '.join(steep)}." if steep else "")
        + ("" if steep else f"No phase grows with an exponent above {EXPONENT}.")
    )


def _grown_memory(results: Sequence[ScaleResult], phase: str) -> float:
    """MiB at ten times the largest scale: in a line through the two largest."""
    small, large = results[-2:]
    sizes, peaks = zip(*((r.counts[SIZE], r.costs[phase].peak_mb) for r in (small, large)), strict=True)
    return float(peaks[1] + max(0.0, (peaks[1] - peaks[0]) / (sizes[1] - sizes[0])) * 9 * sizes[1])


def _verdict(kept: bool) -> str:
    return "kept" if kept else "not kept"
