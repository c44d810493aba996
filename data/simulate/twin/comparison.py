"""Twin against H&M: the figures of a simulated market next to those of the market it stands for.

Input: figures, the scale of the twin. Output: one Comparison per yardstick.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lookbook.data.simulate.twin.yardsticks import YARDSTICKS, Yardstick

TOLERANCE = 0.15


@dataclass(frozen=True)
class Comparison:
    """hm: what H&M's data would show at this scale, null where that cannot be said. ratio: twin / hm. within: ratio not
    more than TOLERANCE from 1; null as hm."""

    figure: str
    hm: float | None
    twin: float
    ratio: float | None
    within: bool | None


def compare(figures: Mapping[str, float], *, scale: float, scale_power: float) -> list[Comparison]:
    """A row per yardstick, in their order."""
    return [_comparison(name, y, figures[name], scale, scale_power) for name, y in YARDSTICKS.items()]


def scale_of(folder: Path) -> tuple[float, float]:
    """Scale and scale_power of a simulated folder; any other folder is taken for H&M's own, of scale 1."""
    file = folder / "simulation.json"
    if not file.is_file():
        return 1.0, 0.0
    about = json.loads(file.read_text())
    return float(about["scale"]), float(about["settings"]["catalogue"]["scale_power"])


def _comparison(name: str, yardstick: Yardstick, found: float, scale: float, power: float) -> Comparison:
    expected = _expected(yardstick, scale, power)
    if expected is None:
        return Comparison(name, None, found, None, None)
    ratio = found / expected
    return Comparison(name, expected, found, ratio, abs(ratio - 1) <= TOLERANCE)


def _expected(yardstick: Yardstick, scale: float, power: float) -> float | None:
    """An article keeps its number of buyers where articles shrink like customers (power 1)."""
    if yardstick.scope == "customers":
        return yardstick.value * scale
    if scale == 1 or yardstick.scope == "any" or (yardstick.scope == "articles" and power == 1):
        return yardstick.value
    return None
