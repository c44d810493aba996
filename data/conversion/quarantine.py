"""The gate that rows of a raw table pass, or not: refused, set aside with their reason, or dropped by policy.

Input: frames that fit a rule schema of rules.py. Output: the valid rows; quarantine/<table>.parquet = the rows set aside, as
text, with `line` and `reason`, in file order.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import dataframely as dy
import polars as pl

from lookbook.data.conversion.rules import BROKEN
from lookbook.data.errors import ValueRuleError, Where
from lookbook.data.reading.tally import Tally


@dataclass(frozen=True)
class Intake:
    """Where bad rows of one conversion go. limit: share of a table's rows that may be quarantined; folder: the quarantine."""

    tally: Tally
    folder: Path
    limit: float


@dataclass
class Gate:
    """Judges the rows of one table, batch by batch.

    file: named in errors. columns: rule column -> column of the file. dropped: rules whose rows are dropped by policy
    rather than quarantined.
    """

    table: str
    file: Path
    columns: Mapping[str, str]
    rules: type[dy.Schema]
    dropped: frozenset[str]
    intake: Intake
    _pieces: list[Path] = field(default_factory=list)
    _first: dict[str, Where] = field(default_factory=dict)

    def admit(self, frame: pl.DataFrame, rules: type[dy.Schema] | None = None) -> pl.DataFrame:
        """The rows of `frame` that break no rule, in their order.

        rules: the ones that are still to be looked at; None = all of the gate.

        Raises:
            ValueRuleError: at the first row that breaks a rule which is never bent.
        """
        self.intake.tally.read[self.table] += frame.height
        valid, failure = (rules or self.rules).filter(frame)
        if len(failure):
            details = failure.details()
            reasons = (pl.when(pl.col(rule) == "invalid").then(pl.lit(rule)) for rule in BROKEN if rule in details.columns)
            self._sort_out(details.with_columns(reason=pl.coalesce(*reasons)).select(*frame.columns, "reason"))
        return pl.DataFrame(valid)

    def set_aside(self, frame: pl.DataFrame, reason: str) -> None:
        """Quarantine all rows of `frame` for one reason."""
        if frame.height:
            self._sort_out(frame.with_columns(reason=pl.lit(reason)))

    def close(self) -> None:
        """Write quarantine/<table>.parquet, if a row was set aside.

        Raises:
            ValueRuleError: if the share of quarantined rows is over the limit; names each reason with its first row.
        """
        counts = {key: n for key, n in self.intake.tally.quarantined.items() if key.startswith(f"{self.table}: ")}
        read, bad = self.intake.tally.read[self.table], sum(counts.values())
        if bad > self.intake.limit * read:
            reasons = "; ".join(f"{n} x {key.split(': ')[1]} (first: {self._first[key]})" for key, n in counts.items())
            reason, where = min(self._first.items(), key=lambda item: item[1].line)
            broken = BROKEN[reason.split(": ")[1]]
            raise ValueRuleError(
                f"{bad} of {read} rows of {self.table} are bad, over the limit of {self.intake.limit:.2%}: {reasons}", where,
                expected=broken.expected, fix=f"{broken.fix}; or raise data.quarantine_limit",
            )  # fmt: skip
        if self._pieces:
            pl.concat([pl.read_parquet(piece, glob=False) for piece in self._pieces]).write_parquet(
                self.intake.folder / f"{self.table}.parquet"
            )
        for piece in self._pieces:
            piece.unlink()

    def _sort_out(self, broken: pl.DataFrame) -> None:
        for reason, count in broken.group_by("reason").len().sort("reason").iter_rows():
            rows = broken.filter(pl.col("reason") == reason)
            treatment = "drop" if reason in self.dropped else BROKEN[reason].treatment
            key = f"{self.table}: {reason}"
            if treatment == "refuse":
                raise self._refusal(rows, reason)
            (self.intake.tally.dropped if treatment == "drop" else self.intake.tally.quarantined)[key] += count
            if treatment == "quarantine":
                self._first.setdefault(key, self._place(rows, reason))
                self._keep(rows)

    def _keep(self, rows: pl.DataFrame) -> None:
        present = [column for column in self.columns if column in rows.columns]
        texts = {column: pl.col(f"{column}_text" if f"{column}_text" in rows.columns else column) for column in present}
        piece = self.intake.folder / f"{self.table}-{len(self._pieces):06}.piece"
        rows.select("line", *(text.cast(pl.String).alias(column) for column, text in texts.items()), "reason").write_parquet(piece)
        self._pieces.append(piece)

    def _refusal(self, rows: pl.DataFrame, reason: str) -> ValueRuleError:
        broken = BROKEN[reason]
        what = f"{self.table}: {reason.replace('_', ' ')} does not hold in {rows.height} or more rows"
        return ValueRuleError(what, self._place(rows, reason), expected=broken.expected, fix=broken.fix)

    def _place(self, rows: pl.DataFrame, reason: str) -> Where:
        column = BROKEN[reason].column
        first = rows.row(0, named=True)
        value = first.get(f"{column}_text", first.get(column))
        return Where(self.file, first["line"], self.columns.get(column, column), "" if value is None else str(value))
