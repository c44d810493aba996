"""What a search found, for people and for the next run.

Input: Search, Outcomes. Output: Tuning; the text of best.toml.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate

import tomlkit

from lookbook.data.windows import Window
from lookbook.evaluation.variants import Judged
from lookbook.pipelines.settings.config import Settings, load_settings, value_of
from lookbook.pipelines.studies.tuning.outcome import Outcome, Validation, judge
from lookbook.pipelines.studies.tuning.record import Gain, Importance, Reached, TrialRow, Tuning
from lookbook.pipelines.studies.tuning.search import Search, Tried
from lookbook.pipelines.studies.tuning.space import Point

RUN, BEST = "run", "best"
FINISHED, EARLY = "finished", "ended early"
BELOW = ("data.dataset", "run.preset")
"""The settings that decide which layers lie below a --config file."""


def found(
    search: Search,
    validation: Validation,
    run: Outcome,
    best: Tried | None,
    outcome: Outcome | None,
    *,
    wanted: int,
    tested: Window,
) -> Tuning:
    """All that is to be told. best, outcome: of the trial with the highest MAP, null where none was finished. tested: the test
    week."""
    settings = validation.full.settings
    judged = judge({RUN: run, **({BEST: outcome} if outcome else {})}, settings)
    return Tuning(
        weeks=[str(validation.newest.earlier(back).as_of) for back in range(validation.count)],
        tested=str(tested.as_of),
        k=settings.run.k,
        n_customers=judged.n_customers,
        n_customer_weeks=judged.n_customer_weeks,
        sampler=search.sampler,
        seed=search.seed,
        wanted=wanted,
        keys=list(search.space.domains),
        run=_reached(judged, RUN, run, search.space.now(settings)),
        best=_reached(judged, BEST, outcome, best.point) if best and outcome else None,
        best_trial=best.number if best else None,
        gain=_gain(judged) if outcome else None,
        importance=[Importance(key, share) for key, share in search.importance().items()],
        trials=_rows(search.tried(), run),
    )


def _reached(judged: Judged, name: str, outcome: Outcome, point: Point) -> Reached:
    mean = judged.of(name)
    return Reached(mean.value, mean.low, mean.high, outcome.by_week(), point)


def _gain(judged: Judged) -> Gain:
    paired = judged.difference(BEST, RUN)
    return Gain(paired.value, paired.low, paired.high, paired.smallest_visible, paired.verdict)


def _rows(tried: Sequence[Tried], run: Outcome) -> list[TrialRow]:
    gains = [gain(each, run) for each in tried]
    best = list(accumulate((0.0 if each.early else more for each, more in zip(tried, gains, strict=True)), max, initial=0.0))[1:]
    return [
        TrialRow(each.number, EARLY if each.early else FINISHED, each.map, each.map_by_week, more, so_far, each.point, each.seconds)
        for each, more, so_far in zip(tried, gains, best, strict=True)
    ]


def gain(tried: Tried, run: Outcome) -> float:
    """How far a trial is above the settings of the run on the weeks that both have."""
    return tried.map - Outcome(run.weeks[: len(tried.map_by_week)]).pooled()


def best_file(result: Tuning, before: Settings, settings: Settings, *, run: str) -> str:
    """A file for --config that makes `settings`: what differs from default.toml and from the files of the data set and the preset.

    before: the settings of the run `run`.
    """
    assert result.best is not None
    layers = load_settings(overrides={key: value_of(settings, key) for key in BELOW})
    head = [
        f"Trial {result.best_trial} of `lookbook tune` on the run {run}.",
        f"MAP@{result.k} {result.best.map:.4f}, with the settings of that run {result.run.map:.4f}: {result.n_customer_weeks:,} "
        f"customer-weeks, from the week of {result.weeks[-1]} to that of {result.weeks[0]}.",
        "It was chosen on these weeks, so later ones say how good it is: `lookbook backtest --config` with this file.",
    ]
    lines = [f"# {line}" for line in head]
    table = None
    for path, key, value in _changed(layers.tables, settings.tables):
        if path != table:
            lines += ["", f"[{path}]"]
            table = path
        was = value_of(before, f"{path}.{key}")
        lines.append("# as in that run" if was == value else f"# in that run {tomlkit.item(was).as_string()}")
        lines.append(f"{key} = {tomlkit.item(value).as_string()}")
    return "\n".join(lines) + "\n"


def _changed(layers: Mapping[str, object], tables: Mapping[str, object], path: str = "") -> Iterator[tuple[str, str, object]]:
    """(table, key, value) of what differs, and of BELOW; the keys of a table before the tables in it."""
    for key, value in tables.items():
        full = f"{path}.{key}" if path else key
        if not isinstance(value, Mapping) and (value != layers[key] or full in BELOW):
            yield path, key, value
    for key, value in tables.items():
        inner = layers[key]
        if isinstance(value, Mapping) and isinstance(inner, Mapping):
            yield from _changed(inner, value, f"{path}.{key}" if path else key)
