"""`lookbook runs compare A B`: what was changed between two runs, what it did to every metric, and to whom.

Input: two run folders and the converted data set they were made from. Output: Compared. Differences are B - A.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from lookbook.data.errors import DataError
from lookbook.data.schema import RECOMMENDATIONS
from lookbook.data.windows import last_window
from lookbook.evaluation.metrics import customer_metrics
from lookbook.evaluation.segments import ALL, customer_segments, segment_members
from lookbook.evaluation.summary import MEANS, paired_difference
from lookbook.pipelines.errors import ArtifactError, SettingsError
from lookbook.pipelines.machine.lock import locked
from lookbook.pipelines.runs.folder import chosen_run, read_about, read_results
from lookbook.pipelines.runs.listing import read_toml
from lookbook.pipelines.runs.records.files import rows_of
from lookbook.pipelines.runs.records.finished import Changed, Compared, CustomerChange, CustomerChanges, MetricChange, SegmentChange
from lookbook.pipelines.runs.records.run import About
from lookbook.pipelines.settings.config import Settings, load_settings
from lookbook.pipelines.stages.artifacts import Artifacts, verify
from lookbook.pipelines.stages.data import open_dataset
from lookbook.pipelines.stages.evaluate import SYSTEM
from lookbook.pipelines.terminal.progress import Reporter

Values = Mapping[str, Mapping[str, float | None]]
"""Of the system, by segment and metric."""
Paired = tuple[float | None, float | None, float | None, int | None]
"""B - A, the ends of its 95 % interval, customers."""
UNPAIRED: Paired = (None, None, None, None)

SAME_IN_BOTH = {"data_digest": "data set", "test_week": "test week", "k": "number of recommendations"}
"""Keys of run.json that two runs must share for their customers to be paired."""


@dataclass(frozen=True)
class Comparison:
    """refused: why customers could not be paired; null where they were."""

    content: Compared
    refused: ArtifactError | SettingsError | DataError | None


def compare(root: Path, a: str, b: str, reporter: Reporter, *, top: int) -> Comparison:
    """Compare runs `a` and `b` (`chosen_run`).

    top: customers listed who gained most, and who lost most.

    Raises:
        ArtifactError: one of the runs does not exist, or a file of it was changed.
    """
    folders = [chosen_run(root, name) for name in (a, b)]
    with locked(root):
        for folder in folders:
            verify(folder)
        about = [read_about(folder) for folder in folders]
        content = Compared(
            a=folders[0].name,
            b=folders[1].name,
            settings=_changed(*(flat(read_toml(folder)) for folder in folders)),
            facts=_changed(*(_facts(run) for run in about)),
            metrics=_metrics(_values(folders[0]), _values(folders[1]), {}),
            customers=None,
        )
        try:
            _refuse_different(*about)
            metrics, customers = _paired(root, folders, about[0], reporter, top=top)
        except (ArtifactError, SettingsError, DataError) as error:
            return Comparison(content, error)
        return Comparison(replace(content, metrics=metrics, customers=customers), None)


def flat(table: Mapping[str, object], prefix: str = "") -> dict[str, object]:
    """Nested tables as one, its keys joined by dots."""
    found: dict[str, object] = {}
    for key, value in table.items():
        found |= flat(value, f"{prefix}{key}.") if isinstance(value, Mapping) else {f"{prefix}{key}": value}
    return found


def _changed(a: Mapping[str, object], b: Mapping[str, object]) -> list[Changed]:
    names = dict.fromkeys((*a, *b))
    return [Changed(name, a.get(name), b.get(name)) for name in names if a.get(name) != b.get(name)]


def _facts(about: About) -> dict[str, object]:
    names = ("dataset", "data_digest", "test_week", "final_week", "k", "device", "trees", "code", "versions")
    return flat({name: getattr(about, name) for name in names})


def _values(folder: Path) -> Values:
    """None without a test week."""
    results = read_results(folder)
    segments = results.metrics[SYSTEM] if results else {}
    return {segment: {name: cell.value for name, cell in cells.items()} for segment, cells in segments.items()}


def _metrics(a: Values, b: Values, differences: Mapping[tuple[str, str], Paired]) -> list[MetricChange]:
    """Every metric over everybody, then MAP by segment, with their differences where there are any."""
    names = [(ALL, metric) for metric in dict.fromkeys((*a.get(ALL, {}), *b.get(ALL, {})))]
    names += [(segment, "map") for segment in dict.fromkeys((*a, *b)) if segment != ALL]
    return [
        MetricChange(
            metric,
            segment,
            a.get(segment, {}).get(metric),
            b.get(segment, {}).get(metric),
            *(differences.get((segment, metric)) or UNPAIRED),
        )
        for segment, metric in names
    ]


def _refuse_different(a: About, b: About) -> None:
    if a.test_week is None or b.test_week is None:
        raise ArtifactError("a run without a test week (of `lookbook recommend`) cannot be compared by customer")
    for key, what in SAME_IN_BOTH.items():
        one, two = getattr(a, key), getattr(b, key)
        if one != two:
            raise ArtifactError(f"the runs differ in their {what}, so no customer can be compared: {key} {one} and {two}")


def _paired(
    root: Path, folders: Sequence[Path], about: About, reporter: Reporter, *, top: int
) -> tuple[list[MetricChange], CustomerChanges]:
    """Of two runs on the same week of the same data. about: of the first."""
    settings = load_settings(folders[1] / "config.resolved.toml")
    reporter.plan({"data": 1})
    with reporter.showing():
        dataset, data_folder = open_dataset(settings, Artifacts(root / "cache", reporter))
    if dataset.digest != about.data_digest:
        raise ArtifactError(
            "the data set has changed since these runs; only runs on the data as they are can be compared by customer"
        )
    week = last_window(dataset.last_day)
    labels = dataset.labels(week).collect().lazy()
    mine, other = (_per_customer(folder, labels, k=settings.run.k) for folder in folders)
    segments = customer_segments(dataset.before(week.as_of), mine["customer"]).collect()
    a, b = (_values(folder) for folder in folders)
    metrics = _metrics(a, b, _differences(mine, other, segments, settings))
    return [_subtracted(row) for row in metrics], _customers(mine, other, segments, data_folder, top=top)


def _subtracted(row: MetricChange) -> MetricChange:
    """With the difference of what is no mean over customers, which has no interval."""
    if row.difference is not None or row.a is None or row.b is None:
        return row
    return replace(row, difference=row.b - row.a)


def _per_customer(folder: Path, labels: pl.LazyFrame, *, k: int) -> pl.DataFrame:
    lists = pl.scan_parquet(folder / "test_recommendations.parquet", glob=False).select(*RECOMMENDATIONS)
    return customer_metrics(lists, labels, k=k).collect()


def _differences(a: pl.DataFrame, b: pl.DataFrame, segments: pl.DataFrame, settings: Settings) -> dict[tuple[str, str], Paired]:
    """By segment and metric: every mean over everybody, MAP in each segment."""
    found: dict[tuple[str, str], Paired] = {}
    for segment, members in segment_members(segments):
        columns = {column: metric for metric, column in MEANS.items() if segment == ALL or metric == "map"}
        one, two = (frame.join(members, on="customer", how="semi", maintain_order="left") for frame in (a, b))
        resampling = {"resamples": settings.evaluation.bootstrap_resamples, "seed": settings.run.seed}
        for row in paired_difference(two, one, list(columns), **resampling).to_dicts():
            found[segment, columns[row["metric"]]] = (row["value"], row["low"], row["high"], row["n_customers"])
    return found


def _customers(a: pl.DataFrame, b: pl.DataFrame, segments: pl.DataFrame, folder: Path, *, top: int) -> CustomerChanges:
    """Who is served better in B, and who worse, by average precision."""
    ids = pl.read_parquet(folder / "customer_ids.parquet", glob=False)
    hits = (pl.col("recall") * pl.col("n_labels")).round().cast(pl.Int64)
    precision = pl.col("average_precision") + 0.0  # a customer without a hit has -0.0
    one, two = (frame.select("customer", "n_labels", ap=precision, hits=hits) for frame in (a, b))
    both = (
        one.join(two.drop("n_labels"), on="customer", suffix="_b", validate="1:1", maintain_order="left")
        .join(segments, on="customer", how="left", validate="1:1", maintain_order="left")
        .join(ids, on="customer", how="left", validate="1:1", maintain_order="left")
        .with_columns(change=pl.col("ap_b") - pl.col("ap"))
    )
    named = both.select(
        "change",
        "segment",
        customer="customer_id",
        id="customer",
        labels="n_labels",
        a="ap",
        b="ap_b",
        hits_a="hits",
        hits_b="hits_b",
    )
    gained, lost = named.filter(pl.col("change") > 0), named.filter(pl.col("change") < 0)
    everybody, *by_segment = (
        _counted(segment, named if segment == ALL else named.filter(pl.col("segment") == segment))
        for segment, _ in segment_members(segments)
    )
    return CustomerChanges(
        customers=everybody.customers,
        gained=everybody.gained,
        lost=everybody.lost,
        same=everybody.same,
        by_segment=by_segment,
        most_gained=rows_of(gained.sort("change", "id", descending=[True, False]).head(top), CustomerChange),
        most_lost=rows_of(lost.sort("change", "id").head(top), CustomerChange),
    )


def _counted(segment: str, named: pl.DataFrame) -> SegmentChange:
    change = pl.col("change")
    counted = named.select(gained=(change > 0).sum(), lost=(change < 0).sum(), same=(change == 0).sum())
    return SegmentChange(segment, len(named), *counted.row(0))
