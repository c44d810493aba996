"""lookbook beside what people would take instead: quality, processor time and memory over successive test weeks.

`python -m benchmarks.peers`, or `make bench-peers`. Output: results.json and precisions.parquet in --results, docs/peers.md of
them, and lines on stdout and in benchmark.log. Peers that are not run keep their results; stopped at any point, the same command
goes on.
"""

import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter
from cyclopts.validators import Number
from filelock import FileLock, Timeout

from benchmarks.log import teller
from benchmarks.machine import machine
from benchmarks.peers.page import write_page
from benchmarks.peers.place import Place, asked
from benchmarks.peers.registry import LOOKBOOK, NAMES, PEERS
from benchmarks.peers.results import FILE, PRECISIONS, Market, judgements, load, save
from benchmarks.peers.rounds import Bench, PeerError

HERE = Path(__file__).parent
K = 12
VALIDATION_WEEKS = 2
Name = Literal[
    "lookbook", "script", "rectools", "repurchase", "tifu_knn", "up_cf", "implicit_cosine", "implicit_bm25", "implicit_als",
    "implicit_bpr", "popularity",
]  # fmt: skip

app = App(name="python -m benchmarks.peers", help=__doc__, help_format="plaintext")


@app.default
def peers(
    *,
    only: Annotated[tuple[Name, ...], Parameter(help="Only these; the others keep their results.", consume_multiple=True)] = (),
    scale: Annotated[float | None, Parameter(help="A simulated market of this share of H&M's size, not complete-journey.")] = None,
    weeks: Annotated[int, Parameter(help="Test weeks, the newest of the data.", validator=Number(gte=1))] = 4,
    out: Annotated[Path, Parameter(help="Folder for environments, weeks and runs.")] = Path("artifacts/bench-peers"),
    results: Annotated[Path, Parameter(help="Folder of results.json and precisions.parquet.")] = HERE,
    page: Annotated[Path, Parameter(help="The page that is made of them.")] = HERE.parents[1] / "docs" / "peers.md",
    limit_minutes: Annotated[float, Parameter(help="A run that takes longer is killed, and fails.")] = 60,
) -> int:
    """Measure; 0, or 1 where a program failed: the results then have those that were finished."""
    out.mkdir(parents=True, exist_ok=True)
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))  # so that the running program is ended too
    tell = teller(out / "benchmark.log")
    try:
        with FileLock(out / ".lock", timeout=0):
            return measure_all(Place.of(out, scale), only or NAMES, weeks, results, page, limit_s=60 * limit_minutes, tell=tell)
    except Timeout:
        tell(f"{out}: another benchmark is at work there; --out names another folder")
        return 1


def measure_all(
    place: Place, names: Sequence[str], weeks: int, results: Path, page: Path, *, limit_s: float, tell: Callable[[str], None]
) -> int:
    """Measure one after the other; each leaves its results and the page behind."""
    place.prepare()
    tested, validation = place.newest_weeks(weeks), place.newest_weeks(VALIDATION_WEEKS, before=weeks)
    bench = Bench(place, K, tested, validation, place.folder.parent / "environments", limit_s, tell)
    known = load(results / FILE).get(place.name)
    if known and known.weeks != tested and set(known.peers) - set(names):
        tell(f"--weeks {weeks}: {results / FILE} has {len(known.weeks)} weeks up to {known.weeks[0]}; measure those, or all peers")
        return 1
    failed = 0
    for name in names:
        try:
            measure(bench, name, results)
            write_page(results, page)
        except PeerError as error:
            tell(str(error))
            failed = 1
    tell(f"{page} is made of {results / FILE}")
    return failed


def measure(bench: Bench, name: str, results: Path) -> None:
    """Measure one peer, then put it in place of what results.json and precisions.parquet knew of it.

    Raises:
        PeerError: a program failed; nothing was changed.
    """
    found, lists = bench.lookbook() if name == LOOKBOOK else bench.peer(next(peer for peer in PEERS if peer.name == name))
    made = {as_of: file.with_name("precisions.parquet") for as_of, file in lists.items()}
    words = [str(word) for as_of, file in lists.items() for word in (as_of, file, made[as_of])]
    asked("judge", ["precisions", str(bench.place.tables), str(bench.k), *words])
    known, market = results / PRECISIONS, bench.place.name
    asked("judge", ["add", str(known), market, name, *(str(word) for pair in made.items() for word in pair)])
    compared = asked("judge", ["compare", str(known), market])
    assert isinstance(compared, dict)
    markets = load(results / FILE)
    before = markets.get(market) or Market(bench.k, tuple(bench.weeks), tuple(bench.validation), "", 0, 0)
    markets[market] = replace(
        before,
        weeks=tuple(bench.weeks),
        validation=tuple(bench.validation),
        machine=_machine(),
        n_customers=compared["n_customers"],
        n_customer_weeks=compared["n_customer_weeks"],
        peers={**before.peers, name: found},
        pooled=judgements(compared["pooled"]),
        newest=judgements(compared["newest"]),
    )
    save(markets, results / FILE)


def _machine() -> str:
    about = machine()
    memory = int(str(about["memory_mb"])) / 1024
    return f"{about['cores']} cores of {about['processor']}, {memory:.0f} GiB of memory, {about['system']}"


if __name__ == "__main__":
    sys.exit(app())
