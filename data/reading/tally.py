"""What happens to rows on their way in, counted while a source is read."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date


@dataclass
class Tally:
    """Counts of one conversion. All of them are sums or sets, so they do not depend on the order of the rows.

    read: rows per table. dropped, quarantined: rows by "table: reason". repaired: values changed, by what was done.
    days: kept transactions per day. warnings: remarks for the reader.
    """

    read: Counter[str] = field(default_factory=Counter)
    dropped: Counter[str] = field(default_factory=Counter)
    quarantined: Counter[str] = field(default_factory=Counter)
    repaired: Counter[str] = field(default_factory=Counter)
    days: Counter[date] = field(default_factory=Counter)
    warnings: set[str] = field(default_factory=set)

    def warn(self, text: str) -> None:
        self.warnings.add(text)

    def repair(self, what: str, count: int) -> None:
        if count:
            self.repaired[what] += count
