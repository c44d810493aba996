"""Whether a raw table has the columns that are needed, and no strange ones."""

import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path

from lookbook.data.errors import MissingColumnError, Where
from lookbook.data.reading.tally import Tally


def check_columns(present: Sequence[str], wanted: Mapping[str, str], *, known: frozenset[str], path: Path, tally: Tally) -> None:
    """Refuse if a column of `wanted` (output name -> column) is missing; warn of columns that are neither wanted nor known."""
    missing = sorted(set(wanted.values()) - set(present))
    if missing:
        close = difflib.get_close_matches(missing[0], present, n=1, cutoff=0.4)
        nearest = f"; nearest present: {close[0]!r}" if close else ""
        raise MissingColumnError(
            missing[0],
            present,
            Where(path, 1),
            hint=nearest,
            expected="the columns " + ", ".join(sorted(set(wanted.values()))),
            fix="rename or add the column",
        )
    for column in present:
        if column not in known and column not in wanted.values():
            tally.warn(f"{path.name}: column {column!r} is not known and ignored")
