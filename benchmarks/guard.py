"""A small benchmark that fails when the pipeline became slower: processor time of each phase over its floor, and its growth.

`python -m benchmarks.guard`, or `make bench`: compares with benchmarks/reference.json. `--renew` writes that file, from
`--repeats` runs, after a change that was meant to cost more, or less.
"""

import shutil
import sys
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from benchmarks.log import teller
from benchmarks.machine import machine
from benchmarks.reference import load_reference, measures, reference, save_reference, worse
from benchmarks.scale.measure import PhaseError, Tell, measure
from benchmarks.scale.phases import Place

REFERENCE = Path(__file__).with_name("reference.json")
SCALES = (0.005, 0.02)
SEED = 1
LIMIT_S = 600.0

app = App(name="python -m benchmarks.guard", help=__doc__, help_format="plaintext")


@app.default
def guard(
    *,
    renew: Annotated[bool, Parameter(help="Write the reference instead of comparing with it.", negative="")] = False,
    repeats: Annotated[int, Parameter(help="Runs behind a new reference.")] = 3,
    out: Annotated[Path, Parameter(help="Folder to work in; what it holds is removed first.")] = Path("artifacts/bench"),
) -> int:
    """Exit code 0 when no measure is above its limit, 1 when one is or a phase failed."""
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    tell = teller(out / "benchmark.log")
    try:
        runs = [_run(out / str(number), tell, markets=out / "0") for number in range(repeats if renew else 1)]
    except PhaseError as error:
        tell(str(error))
        return 1
    if renew:
        save_reference(reference(runs), REFERENCE, about={"scales": SCALES, "seed": SEED, "repeats": repeats, "machine": machine()})
        tell(f"wrote {REFERENCE}")
        return 0
    known = load_reference(REFERENCE)
    lines = worse(runs[0], known)
    for name, value in runs[0].items():
        if name in known:
            tell(f"{name:<22} {value:8.3g}   reference {known[name].value:8.3g}   limit {known[name].limit:8.3g}")
    tell("\n".join(["slower than the reference:", *lines]) if lines else "no measure is above its limit")
    return 1 if lines else 0


def _run(folder: Path, tell: Tell, *, markets: Path) -> dict[str, float]:
    """What one run measures; those after the first find their markets in its folder."""
    results = []
    for size in SCALES:
        place, market = (Place(where / f"{size:g}", size, SEED) for where in (folder, markets))
        if market.twin.exists():
            place.folder.mkdir(parents=True)
            place.twin.symlink_to(market.twin.absolute())
        results.append(measure(place, limit_s=LIMIT_S, keep=True, tell=tell))
        shutil.rmtree(place.artifacts)
    return measures(results)


if __name__ == "__main__":
    sys.exit(app())
