"""The phases of the pipeline as commands of their own, each going on from what the phases before it left on disk.

Input: a folder, a scale. Output: the commands, and the row counts that they are told by.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

LOOKBOOK = str(Path(sys.executable).with_name("lookbook"))
SIMULATE = "simulate"
START = "start"
"""What every phase costs before it does anything: the first one again, which finds all on disk."""


@dataclass(frozen=True)
class Phase:
    """rows: the count (counts.py) that its rows per second are of."""

    name: str
    does: str
    rows: str
    rows_are: str


PHASES = (
    Phase("data", "CSV files to checked, sorted Parquet", "purchases", "purchases"),
    Phase("learn", "what sources and statistics learn, for every week", "trained", "purchases shown to the embedding model"),
    Phase("retrieve", "candidates of the training weeks and the test week, merged", "candidates", "candidates"),
    Phase("examples", "sampled pairs of the training weeks with their features", "examples", "examples"),
    Phase("fit", "the number of trees, and two rankers", "tree_rows", "examples times trees"),
    Phase("rank", "candidates, features and scores of everybody, metrics, submission", "ranked", "pairs ranked"),
)
"""In the order in which they run. The last one is the whole command: it finds the rest on disk."""


@dataclass(frozen=True)
class Place:
    """Where one scale is measured. config: settings on top of those of the data set."""

    folder: Path
    scale: float
    seed: int
    config: Path | None = None

    @property
    def twin(self) -> Path:
        return self.folder / "twin"

    @property
    def artifacts(self) -> Path:
        return self.folder / "artifacts"

    def simulate(self) -> list[str]:
        size = ["--scale", str(self.scale), "--seed", str(self.seed)]
        return [LOOKBOOK, "data", "simulate", *size, "--out", str(self.twin), "--quiet"]

    def start(self) -> list[str]:
        return self.run(PHASES[0])

    def run(self, phase: Phase) -> list[str]:
        """`lookbook run` up to the end of `phase`."""
        data = ["--dataset", "hm", "--data-dir", str(self.twin), "--artifacts", str(self.artifacts)]
        chosen = ["--config", str(self.config)] if self.config else []
        until = [] if phase is PHASES[-1] else ["--stop-after", phase.name]
        return [LOOKBOOK, "run", *data, *chosen, *until]
