"""A market on disk: its converted data set, and a folder for each week that peers are given.

Input: flags of lookbook. Output: tables, weeks. What is there is not made again. This module imports no large
library: see benchmarks/process.py.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

LOOKBOOK_COMMAND = str(Path(sys.executable).with_name("lookbook"))
COMPLETE_JOURNEY = "complete-journey"
WEEK_FILE = "week.json"
"""Written last into the folder of a week."""


@dataclass(frozen=True)
class Place:
    """name: of the market. folder: all of its files. scale: of a simulated market, against H&M's size; None = complete-journey."""

    name: str
    folder: Path
    scale: float | None = None

    @staticmethod
    def of(out: Path, scale: float | None) -> "Place":
        name = COMPLETE_JOURNEY if scale is None else f"simulated {100 * scale:g} %"
        return Place(name, out / name.replace(" %", "").replace(" ", "-"), scale)

    @property
    def flags(self) -> list[str]:
        """What tells lookbook which data to take."""
        return [] if self.scale is None else ["--dataset", "hm", "--data-dir", str(self.folder / "twin")]

    @property
    def converted(self) -> Path:
        """The stage with the converted data, which a run finds there."""
        return self.folder / "prepared" / "cache" / "data"

    @property
    def tables(self) -> Path:
        return next(self.converted.glob("*/tables"))

    def prepare(self) -> None:
        """Simulate, where that is the market, and convert."""
        twin = self.folder / "twin"
        if self.scale is not None and not (twin / "simulation.json").exists():
            self._lookbook("data", "simulate", "--scale", str(self.scale), "--seed", "1", "--out", str(twin), "--quiet")
        if not list(self.converted.glob("*/MANIFEST.json")):
            prepared = self.folder / "prepared"
            self._lookbook("run", "--stop-after", "data", "--artifacts", str(prepared), "--quiet", *self.flags)

    def week(self, as_of: str, *, k: int) -> Path:
        """The folder of the week that begins with `as_of`."""
        folder = self.folder / "weeks" / as_of
        if not (folder / WEEK_FILE).exists():
            module = [sys.executable, "-m", "benchmarks.peers.contract"]
            subprocess.run([*module, str(self.tables), str(folder), as_of, str(k)], check=True)
        return folder

    def newest_weeks(self, count: int, *, before: int = 0) -> tuple[str, ...]:
        """as_of of the newest `count` weeks of the data, after leaving out `before` of them; newest first."""
        last = date.fromisoformat(json.loads((self.tables / "dataset.json").read_text())["last_day"])
        return tuple(str(last - timedelta(days=6 + 7 * week)) for week in range(before, before + count))

    def _lookbook(self, *words: str) -> None:
        subprocess.run([LOOKBOOK_COMMAND, *words], check=True)


def asked(module: str, words: Sequence[str]) -> object:
    """What `python -m benchmarks.peers.<module>` prints last, as JSON; in a process of its own, which may grow."""
    command = [sys.executable, "-m", f"benchmarks.peers.{module}", *words]
    printed = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    return json.loads(printed.splitlines()[-1])
