"""What the stages in a cache took when they were computed, and the reference figures that follow from it.

Input: MANIFEST.json of every stage. Output: Finished stages. `python -m lookbook.pipelines.dry_run.finished_steps
ARTIFACTS...` prints the stages of costs.toml anew; give it runs of several sizes, so that it can tell what grows with the size from
what does not, made with run.cache_features, so that no stage computes another within.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from lookbook.pipelines.dry_run.costs import FIGURES, Cost, Figure, Finished, Line, Size
from lookbook.pipelines.stages.artifacts import MANIFEST


@dataclass(frozen=True)
class FinishedSteps:
    """The stages under `root`, which need not exist. Left out are those whose size is not known: of versions that did not
    write it down, or of data sets that are no longer there."""

    root: Path

    def of(self, kind: str) -> list[Finished]:
        return [step for file in sorted((self.root / kind).glob(f"*/{MANIFEST}")) if (step := self._read(kind, file))]

    @property
    def kinds(self) -> list[str]:
        return sorted({str(file.parent.parent.relative_to(self.root)) for file in self.root.rglob(MANIFEST)})

    def _read(self, kind: str, manifest: Path) -> Finished | None:
        about = json.loads(manifest.read_text())
        size = self._size(about, manifest.parent)
        took = Cost(about["seconds"], about.get("peak_memory_mb", 0), _megabytes(manifest.parent))
        return Finished(kind, size, took) if size else None

    def _size(self, about: Mapping[str, object], folder: Path) -> Size | None:
        customers, key = about.get("customers"), about["key"]
        if isinstance(customers, int):
            return Size(customers, 0)
        assert isinstance(key, dict)
        own = _converted(folder)
        purchases = own[1] if own else self._purchases.get(str(key.get("data")))
        return Size(None, purchases) if purchases else None

    @cached_property
    def _purchases(self) -> dict[str, int]:
        """Purchases of every converted data set, by its digest."""
        return dict(filter(None, map(_converted, self.root.glob("data/*"))))


def _converted(folder: Path) -> tuple[str, int] | None:
    """Digest and purchases of the data set in the folder of a stage, if there is one."""
    file = folder / "tables" / "dataset.json"
    if not file.is_file():
        return None
    about = json.loads(file.read_text())
    return about["digest"], about["transactions"]


def _megabytes(folder: Path) -> float:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1e6


def fitted(finished: Sequence[Finished]) -> dict[Figure, Line]:
    """The line of each figure through stages of one kind; no part of it is negative. By least squares, weighted as if the variance
    grew with the size: small stages decide the fixed part, and the sum over all stages comes out about right."""
    import numpy as np
    from scipy.optimize import nnls

    units = np.array([step.size.units for step in finished])
    weights = 1 / np.sqrt(np.maximum(units, 0.01))
    weighted = np.column_stack([weights, units * weights])
    solved = {f: nnls(weighted, np.array([getattr(step.took, f) for step in finished]) * weights)[0] for f in FIGURES}
    return {figure: (float(start), float(slope)) for figure, (start, slope) in solved.items()}


def main(roots: Sequence[str]) -> None:
    caches = [FinishedSteps(Path(root) / "cache") for root in roots]
    for kind in sorted({kind for cache in caches for kind in cache.kinds}):
        if found := [step for cache in caches for step in cache.of(kind)]:
            print(f'[stages."{kind}"]')
            for figure, (start, slope) in fitted(found).items():
                print(f"{figure} = [{start:.3g}, {slope:.3g}]")


if __name__ == "__main__":
    main(sys.argv[1:])
