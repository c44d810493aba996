"""Time and memory of every phase of the pipeline on simulated markets of growing size.

`python -m benchmarks.scale --scales 0.01 0.1 1`, or `make bench-scale`. Output: results.json, results.md and results.svg in
--out, a log of every phase, and lines on stdout and in benchmark.log. Stopped at any point, the same command goes on.
"""

import signal
import sys
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from benchmarks.log import teller
from benchmarks.scale.measure import PhaseError, measure
from benchmarks.scale.phases import Place
from benchmarks.scale.results import ScaleResult, save

app = App(name="python -m benchmarks.scale", help=__doc__, help_format="plaintext")


@app.default
def scale(
    *,
    scales: Annotated[tuple[float, ...], Parameter(help="Sizes of the markets against H&M's.", consume_multiple=True)] = (
        0.01,
        0.1,
        1,
    ),
    out: Annotated[Path, Parameter(help="Folder of the benchmark; one for each version of the code.")] = Path(
        "artifacts/bench-scale"
    ),
    config: Annotated[Path | None, Parameter(help="TOML file with settings of the runs.")] = None,
    seed: Annotated[int, Parameter(help="Seed of the markets.")] = 1,
    limit_minutes: Annotated[float, Parameter(help="A phase that takes longer is killed, and fails.")] = 60,
    keep: Annotated[bool, Parameter(help="Keep markets and artifacts (scale 1: about 8 GB).", negative="")] = False,
) -> int:
    """Measure; 0, or 1 where a phase failed: then results.json has the scales that were finished."""
    out.mkdir(parents=True, exist_ok=True)
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))  # so that the running phase is ended too
    tell = teller(out / "benchmark.log")
    results: list[ScaleResult] = []
    failed = ""
    for size in sorted(scales):
        place = Place(out / f"{size:g}", size, seed, config)
        try:
            results.append(measure(place, limit_s=limit_minutes * 60, keep=keep, tell=tell))
        except PhaseError as error:
            failed = str(error)
            tell(failed)
            break
        save(results, out / "results.json")
    if results:
        tell(f"{out / 'results.json'} holds the figures")
        tell(f"python -m benchmarks.scale.page {out / 'results.json'} makes the page of it")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(app())
