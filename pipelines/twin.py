"""`lookbook data twin DIR`: the figures of a simulated market next to H&M's, the ladder of simple methods, and the oracle.

Input: a folder in the form of the H&M files. Output: Twin; a table, or one JSON object, on stdout.
"""

from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from data.dataset import Dataset
from data.registry import convert_dataset
from data.simulate.figures import market_figures
from data.simulate.simulate import PROPENSITY_FILE
from data.simulate.twin import Comparison, compare, scale_of
from data.windows import last_window
from evaluation.bootstrap import interval, resample_means
from evaluation.ladder import LADDER, ladder_recommendations
from evaluation.metrics import customer_metrics
from evaluation.oracle import Way, oracle_recommendations, way_covered
from pipelines.config import Settings
from pipelines.disk import full_disk_explained
from pipelines.progress import Reporter

TOP_RUNG = "repurchase, 90 days, then popularity"
POPULARITY = "popularity, 7 days"


@dataclass(frozen=True)
class LadderRow:
    """MAP of one rung in the last week with its 95 % interval; hm_map: what H&M's data gives; within: at most 1.5 times more
    or less than that."""

    rung: str
    hm_map: float
    map: float
    low: float
    high: float
    within: bool


@dataclass(frozen=True)
class Twin:
    """way: from popularity to the oracle, of the ladder's last rung; null where the folder has no true probabilities."""

    folder: Path
    scale: float
    figures: list[Comparison]
    ladder: list[LadderRow]
    way: Way | None

    def as_dict(self) -> dict[str, object]:
        return {
            "folder": str(self.folder),
            "scale": self.scale,
            "figures": [asdict(row) for row in self.figures],
            "ladder": [asdict(row) for row in self.ladder],
            "way": asdict(self.way) if self.way else None,
        }


LADDER_FACTOR = 1.5


def measure_twin(settings: Settings, folder: Path, reporter: Reporter) -> Twin:
    """Convert the folder's files where nobody sees them, and measure. `settings`: a data set hm with data_dir `folder`."""
    reporter.plan({"convert": 1, "figures": 1, "ladder": 1, "oracle": 1})
    scale, scale_power = scale_of(folder)
    with TemporaryDirectory(prefix="lookbook-") as scratch, full_disk_explained(Path(scratch)), reporter.showing():
        tables = Path(scratch) / "tables"
        with reporter.step("convert", str(folder)):
            convert_dataset(settings.data, tables, today=datetime.now().astimezone().date())
        dataset = Dataset.open(tables)
        with reporter.step("figures", "twin against H&M"):
            figures = compare(market_figures(dataset, folder), scale=scale, scale_power=scale_power)
        with reporter.step("ladder", "simple methods"):
            per_customer = ladder_metrics(dataset, k=settings.run.k)
            ladder = [_row(name, metrics, settings) for name, metrics in per_customer.items()]
        with reporter.step("oracle", "true probabilities"):
            way = _way(dataset, tables, folder / PROPENSITY_FILE, per_customer, settings)
    return Twin(folder, scale, figures, ladder, way)


def ladder_metrics(dataset: Dataset, *, k: int) -> dict[str, pl.DataFrame]:
    """CUSTOMER_METRICS of each rung in the last week of data."""
    window = last_window(dataset.last_day)
    history, labels = dataset.before(window.as_of), dataset.labels(window)
    customers = labels.select("customer").unique().sort("customer").collect()["customer"]
    return {
        name: customer_metrics(ladder_recommendations(history, customers, rung, k=k), labels, k=k).collect()
        for name, rung in LADDER.items()
    }


def true_probabilities(file: Path, tables: Path, dataset: Dataset) -> pl.LazyFrame:
    """PROBABILITIES (evaluation/oracle.py) of the last week of data, with the ids of the converted data set."""
    customers, articles = (pl.scan_parquet(tables / f"{name}_ids.parquet", glob=False) for name in ("customer", "article"))
    return (
        pl.scan_parquet(file, glob=False)
        .filter(pl.col("as_of") == last_window(dataset.last_day).as_of)
        .join(customers, on="customer_id", maintain_order="left")
        .join(articles, on="article_id", maintain_order="left")
        .select("customer", "article", "propensity")
    )


def _way(dataset: Dataset, tables: Path, file: Path, per_customer: dict[str, pl.DataFrame], settings: Settings) -> Way | None:
    if not file.is_file():
        return None
    k = settings.run.k
    known = true_probabilities(file, tables, dataset).collect()
    sampled = known.select("customer").unique()
    labels = dataset.labels(last_window(dataset.last_day)).join(sampled.lazy(), on="customer", how="semi")
    oracle = customer_metrics(oracle_recommendations(known.lazy(), k=k), labels, k=k).collect()
    rungs = {name: per_customer[name].join(oracle, on="customer", how="semi") for name in (POPULARITY, TOP_RUNG)}
    return way_covered(
        {**rungs, "oracle": oracle}, baseline=POPULARITY, recommender=TOP_RUNG, oracle="oracle",
        resamples=settings.evaluation.bootstrap_resamples, seed=settings.run.seed,
    )  # fmt: skip


def _row(name: str, metrics: pl.DataFrame, settings: Settings) -> LadderRow:
    values = metrics["average_precision"].to_numpy()[:, None]
    drawn = resample_means(values, resamples=settings.evaluation.bootstrap_resamples, seed=settings.run.seed)
    low, high = interval(drawn.means)
    mean, hm = float(drawn.mean[0]), LADDER[name].hm_map
    return LadderRow(name, hm, mean, float(low[0]), float(high[0]), 1 / LADDER_FACTOR <= mean / hm <= LADDER_FACTOR)
