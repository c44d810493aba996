"""Weeks: which days may be known and which are predicted.

A week is 7 days counted back from the last day of data, never a calendar week. A window starts at its `as_of`:
knowledge is `date < as_of`, labels are `as_of <= date < as_of + horizon`.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

HORIZON_DAYS = 7


@dataclass(frozen=True)
class Window:
    """The label days `[as_of, as_of + 7 days)`; the end is not included."""

    as_of: date

    @property
    def end(self) -> date:
        return self.as_of + timedelta(days=HORIZON_DAYS)

    def earlier(self, weeks: int) -> "Window":
        """The window that starts `weeks` weeks before this one (negative: after)."""
        return Window(self.as_of - timedelta(weeks=weeks))


def last_window(last_day: date) -> Window:
    """The last 7 days of data, `last_day` included."""
    return Window(last_day - timedelta(days=HORIZON_DAYS - 1))


def training_windows(target: Window, weeks: int, *, days: Collection[date]) -> list[Window]:
    """The newest `weeks` windows before `target` that have purchases, and purchases before them; oldest first. Fewer where the data
    do not go back so far. days: all days with purchases. Label days never reach `target.as_of`."""
    back = sorted({((target.as_of - day).days + HORIZON_DAYS - 1) // HORIZON_DAYS for day in days if day < target.as_of})
    newest = [target.earlier(count) for count in back[:weeks]]
    return [window for window in reversed(newest) if window.as_of > min(days)]


def passed_over(target: Window, training: Sequence[Window]) -> list[Window]:
    """The windows between the oldest of `training` (sorted) and `target` that are not among them, oldest first."""
    weeks = (target.as_of - training[0].as_of).days // HORIZON_DAYS if training else 0
    return [window for window in (target.earlier(back) for back in range(weeks, 0, -1)) if window not in training]
