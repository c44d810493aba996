"""`lookbook runs compare A B`: what was changed between two runs, what it did to every metric, and to whom.

Input: two run folders and the converted data set they were made from. Output: a JSON-ready dict. Differences are B - A.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
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
from lookbook.pipelines.runs.folder import chosen_run, read_about
from lookbook.pipelines.runs.listing import read_toml
from lookbook.pipelines.settings.config import Settings, load_settings
from lookbook.pipelines.stages.artifacts import Artifacts, verify
from lookbook.pipelines.stages.data import open_dataset
from lookbook.pipelines.stages.evaluate import SYSTEM
from lookbook.pipelines.terminal.progress import Reporter

Row = dict[str, object]
Cells = dict[str, dict[str, float | None]]

SAME_IN_BOTH = {"data_digest": "data set", "test_week": "test week", "k": "number of recommendations"}
"""Keys of run.json that two runs must share for their customers to be paired."""


@dataclass(frozen=True)
class Comparison:
    """content: ready for JSON. refused: why customers could not be paired; null where they were."""

    content: Row
    refused: ArtifactError | SettingsError | DataError | None


def compare(root: Path, a: str, b: str, reporter: Reporter, *, top: int) -> Comparison:
    """Compare runs `a` and `b` (`chosen_run`).

    content: a, b: their names; settings: changed keys with both values, null = not there; facts: the same of data, weeks,
    device and versions; metrics: both values, and where customers could be paired difference, low and high (else null);
    customers: null, or how many gained and lost average precision, by segment, and the `top` who gained and lost most.

    Raises:
        ArtifactError: one of the runs does not exist, or a file of it was changed.
    """
    folders = [chosen_run(root, name) for name in (a, b)]
    with locked(root):
        for folder in folders:
            verify(folder)
        about = [read_about(folder) for folder in folders]
        content: Row = {
            "a": folders[0].name,
            "b": folders[1].name,
            "settings": _changed(*(flat(read_toml(folder)) for folder in folders)),
            "facts": _changed(*(_facts(run) for run in about)),
            "metrics": _rows(_metrics(folders[0]), _metrics(folders[1]), {}),
            "customers": None,
        }
        try:
            _refuse_different(*about)
            return Comparison({**content, **_paired(root, folders, reporter, top=top)}, None)
        except (ArtifactError, SettingsError, DataError) as error:
            return Comparison(content, error)


def flat(table: Mapping[str, object], prefix: str = "") -> dict[str, object]:
    """Nested tables as one, its keys joined by dots."""
    found: dict[str, object] = {}
    for key, value in table.items():
        found |= flat(value, f"{prefix}{key}.") if isinstance(value, Mapping) else {f"{prefix}{key}": value}
    return found


def _changed(a: Mapping[str, object], b: Mapping[str, object]) -> list[Row]:
    names = dict.fromkeys((*a, *b))
    return [{"name": name, "a": a.get(name), "b": b.get(name)} for name in names if a.get(name) != b.get(name)]


def _facts(about: Mapping[str, object]) -> dict[str, object]:
    names = ("dataset", "data_digest", "test_week", "final_week", "k", "device", "trees", "code")
    return flat({**{name: about.get(name) for name in names}, "versions": about["versions"]})


def _metrics(folder: Path) -> Cells:
    """Values of the system in metrics.json by segment and metric; none without a test week."""
    file = folder / "metrics.json"
    segments = json.loads(file.read_text())["metrics"][SYSTEM] if file.is_file() else {}
    return {segment: {name: cell["value"] for name, cell in cells.items()} for segment, cells in segments.items()}


def _rows(a: Cells, b: Cells, differences: Mapping[tuple[str, str], Row]) -> list[Row]:
    """Every metric over everybody, then MAP by segment, with their differences where there are any."""
    names = [(ALL, metric) for metric in dict.fromkeys((*a.get(ALL, {}), *b.get(ALL, {})))]
    names += [(segment, "map") for segment in dict.fromkeys((*a, *b)) if segment != ALL]
    return [
        {
            "metric": metric,
            "segment": segment,
            "a": a.get(segment, {}).get(metric),
            "b": b.get(segment, {}).get(metric),
            **(differences.get((segment, metric)) or NO_DIFFERENCE),
        }
        for segment, metric in names
    ]


NO_DIFFERENCE: Row = dict.fromkeys(("difference", "low", "high", "n_customers"))


def _refuse_different(a: Mapping[str, object], b: Mapping[str, object]) -> None:
    if a.get("test_week") is None or b.get("test_week") is None:
        raise ArtifactError("a run without a test week (of `lookbook recommend`) cannot be compared by customer")
    for key, what in SAME_IN_BOTH.items():
        one, two = a.get(key), b.get(key)
        if one != two:
            raise ArtifactError(f"the runs differ in their {what}, so no customer can be compared: {key} {one} and {two}")


def _paired(root: Path, folders: list[Path], reporter: Reporter, *, top: int) -> Row:
    """metrics and customers of two runs on the same week of the same data."""
    settings = load_settings(folders[1] / "config.resolved.toml")
    reporter.plan({"data": 1})
    dataset, data_folder = open_dataset(settings, Artifacts(root / "cache", reporter))
    if dataset.digest != read_about(folders[0])["data_digest"]:
        raise ArtifactError(
            "the data set has changed since these runs; only runs on the data as they are can be compared by customer"
        )
    week = last_window(dataset.last_day)
    labels = dataset.labels(week).collect().lazy()
    mine, other = (_per_customer(folder, labels, k=settings.run.k) for folder in folders)
    segments = customer_segments(dataset.before(week.as_of), mine["customer"]).collect()
    differences = _differences(mine, other, segments, settings)
    metrics = _rows(_metrics(folders[0]), _metrics(folders[1]), differences)
    for row in metrics:
        if row["difference"] is None and isinstance(row["a"], float) and isinstance(row["b"], float):
            row["difference"] = row["b"] - row["a"]  # no mean over customers: no interval
    return {"metrics": metrics, "customers": _customers(mine, other, segments, data_folder, top=top)}


def _per_customer(folder: Path, labels: pl.LazyFrame, *, k: int) -> pl.DataFrame:
    lists = pl.scan_parquet(folder / "test_recommendations.parquet", glob=False).select(*RECOMMENDATIONS)
    return customer_metrics(lists, labels, k=k).collect()


def _differences(a: pl.DataFrame, b: pl.DataFrame, segments: pl.DataFrame, settings: Settings) -> dict[tuple[str, str], Row]:
    """B - A by segment and metric: every metric over everybody, MAP in each segment."""
    found: dict[tuple[str, str], Row] = {}
    for segment, members in segment_members(segments):
        columns = {column: metric for metric, column in MEANS.items() if segment == ALL or metric == "map"}
        one, two = (frame.join(members, on="customer", how="semi", maintain_order="left") for frame in (a, b))
        resampling = {"resamples": settings.evaluation.bootstrap_resamples, "seed": settings.run.seed}
        for row in paired_difference(two, one, list(columns), **resampling).to_dicts():
            known = {"difference": row["value"], **{name: row[name] for name in ("low", "high", "n_customers")}}
            found[segment, columns[row["metric"]]] = known
    return found


def _customers(a: pl.DataFrame, b: pl.DataFrame, segments: pl.DataFrame, folder: Path, *, top: int) -> Row:
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
    return {
        **_counted(named),
        "by_segment": [
            {"segment": segment, **_counted(named.filter(pl.col("segment") == segment))}
            for segment, _ in segment_members(segments)
            if segment != ALL
        ],
        "most_gained": gained.sort("change", "id", descending=[True, False]).head(top).drop("id").to_dicts(),
        "most_lost": lost.sort("change", "id").head(top).drop("id").to_dicts(),
    }


def _counted(named: pl.DataFrame) -> Row:
    change = pl.col("change")
    counted = named.select(customers=pl.len(), gained=(change > 0).sum(), lost=(change < 0).sum(), same=(change == 0).sum())
    return counted.row(0, named=True)
