"""What a stage costs, as a line in its size: reference figures, set right by what finished stages of the same kind took.

Input: costs.toml; Finished stages (finished_steps.py). Output: Cost.
"""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from pathlib import Path
from typing import Literal

TABLE = Path(__file__).with_name("costs.toml")
CUSTOMERS, PURCHASES = 1_000, 1_000_000

Figure = Literal["seconds", "memory_mb", "disk_mb"]
FIGURES: tuple[Figure, ...] = ("seconds", "memory_mb", "disk_mb")
Line = tuple[float, float]
"""Of any stage, and on top of that of each unit of its size."""


@dataclass(frozen=True)
class Cost:
    """seconds: wall time. memory_mb: peak of the process, MiB. disk_mb: size of the files, 10^6 bytes."""

    seconds: float
    memory_mb: float
    disk_mb: float

    def times(self, factor: "Cost") -> "Cost":
        return Cost(self.seconds * factor.seconds, self.memory_mb * factor.memory_mb, self.disk_mb * factor.disk_mb)

    def followed_by(self, other: "Cost") -> "Cost":
        """Both, one after the other in the same process."""
        return Cost(self.seconds + other.seconds, max(self.memory_mb, other.memory_mb), self.disk_mb + other.disk_mb)


NOTHING = Cost(0.0, 0.0, 0.0)


@dataclass(frozen=True)
class Size:
    """What a stage works on: `customers`, or, where that is null, the whole data set of so many `purchases`."""

    customers: int | None
    purchases: int

    @property
    def units(self) -> float:
        """Thousands of customers, or millions of purchases."""
        return self.purchases / PURCHASES if self.customers is None else self.customers / CUSTOMERS


@dataclass(frozen=True)
class Finished:
    """A stage that was computed: its kind ("learn/repurchase"), its size and what it took."""

    kind: str
    size: Size
    took: Cost


@dataclass(frozen=True)
class Reference:
    """costs.toml. stages: the lines of each kind. files: by data set, figures about one that is not converted yet."""

    stages: Mapping[str, Mapping[Figure, Line]]
    files: Mapping[str, Mapping[str, float]]

    @staticmethod
    def read() -> "Reference":
        return Reference(**tomllib.loads(TABLE.read_text()))

    def cost(self, kind: str, size: Size, within: Iterable[str] = ()) -> Cost:
        """Of one stage, and of the kinds that are computed within it, of which nothing is written."""
        own, inner = self._alone(kind, size), [self._alone(each, size) for each in within]
        return replace(reduce(Cost.followed_by, inner, own), disk_mb=own.disk_mb)

    def _alone(self, kind: str, size: Size) -> Cost:
        """A kind that the table does not have, such as a new source, costs as much as the dearest of its family."""
        family = [known for known in self.stages if known.partition("/")[0] == kind.partition("/")[0]]
        lines = [self.stages[known] for known in ([kind] if kind in self.stages else family)]
        return Cost(*(max((line[f][0] + line[f][1] * size.units for line in lines), default=0.0) for f in FIGURES))


def calibration(reference: Reference, finished: Sequence[Finished], within: Sequence[str] = ()) -> Cost:
    """What finished stages of one kind took, as multiples of their reference: all their seconds and files, the most memory; 1
    where there are none."""
    took = [step.took for step in finished]
    guessed = [reference.cost(step.kind, step.size, within) for step in finished]
    memory = [each.memory_mb / guess.memory_mb for each, guess in zip(took, guessed, strict=True) if guess.memory_mb]
    return Cost(
        _ratio(sum(cost.seconds for cost in took), sum(cost.seconds for cost in guessed)),
        max(memory, default=0.0) or 1.0,
        _ratio(sum(cost.disk_mb for cost in took), sum(cost.disk_mb for cost in guessed)),
    )


def _ratio(took: float, guessed: float) -> float:
    return took / guessed if guessed else 1.0
