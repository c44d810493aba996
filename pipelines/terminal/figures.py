"""Figures and counted words as text. None is shown as nothing."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence

BARS = "▁▂▃▄▅▆▇█"


def decimals(value: float | None, digits: int = 4) -> str:
    """Digits after the point; nothing is not -0.0000."""
    return "" if value is None else f"{round(value, digits) + 0.0:.{digits}f}"


def count(number: int, one: str, several: str = "") -> str:
    """1 article, 2 articles, 1,000 articles; `several` where it is more than an s."""
    return f"{number:,} {one if number == 1 else several or f'{one}s'}"


def bars(values: Iterable[float]) -> str:
    """One character per value, as high as its part of the highest; the lowest character only for nothing."""
    heights = list(values)
    top = max(heights, default=0.0) or 1.0
    return "".join(BARS[1 + min(int(height / top * 7), 6)] if height else BARS[0] for height in heights)


def box_plot(places: Mapping[str, float], starts: Sequence[float]) -> str:
    """A box plot to stand below `bars`, one character per bin: whiskers ├─┤, quartiles ▒, median ┃, an end beyond them ·.

    places: the statistics of data.profile.distribution.Distribution; starts: low ends of the bins, rising.
    """

    def at(name: str) -> int:
        return max(bisect_right(starts, places[name]) - 1, 0)

    drawn = [" "] * len(starts)
    for first, last, mark in (("whisker_low", "whisker_high", "─"), ("q25", "q75", "▒")):
        drawn[at(first) : at(last) + 1] = mark * (at(last) + 1 - at(first))
    for name, mark in {"min": "·", "max": "·", "whisker_low": "├", "whisker_high": "┤", "median": "┃"}.items():
        if drawn[at(name)] != "▒" or name == "median":
            drawn[at(name)] = mark
    return "".join(drawn)


def share(value: float | None) -> str:
    """Percent to one digit; next to nothing is not shown as nothing, next to all not as all."""
    if value is None:
        return ""
    if 0 < value < 0.0005:
        return "<0.1 %"
    return ">99.9 %" if 0.9995 <= value < 1 else f"{100 * value:.1f} %"


def whole(value: float | None) -> str:
    return "" if value is None else f"{value:,.0f}"


def number(value: float | None, *, powers_from: float = 1e12) -> str:
    """Three significant digits; from 1,000 on all digits before the point, up to `powers_from`."""
    if value is None:
        return ""
    short = float(f"{value:.3g}")
    is_whole = 1000 <= abs(short) < powers_from or (abs(short) < 1000 and short == int(short))
    return f"{value:,.0f}" if is_whole else f"{value:.3g}"
