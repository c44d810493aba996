"""A finished run asked from Python, on a folder in exact H&M form, after its cache is gone."""

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

import lookbook
from lookbook.data.errors import DataError
from lookbook.pipelines.answer.run import Run
from lookbook.pipelines.errors import ArtifactError

SMALL = {
    "ranking.training_weeks": 2,
    "ranking.lambdarank.min_examples_in_leaf": 2,
    "ranking.lambdarank.max_trees": 4,
    "ranking.lambdarank.early_stopping_rounds": 30,
    "evaluation.bootstrap_resamples": 100,
    "run.k": 5,
    "run.shard_customers": 5,
    "run.rank_scope": "active",
    "run.active_weeks": 2,
}
PAGE = Path(__file__).parents[3] / "docs" / "library.md"


@pytest.fixture(scope="module")
def hm(write_hm: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_hm(tmp_path_factory.mktemp("hm"))


@pytest.fixture(scope="module")
def artifacts(hm: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("answer") / "artifacts"
    lookbook.run(dataset="hm", data_dir=hm, settings=SMALL, artifacts=root)
    shutil.rmtree(root / "cache")
    return root


@pytest.fixture
def finished(artifacts: Path) -> Run:
    return lookbook.open_run(artifacts=artifacts)


def submission(run: Run) -> list[tuple[str, ...]]:
    return pl.read_csv(run.folder / "submission.csv", infer_schema=False).rows()


def lists_of(recommended: pl.DataFrame) -> list[tuple[str, ...]]:
    joined = recommended.group_by("customer", maintain_order=True).agg(pl.col("article").str.join(" "))
    return joined.rows()


def test_everybody_is_recommended_what_stands_in_the_submission(finished: Run) -> None:
    expected = submission(finished)
    assert len(expected) == 12
    assert lists_of(finished.recommend([customer for customer, _ in expected])) == expected


def test_what_is_recommended_is_what_recommendations_parquet_holds(finished: Run) -> None:
    kept = pl.read_parquet(finished.folder / "recommendations.parquet")
    asked = finished.recommend(kept["customer_id"].unique(maintain_order=True).to_list())
    names = {"customer": "customer_id", "article": "article_id"}
    assert_frame_equal(asked.rename(names), kept.select(asked.rename(names).columns), check_exact=True)
    assert asked["source"].null_count() == asked["score"].null_count() > 0


def test_customers_come_in_the_order_in_which_they_are_asked_for_and_once(finished: Run) -> None:
    (first, _), (second, _) = submission(finished)[:2]
    assert finished.recommend([second, first, second])["customer"].unique(maintain_order=True).to_list() == [second, first]


def test_a_shorter_list_is_the_beginning_and_a_longer_one_the_continuation(finished: Run) -> None:
    customer = finished.candidates(finished.customers["customer"].to_list())["customer"][0]
    usual = finished.recommend([customer])["article"].to_list()
    assert finished.recommend([customer], k=2)["article"].to_list() == usual[:2]
    longer = finished.recommend([customer], k=9)["article"].to_list()
    assert longer[:5] == usual
    assert len(set(longer)) == 9


def test_scores_of_candidates_are_those_of_the_lists(finished: Run) -> None:
    customer = finished.candidates(finished.customers["customer"].to_list())["customer"][0]
    pairs = finished.candidates([customer]).select("customer", "article", note=pl.lit("kept"))
    scored = finished.score(pairs.sample(fraction=1, shuffle=True, seed=1))
    assert scored["note"].unique().to_list() == ["kept"]
    listed = finished.recommend([customer]).drop_nulls("score")
    assert 0 < len(listed) <= len(scored)
    both = listed.join(scored, on=["customer", "article"], suffix="_again", maintain_order="left")
    assert both["score"].to_list() == both["score_again"].to_list() == listed["score"].to_list()


def test_an_article_that_no_source_retrieved_is_scored_too(finished: Run) -> None:
    customer = finished.candidates(finished.customers["customer"].to_list())["customer"][0]
    found = set(finished.candidates([customer])["article"])
    others = [article for article in finished.articles["article"] if article not in found]
    scored = finished.score(pl.DataFrame({"customer": [customer] * len(others), "article": others}))
    assert len(scored) == len(others) > 0
    assert scored["score"].null_count() == 0


def test_an_explanation_is_of_the_week_after_the_data_and_agrees_with_the_list(finished: Run) -> None:
    customer = finished.candidates(finished.customers["customer"].to_list())["customer"][0]
    first = finished.recommend([customer]).row(0, named=True)
    told = finished.explain(customer, first["article"])
    assert (told["stage"], told["recommended_rank"], told["outcome_known"]) == ("recommended", 1, False)
    assert told["score"] == pytest.approx(first["score"])
    card = finished.explain(customer)
    assert card["week"] == str(finished.week.as_of) == "2020-09-23"
    assert [row["article"] for row in card["recommended"]] == finished.recommend([customer])["article"].to_list()  # type: ignore[attr-defined]


def test_threads_that_share_a_run_get_what_one_alone_gets(finished: Run) -> None:
    ids = finished.customers["customer"].to_list()
    alone = {customer: finished.recommend([customer]) for customer in ids}
    shared = replace(finished)
    with ThreadPoolExecutor(4) as pool:
        for customer, table in zip(ids * 3, pool.map(lambda one: shared.recommend([one]), ids * 3), strict=True):
            assert_frame_equal(table, alone[customer])


def test_nobody_is_asked_about_without_an_error(finished: Run) -> None:
    assert finished.recommend([]).is_empty()
    assert finished.candidates([]).is_empty()


def test_an_unknown_customer_or_article_is_refused_with_the_nearest(finished: Run) -> None:
    known = finished.customers["customer"][0]
    with pytest.raises(DataError, match=f"unknown customer 'x'[\\s\\S]*{finished.customers['customer'][-1]}"):
        finished.recommend([known, "x"])
    with pytest.raises(DataError, match=r"unknown article '108775001'[\s\S]*0108775001"):
        finished.score(pl.DataFrame({"customer": [known], "article": ["108775001"]}))


def test_metrics_are_those_of_the_file_as_rows(finished: Run) -> None:
    row = finished.metrics.filter(recommender="lookbook", segment="all", metric="map").row(0, named=True)
    assert f'"value": {row["value"]!r}' in (finished.folder / "metrics.json").read_text()


def test_a_run_whose_file_was_changed_is_refused(finished: Run, tmp_path: Path) -> None:
    copy = shutil.copytree(finished.folder, tmp_path / "copy")
    assert lookbook.open_run(copy).folder == copy
    file = copy / "learned" / "popularity" / "overall.parquet"
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    with pytest.raises(ArtifactError, match=r"overall\.parquet was changed"):
        lookbook.open_run(copy)


def test_a_folder_that_is_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="no run folder"):
        lookbook.open_run(tmp_path)
    with pytest.raises(ArtifactError, match="no run 'latest'"):
        lookbook.open_run(artifacts=tmp_path)


@pytest.mark.parametrize(("final", "keep"), [(False, True), (True, False)])
def test_a_run_that_kept_nothing_says_so_when_it_is_asked(hm: Path, tmp_path: Path, final: bool, keep: bool) -> None:
    settings = {**SMALL, "run.keep_learned": keep, "retrieval.sources": ["repurchase", "popularity"]}
    run = lookbook.run(dataset="hm", data_dir=hm, settings=settings, artifacts=tmp_path, final=final)
    assert not run.metrics.is_empty()
    with pytest.raises(ArtifactError, match=r"cannot answer: .*--no-final.*run\.keep_learned"):
        run.recommend(["a"])


def test_importing_lookbook_loads_none_of_its_libraries_and_no_folder_of_the_working_directory(tmp_path: Path) -> None:
    for name in ("data", "pipelines", "features", "report"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise ImportError('not ours')")
    code = (
        "import lookbook, sys; print(sorted({'polars', 'numpy', 'pydantic', 'lightgbm'} & set(sys.modules)))\n"
        "import lookbook.pipelines.answer.run, lookbook.report.page; print('ours')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stdout == "[]\nours\n"


def test_the_example_of_the_documentation_runs_outside_the_project(artifacts: Path) -> None:
    example = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)[0]
    done = subprocess.run([sys.executable, "-"], input=example, capture_output=True, text=True, check=False, cwd=artifacts.parent)
    assert done.returncode == 0, done.stderr
    assert "rank" in done.stdout
    assert done.stderr == ""
