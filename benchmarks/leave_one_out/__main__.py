"""Candidate sources and baselines alone on MovieLens: is the last movie that each user rated among the first ten?

`python -m benchmarks.leave_one_out FOLDER` with the folder or zip file of a MovieLens set (data/README.md). The last rating of
every user is held out; all others, also later ones of other users, are known; every movie that the user did not rate before
competes. Of two ratings in the same second the movie with the larger number is the later. Output: a line on stdout for each source
and baseline with HR@k, its 95 % interval, and NDCG@k over all users with two ratings or more (evaluation/leave_one_out.py).
"""

import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter
from cyclopts.validators import Number

from lookbook.evaluation.leave_one_out import Days

if TYPE_CHECKING:
    import polars as pl

    from benchmarks.leave_one_out.events import Rated
    from lookbook.evaluation.leave_one_out import LeaveOneOut
    from lookbook.pipelines.settings.config import Settings

app = App(name="python -m benchmarks.leave_one_out", help=__doc__, help_format="plaintext")
ALL = "all"
NONE = "none"


@app.default
def compare(
    folder: Annotated[Path, Parameter(help="Folder or zip file of a MovieLens set.")],
    *,
    sources: Annotated[str, Parameter(help="Candidate sources, joined by commas; all, or none.")] = ALL,
    baselines: Annotated[str, Parameter(help="Baselines, joined by commas; all, or none.")] = "popularity",
    config: Annotated[Path | None, Parameter(help="TOML file with settings of the sources, over the defaults.")] = None,
    days: Annotated[
        Days,
        Parameter(help="Days before as_of of a known rating: same = 1; order = 1 for the user's last; real = by the calendar."),
    ] = "same",
    liked: Annotated[float, Parameter(help="Least stars of a rating that counts; 0 = all ratings.")] = 0.0,
    k: Annotated[int, Parameter(help="Length of the lists.", validator=Number(gte=1))] = 10,
) -> None:
    """Measure and print."""
    from lookbook.evaluation.baselines.registry import BASELINES
    from lookbook.evaluation.leave_one_out import accuracy, leave_one_out
    from lookbook.retrieval.registry import SOURCES

    asked = (_named(baselines, tuple(BASELINES), "baseline"), _named(sources, tuple(SOURCES), "source"))
    settings, rated = _read(config, folder, liked)
    task = leave_one_out(rated.events, days=days, customers=rated.customers.lazy(), articles=rated.articles.lazy())
    if task.labels.is_empty():
        raise SystemExit("nobody can be judged: no user has two ratings that count")
    print(
        f"{rated.events.height:,} ratings of {rated.customers.height:,} users and {rated.articles.height:,} movies; "
        f"{task.labels.height:,} users are judged; days: {days}",
        flush=True,
    )
    for name, lists in _methods(settings, task, *asked, k=k):
        started = time.process_time()
        try:
            found = accuracy(lists(), task.labels, k=k)
        except ValueError as error:  # a method that cannot do it says so, and the others go on
            print(f"{name:<34} {error}", flush=True)
            continue
        took = time.process_time() - started
        hits = f"HR@{k} {found.hit_rate:.4f} [{found.low:.4f}, {found.high:.4f}]"
        print(f"{name:<34} {hits}  NDCG@{k} {found.ndcg:.4f}  {took:.1f} CPU-s", flush=True)


def _read(config: Path | None, folder: Path, liked: float) -> "tuple[Settings, Rated]":
    from benchmarks.leave_one_out.events import read_rated
    from lookbook.data.errors import DataError
    from lookbook.pipelines.errors import SettingsError
    from lookbook.pipelines.settings.config import load_settings

    data = {"data.dataset": "movielens", "data.data_dir": str(folder.absolute()), "data.movielens.liked": liked}
    try:
        settings = load_settings(config, data)
        with TemporaryDirectory() as scratch:
            return settings, read_rated(settings.data, Path(scratch), today=datetime.now().astimezone().date())
    except (DataError, SettingsError) as error:
        raise SystemExit(str(error)) from error


def _methods(
    settings: "Settings", task: "LeaveOneOut", baselines: tuple[str, ...], sources: tuple[str, ...], *, k: int
) -> "Iterator[tuple[str, Callable[[], pl.DataFrame]]]":
    """Name and how to get its lists, baselines first."""
    from functools import partial

    from benchmarks.leave_one_out.lists import baseline_lists, source_lists
    from lookbook.evaluation.baselines.registry import published
    from lookbook.pipelines.settings.config import choose_sources

    for baseline in published(baselines):
        yield f"{baseline.name} (baseline)", partial(baseline_lists, baseline, task, k=k)
    for name in sources:
        (source,) = choose_sources(settings, only=name, drop=None).sources()
        yield name, partial(source_lists, source, task, k=k, seed=settings.run.seed)


def _named(asked: str, known: tuple[str, ...], kind: str) -> tuple[str, ...]:
    names = {ALL: known, NONE: ()}.get(asked, tuple(asked.split(",")))
    for name in names:
        if name not in known:
            raise SystemExit(f"unknown {kind} {name!r}; known: {', '.join(known)}")
    return names


if __name__ == "__main__":
    app()
