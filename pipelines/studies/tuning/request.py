"""What `lookbook tune` is asked for, checked.

Input: flags. Output: Request, Window.
"""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from lookbook.data.windows import Window, last_window
from lookbook.pipelines.errors import SettingsError
from lookbook.pipelines.studies.tuning.search import Sampler
from lookbook.pipelines.studies.tuning.space import Space

JUDGED = 4
"""The newest weeks, the test week of the run among them, on which no setting is chosen: those that `lookbook backtest` judges."""
TRIALS = 20
"""Trials of a search that is no grid, unless another number is asked for."""
UNITS = {"s": 1, "m": 60, "h": 3600}


@dataclass(frozen=True)
class Request:
    """groups: of the space, none = all. space: its file, null = space.toml. trials: null = the default. seconds: after these no
    stage is begun, null = no limit. until: last day of the newest validation week, null = the default. prune: whether bad trials
    end early."""

    groups: tuple[str, ...] = ()
    space: Path | None = None
    sampler: Sampler = "tpe"
    trials: int | None = None
    seconds: float | None = None
    weeks: int = 3
    until: str | None = None
    prune: bool = True

    def wanted(self, space: Space) -> int:
        """How many trials there are to be in all; of a grid, no more than it has points."""
        if self.sampler != "grid":
            return self.trials or TRIALS
        size = space.grid_size()
        return min(self.trials or size, size)


def seconds_of(limit: str | None) -> float | None:
    """A time such as 90s, 30m or 1.5h.

    Raises:
        SettingsError: it is none.
    """
    if limit is None:
        return None
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smh])", limit)
    if not found:
        raise SettingsError(f"--time-limit {limit}: expected a time such as 90s, 30m or 1.5h")
    return float(found[1]) * UNITS[found[2]]


def newest_week(until: str | None, tested: Window) -> Window:
    """The newest validation week: the one that ends with the day `until`, by default the one before the JUDGED newest weeks.

    Raises:
        SettingsError: it is no day, or one that is not before `tested`, the test week of the run.
    """
    last = tested.as_of - timedelta(days=1)
    if until is None:
        return tested.earlier(JUDGED)
    try:
        day = date.fromisoformat(until)
    except ValueError:
        raise SettingsError(f"--until {until}: expected a day such as {last}") from None
    if day > last:
        raise SettingsError(f"--until {day}: the test week of the run begins on {tested.as_of}; expected {last} or an earlier day")
    return last_window(day)
