"""Weeks: which days may be known and which are predicted.

A week is 7 days counted back from the last day of data, never a calendar week. A window starts at its `as_of`:
knowledge is `date < as_of`, labels are `as_of <= date < as_of + horizon`.
"""

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
