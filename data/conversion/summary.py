"""What a conversion did, as it stands in dataset.json and as `data check` prints it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta

from lookbook.data.reading.tally import Tally

FORMAT = 3
"""Layout of the canonical folder; another number means: convert again."""


@dataclass(frozen=True)
class Summary:
    """Counts of one conversion.

    digest: SHA-256 of the canonical tables without submission order and quarantine, so the order of input rows does not count.
    first_day, last_day: of the transactions kept, both included. read: rows by table. transactions: rows kept.
    dropped, quarantined: rows by "table: reason". repaired: values by what was done to them. customers, articles: all, with and
    without attributes. unknown_customers, unknown_articles: those that only transactions (or the submission order) name, where
    the data set has a table of them.
    """

    format: int
    name: str
    digest: str
    first_day: str
    last_day: str
    read: Mapping[str, int]
    transactions: int
    dropped: Mapping[str, int]
    quarantined: Mapping[str, int]
    repaired: Mapping[str, int]
    customers: int
    articles: int
    unknown_customers: int
    unknown_articles: int
    customers_without_purchase: int
    warnings: tuple[str, ...]

    def as_dict(self) -> dict[str, object]:
        return asdict(self)


def calendar_warnings(tally: Tally, last_day: str) -> tuple[str, ...]:
    """Remarks on days: weeks without a purchase (counted back from the last day), few weeks, a `last_day` without a purchase."""
    first, last = min(tally.days), max(tally.days)
    weeks = (last - first).days // 7 + 1
    weekly = [sum(tally.days.get(last - timedelta(days=7 * back + day), 0) for day in range(7)) for back in range(weeks)]
    empty = [str(last - timedelta(days=7 * back + 6)) for back, rows in enumerate(weekly) if not rows]
    warnings = [f"{len(empty)} weeks without a purchase, the latest starts on {empty[0]}"] if empty else []
    if last_day and str(last) != last_day:
        warnings.append(
            f"last_day {last_day}: no purchases on that day; weeks are counted back from the last day with purchases, {last}"
        )
    if weeks < 8:
        warnings.append(f"only {weeks} weeks of purchases, {first} to {last}; training needs several weeks before the test week")
    return tuple(warnings)


def counts(counter: Mapping[str, int]) -> dict[str, int]:
    return {key: counter[key] for key in sorted(counter) if counter[key]}
