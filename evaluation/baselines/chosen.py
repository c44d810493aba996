"""The parameters of each baseline that were best on the weeks before a week, so that "the best baseline" is the best that a simple
method can do on this data set.

Input: Dataset. Output: Choice by name of the baseline, TRIED. Nothing from the first day of the week on is looked at.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import fsum

import polars as pl

from lookbook.data.dataset import Dataset
from lookbook.data.schema import Schema
from lookbook.data.windows import Window, training_windows
from lookbook.evaluation.baselines.baseline import Baseline, Known
from lookbook.evaluation.baselines.ranked_pairs import RankedPairs
from lookbook.evaluation.baselines.registry import BASELINES, together

MOST_CUSTOMERS = 5_000
"""Of more customers with purchases in a week an even sample is judged: the parameters are coarse, the rest would only cost."""

TRIED: Schema = {"variant": pl.String, "parameters": pl.String, "map": pl.Float64, "chosen": pl.Boolean}
"""One row per baseline and parameters tried, in their order. parameters: as "half_life_days = 75, weight = 0.6", "" = it has none.
map: see Trial. chosen: whether the baseline is judged with them."""


@dataclass(frozen=True)
class Trial:
    """map: mean average precision over all customers of all weeks judged; null where there was none."""

    baseline: Baseline
    map: float | None


@dataclass(frozen=True)
class Choice:
    """chosen: the best of `trials`, of equals the first; the first of all where there was nothing to judge by. weeks: the as_of of
    those judged, oldest first. customers: one for each week and customer judged."""

    chosen: Baseline
    trials: tuple[Trial, ...]
    weeks: tuple[date, ...]
    customers: int


def chosen(dataset: Dataset, names: Collection[str], *, before: Window, weeks: int, k: int) -> dict[str, Choice]:
    """For each of the baselines `names` the parameters with the highest MAP@`k` on the last `weeks` weeks with purchases that end
    on or before `before.as_of`."""
    days = dataset.transactions.filter(pl.col("date") < before.as_of).select(pl.col("date").unique()).collect(engine="streaming")
    windows = training_windows(before, weeks, days=days["date"].to_list()) if len(days) else []
    points = [point for name in names for point in BASELINES[name].tried()]
    found: dict[Baseline, list[float]] = {point: [] for point in points}
    for window in windows:
        for point, values in _judged(dataset, window, points, k=k).items():
            found[point] += values
    choices = {}
    for name in names:
        trials = tuple(Trial(point, _mean(found[point])) for point in BASELINES[name].tried())
        best = max(trials, key=lambda trial: trial.map or 0.0)
        choices[name] = Choice(best.baseline, trials, tuple(window.as_of for window in windows), len(found[best.baseline]))
    return choices


def tried(choices: Mapping[str, Choice]) -> pl.DataFrame:
    """TRIED."""
    rows = [
        (name, parameters_of(trial.baseline), trial.map, trial.baseline == choice.chosen)
        for name, choice in choices.items()
        for trial in choice.trials
    ]
    return pl.DataFrame(rows, schema=TRIED, orient="row")


def parameters_of(baseline: Baseline) -> str:
    """For people: "half_life_days = 75, weight = 0.6"; "" where there are none."""
    return ", ".join(f"{name} = {value:g}" for name, value in vars(baseline).items())


def _judged(dataset: Dataset, window: Window, points: Sequence[Baseline], *, k: int) -> dict[Baseline, list[float]]:
    """Average precision of each customer judged in a week, for each of `points`."""
    labels = dataset.labels(window).collect(engine="streaming")
    buyers = labels["customer"].unique().sort()
    customers = buyers.gather_every(-(-len(buyers) // MOST_CUSTOMERS))
    labels = labels.join(customers.to_frame(), on="customer", how="semi")
    known = Known.of(dataset.before(window.as_of))
    values = {}
    for group in together(points):
        ranked = RankedPairs.of(group[0].pairs(group, known, customers, k=k), labels)
        for point in group:
            values[point] = ranked.average_precision(point.score(), k=k)
    return values


def _mean(values: Sequence[float]) -> float | None:
    return fsum(values) / len(values) if values else None
