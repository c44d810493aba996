"""What tests of pipelines share: a finished run on a small market where the fate of a customer's purchases is known beforehand."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from lookbook.data.dataset import Dataset
from lookbook.data.windows import Window
from lookbook.pipelines.runs.finished import FinishedRun
from lookbook.pipelines.settings.config import choose_sources, load_settings
from lookbook.pipelines.stages.artifacts import Artifacts
from lookbook.pipelines.stages.evaluate import evaluate
from lookbook.pipelines.stages.rank import fit_and_rank
from lookbook.pipelines.stages.shards import targets
from lookbook.pipelines.stages.system import System
from lookbook.pipelines.terminal.progress import Reporter

WEEK = Window(date(2020, 9, 16))
NEVER_BOUGHT, NEW, NAMELESS = 58, 80, 7
SETTINGS = {
    "run.k": 3,
    "run.shard_customers": 25,
    "ranking.training_weeks": 2,
    "ranking.lambdarank.min_examples_in_leaf": 5,
    "ranking.lambdarank.max_trees": 4,
    "ranking.lambdarank.early_stopping_rounds": 30,
    "evaluation.bootstrap_resamples": 100,
    "retrieval.max_candidates": 58,
    "retrieval.popularity.k": 60,
    "retrieval.popularity.segments": [],
    "retrieval.repurchase.k": 5,
}


@pytest.fixture(scope="session")
def popular(market: Dataset) -> list[int]:
    """The 60 articles of the source popularity in the test week of `fates`, best first: the same for every customer."""
    (popularity,) = choose_sources(load_settings(overrides=SETTINGS), only="popularity", drop=None).sources()
    learned = popularity.learn(market.before(WEEK.as_of), earlier=None, seed=0, device="cpu")
    return learned["overall"].collect()["article"].to_list()


@pytest.fixture(scope="session")
def fates(market: Dataset, popular: list[int], tmp_path_factory: pytest.TempPathFactory) -> FinishedRun:
    """A run with the sources repurchase and popularity. Customer 58, who never bought before, buys in the test week all that is
    `popular`, another article that was sold before, and article 80, which nobody bought before. Article 7 has no name, that of
    80 is blank. The retailer's ids are 0c007 for customer 7 and 0a007 for article 7."""
    root, week = tmp_path_factory.mktemp("fates"), WEEK
    settings = choose_sources(load_settings(overrides=SETTINGS), only="repurchase,popularity", drop=None)
    dataset = with_every_fate(market, popular)
    write_ids(root, dataset)
    artifacts = Artifacts(root / "cache", Reporter("quiet"))
    system = System(dataset, root, settings, artifacts, "cpu", week.earlier(settings.ranking.training_weeks))
    (target,) = targets(system, [week])
    ranked = fit_and_rank(system, target)
    return FinishedRun(root, system, ranked, evaluate(system, ranked.recommendations, target.shards))


@pytest.fixture
def nothing_is_computed_again(fates: FinishedRun) -> Iterator[None]:
    """Of a run that is looked into; what an explanation itself takes does not count."""
    before = dict(fates.system.artifacts.reporter.computed)
    yield
    after = dict(fates.system.artifacts.reporter.computed)
    assert {**after, "explain": 0} == {**before, "explain": 0}


def with_every_fate(market: Dataset, popular: list[int]) -> Dataset:
    sold = market.before(WEEK.as_of).transactions.select("article").unique().collect()["article"]
    bought = pl.LazyFrame({"article": [*popular, min(set(sold) - set(popular)), NEW]}).with_columns(
        customer=pl.lit(NEVER_BOUGHT), date=pl.lit(WEEK.as_of), quantity=1, price=1.0, channel=0
    )
    schema = market.transactions.collect_schema()
    more = bought.select(pl.col(name).cast(dtype) for name, dtype in schema.items())
    articles = market.articles.with_columns(name=pl.when(pl.col("article") != NAMELESS).then("name"))
    new = articles.first().with_columns(article=pl.lit(NEW, dtype=pl.UInt32), name=pl.lit("  "))
    return replace(
        market,
        digest="every fate",
        transactions=pl.concat([market.transactions, more]).sort("customer", "date", "article"),
        articles=pl.concat([articles, new]),
    )


def write_ids(folder: Path, dataset: Dataset) -> None:
    for what, table in (("customer", dataset.customers), ("article", dataset.articles)):
        raw = pl.format("0{}{}", pl.lit(what[0]), pl.col(what).cast(pl.String).str.zfill(3)).alias(f"{what}_id")
        table.select(what, raw).collect().write_parquet(folder / f"{what}_ids.parquet")
