"""Ratios that do not depend much on the machine, and how much worse each may become.

Input: ScaleResults of repeated runs. Output: Measures by name, for benchmarks/reference.json.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from benchmarks.scale.phases import PHASES
from benchmarks.scale.results import ScaleResult, growth

LEAST_SLACK = {"over floor": 0.25, "exponent": 0.10}
"""What is always allowed: of a ratio to a floor as a share of it, of an exponent as a difference."""
SPREADS = 2.0
"""Allowed beyond the reference: so many times the difference between the highest and the lowest of the repeated runs."""


@dataclass(frozen=True)
class Measure:
    """value: the median of the repeated runs; lowest, highest: of them; limit: above it, something became worse."""

    value: float
    lowest: float
    highest: float
    limit: float


def measures(results: Sequence[ScaleResult]) -> dict[str, float]:
    """By name: "<phase> over floor" at the largest scale, "<phase> exponent" between the two largest, both with
    the start of Python, which the reference has too; lower is better."""
    ratios = {f"{phase.name} over floor": results[-1].ratio(phase.name) for phase in PHASES}
    steps = (
        {f"{phase.name} exponent": growth(results, phase.name, with_start=True)[-1] for phase in PHASES} if len(results) > 1 else {}
    )
    return {name: value for name, value in {**ratios, **steps}.items() if value is not None}


def reference(runs: Sequence[Mapping[str, float]]) -> dict[str, Measure]:
    """One Measure for each name that every run has."""
    names = [name for name in runs[0] if all(name in run for run in runs)]
    return {name: _measure(name, [run[name] for run in runs]) for name in names}


def _measure(name: str, values: Sequence[float]) -> Measure:
    middle, lowest, highest = median(values), min(values), max(values)
    kind = next(kind for kind in LEAST_SLACK if name.endswith(kind))
    least = LEAST_SLACK[kind] * (middle if kind == "over floor" else 1)
    limit = middle + max(least, SPREADS * (highest - lowest))
    return Measure(*(round(value, 3) for value in (middle, lowest, highest, limit)))


def worse(now: Mapping[str, float], than: Mapping[str, Measure]) -> list[str]:
    """A line for each measure that is above its limit, or that is missing; none = all is well."""
    lines = []
    for name, known in than.items():
        if name not in now:
            lines.append(f"{name}: not measured; the reference is {known.value}")
        elif now[name] > known.limit:
            lines.append(f"{name}: {now[name]:.3g}; the reference is {known.value:.3g}, the limit {known.limit:.3g}")
    return lines


def save_reference(known: Mapping[str, Measure], file: Path, *, about: Mapping[str, object]) -> None:
    content = {**about, "measures": {name: asdict(measure) for name, measure in known.items()}}
    file.write_text(json.dumps(content, indent=1) + "\n")


def load_reference(file: Path) -> dict[str, Measure]:
    return {name: Measure(**measure) for name, measure in json.loads(file.read_text())["measures"].items()}
