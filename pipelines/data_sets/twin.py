"""`lookbook data twin DIR`: the figures of a simulated market next to H&M's, the ladder of simple methods, and the oracle.

Input: a folder in the form of the H&M files. Output: Twin; a table, or one JSON object, on stdout.
"""

from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from lookbook.data.dataset import Dataset
from lookbook.data.registry import convert_dataset
from lookbook.data.schema import RECOMMENDATIONS
from lookbook.data.simulate.simulate import PROPENSITY_FILE
from lookbook.data.simulate.twin.comparison import Comparison, compare, scale_of
from lookbook.data.simulate.twin.figures import market_figures
from lookbook.data.windows import last_window
from lookbook.evaluation.bootstrap import interval, resample_means
from lookbook.evaluation.metrics import customer_metrics
from lookbook.evaluation.simulated.ladder import LADDER, ladder_recommendations
from lookbook.evaluation.simulated.oracle import Way, oracle_recommendations, way_covered
from lookbook.pipelines.errors import ArtifactError
from lookbook.pipelines.machine.disk import full_disk_explained
from lookbook.pipelines.runs.folder import read_about
from lookbook.pipelines.settings.config import Settings
from lookbook.pipelines.stages.evaluate import SYSTEM
from lookbook.pipelines.terminal.progress import Reporter

TOP_RUNG = "repurchase, 90 days, then popularity"
POPULARITY = "popularity, 7 days"
ORACLE = "oracle"


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
class NamedWay:
    """recommender, baseline: a rung of the ladder or SYSTEM."""

    recommender: str
    baseline: str
    way: Way


@dataclass(frozen=True)
class Twin:
    """ways: how far a recommender gets to the oracle; none where the folder has no true probabilities."""

    folder: Path
    scale: float
    figures: list[Comparison]
    ladder: list[LadderRow]
    ways: list[NamedWay]

    def as_dict(self) -> dict[str, object]:
        return {
            "folder": str(self.folder),
            "scale": self.scale,
            "figures": [asdict(row) for row in self.figures],
            "ladder": [asdict(row) for row in self.ladder],
            "ways": [asdict(way) for way in self.ways],
        }


LADDER_FACTOR = 1.5


def measure_twin(settings: Settings, folder: Path, reporter: Reporter, *, run: Path | None = None) -> Twin:
    """Convert the folder's files where nobody sees them, and measure.

    Args:
        settings: of a data set hm with data_dir `folder`.
        folder: the simulated market, or any in the same form.
        reporter: told of each step.
        run: folder of a finished run on the same data, whose recommendations are compared with the oracle, too.

    Raises:
        DataError: the folder cannot be read.
        ArtifactError: the run was on other data.
    """
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
            known = folder / PROPENSITY_FILE
            truth = true_probabilities(known, tables, dataset).collect() if known.is_file() else None
            ways = [] if truth is None else _ways(dataset, truth, {**per_customer, **_of_run(run, dataset, settings)}, settings)
    return Twin(folder, scale, figures, ladder, ways)


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
    """PROBABILITIES (evaluation/simulated/oracle.py) of the last week of data, with the ids of the converted data set."""
    customers, articles = (pl.scan_parquet(tables / f"{name}_ids.parquet", glob=False) for name in ("customer", "article"))
    return (
        pl.scan_parquet(file, glob=False)
        .filter(pl.col("as_of") == last_window(dataset.last_day).as_of)
        .join(customers, on="customer_id", maintain_order="left")
        .join(articles, on="article_id", maintain_order="left")
        .select("customer", "article", "propensity")
    )


def _of_run(run: Path | None, dataset: Dataset, settings: Settings) -> dict[str, pl.DataFrame]:
    """CUSTOMER_METRICS of the run's test recommendations: the numbers of customers and articles are those of the data."""
    if run is None:
        return {}
    about = read_about(run)
    if about.data_digest != dataset.digest:
        raise ArtifactError(f"run {run.name} was on other data; run lookbook on this folder first: --dataset hm --data-dir")
    if about.test_week != str(last_window(dataset.last_day).as_of):
        raise ArtifactError(f"run {run.name} has the test week {about.test_week}; expected the last 7 days of data")
    recommended = pl.scan_parquet(run / "test_recommendations.parquet", glob=False).select(*RECOMMENDATIONS)
    labels = dataset.labels(last_window(dataset.last_day))
    return {SYSTEM: customer_metrics(recommended, labels, k=settings.run.k).collect()}


def _ways(dataset: Dataset, truth: pl.DataFrame, per_customer: dict[str, pl.DataFrame], settings: Settings) -> list[NamedWay]:
    """The last rung from popularity to the oracle, and the system from the last rung; over the sampled buyers."""
    k = settings.run.k
    labels = dataset.labels(last_window(dataset.last_day)).join(truth.lazy(), on="customer", how="semi")
    oracle = customer_metrics(oracle_recommendations(truth.lazy(), k=k), labels, k=k).collect()
    sampled = {name: metrics.join(oracle, on="customer", how="semi") for name, metrics in per_customer.items()}
    wanted = [(TOP_RUNG, POPULARITY), (SYSTEM, TOP_RUNG)]
    return [
        NamedWay(recommender, baseline, way_covered(
            {**sampled, ORACLE: oracle}, baseline=baseline, recommender=recommender, oracle=ORACLE,
            resamples=settings.evaluation.bootstrap_resamples, seed=settings.run.seed,
        ))
        for recommender, baseline in wanted if recommender in sampled
    ]  # fmt: skip


def _row(name: str, metrics: pl.DataFrame, settings: Settings) -> LadderRow:
    values = metrics["average_precision"].to_numpy()[:, None]
    drawn = resample_means(values, resamples=settings.evaluation.bootstrap_resamples, seed=settings.run.seed)
    low, high = interval(drawn.means)
    mean, hm = float(drawn.mean[0]), LADDER[name].hm_map
    return LadderRow(name, hm, mean, float(low[0]), float(high[0]), 1 / LADDER_FACTOR <= mean / hm <= LADDER_FACTOR)
