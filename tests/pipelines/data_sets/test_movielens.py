"""MovieLens from the files to a finished week, its profile and its costs: a small zipped set of five months."""

import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import lookbook
from lookbook.pipelines.answer.run import Run
from lookbook.pipelines.data_sets.profile import profile
from lookbook.pipelines.dry_run.estimate import estimate
from lookbook.pipelines.settings.config import Settings, load_settings
from lookbook.pipelines.terminal.progress import Reporter

SMALL: dict[str, object] = {
    "retrieval.sources": ["popularity", "co_purchase"],
    "retrieval.co_purchase.min_support": 1.0,
    "ranking.training_weeks": 3,
    "ranking.lambdarank.min_examples_in_leaf": 2,
    "ranking.lambdarank.max_trees": 5,
    "evaluation.bootstrap_resamples": 100,
    "evaluation.baseline_weeks": 0,
    "run.k": 5,
}
USERS, MOVIES, DAYS = 40, 60, 150


@pytest.fixture(scope="module")
def packed(write_movielens: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """ml-100k.zip in a folder of its own: users who come back every few days and never rate a movie twice."""
    rng, rows = np.random.default_rng(3), []
    for user in range(1, USERS + 1):
        movies = rng.choice(np.arange(1, MOVIES + 1), 45, replace=False)
        moments = 880_000_000 + np.sort(rng.integers(0, DAYS * 86_400, len(movies)))
        rows += [(user, int(m), int(rng.integers(3, 6)), int(t)) for m, t in zip(movies, moments, strict=True)]
    movies = {n: (f"Movie {n} ({1950 + n % 40})", ("Drama", "Comedy|Drama", "Action")[n % 3]) for n in range(1, MOVIES + 1)}
    users = {n: (15 + n, "MF"[n % 2], ("artist", "student")[n % 2]) for n in range(1, USERS + 1)}
    folder = write_movielens(tmp_path_factory.mktemp("raw") / "ml-100k", "ml-100k", ratings=rows, movies=movies, users=users)
    place = tmp_path_factory.mktemp("zipped")
    with zipfile.ZipFile(place / "ml-100k.zip", "w") as archive:
        for file in sorted(folder.iterdir()):
            archive.write(file, f"ml-100k/{file.name}")
    return place


@pytest.fixture(scope="module")
def artifacts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("movielens") / "artifacts"


@pytest.fixture(scope="module")
def finished(packed: Path, artifacts: Path) -> Run:
    return lookbook.run(dataset="movielens", data_dir=packed, settings=SMALL, artifacts=artifacts)


def settings_of(packed: Path) -> Settings:
    return load_settings(overrides={**SMALL, "data.dataset": "movielens", "data.data_dir": str(packed)})


def test_a_week_is_ranked_and_nobody_is_recommended_what_they_liked_before(finished: Run, packed: Path) -> None:
    with zipfile.ZipFile(packed / "ml-100k.zip") as archive, archive.open("ml-100k/u.data") as lines:
        rated = pl.read_csv(lines.read(), separator="\t", has_header=False, new_columns=["customer", "article", "stars", "at"])
    liked = rated.filter(pl.col("stars") >= 4).select(pl.col("customer", "article").cast(pl.String))
    lists = pl.read_parquet(finished.folder / "recommendations.parquet").select(customer="customer_id", article="article_id")
    assert lists.group_by("customer").len()["len"].to_list() == [5] * USERS
    assert lists.join(liked, on=["customer", "article"], how="semi").is_empty()
    assert {"lookbook", "popularity", "co_purchase_alone"} <= set(finished.metrics["recommender"])


def test_a_profile_counts_the_ratings_that_are_not_liked(finished: Run, packed: Path, artifacts: Path) -> None:
    found = profile(settings_of(packed), Reporter("quiet"), root=artifacts)
    (rule,) = found.policy.rules
    assert (rule.rule, rule.column, rule.treatment) == ("rating_below_liked", "price", "dropped")
    assert found.policy.kept == USERS * 45 - rule.rows


def test_the_costs_of_a_run_are_foretold_from_a_zip_file(packed: Path, tmp_path: Path) -> None:
    found = estimate(settings_of(packed), root=tmp_path)
    assert not found.converted
    assert (found.customers, found.purchases) == (USERS - 1, USERS * 45 - 1), "a header is taken off that these files lack"
