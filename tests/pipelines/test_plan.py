"""A shop with a plan, from its files to lists and answers; what the plan costs those who do not use it."""

import json
import shutil
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

import lookbook
from lookbook.data.dataset import Dataset
from lookbook.data.errors import DataError
from lookbook.pipelines.dry_run.estimate import estimate
from lookbook.pipelines.run import run
from lookbook.pipelines.runs.warnings import PLANNED
from lookbook.pipelines.settings.config import Settings, choose_sources, load_settings
from lookbook.pipelines.terminal.progress import Reporter
from lookbook.ranking.ranker import Ranker

SMALL = {
    "data.dataset": "csv",
    "data.csv.plan.file": "plan.csv",
    "data.csv.plan.kind": "kind",
    "data.csv.plan.kinds": ["display", "mailer"],
    "data.csv.plan.share": "share",
    "run.k": 5,
    "ranking.training_weeks": 2,
    "ranking.lambdarank.min_examples_in_leaf": 5,
    "ranking.lambdarank.max_trees": 10,
    "evaluation.bootstrap_resamples": 100,
}
SUBMISSION = "submission.csv"


def settings_of(shop: Path, **changes: object) -> Settings:
    given = {**SMALL, "data.data_dir": str(shop), **{key.replace("__", "."): value for key, value in changes.items()}}
    return choose_sources(load_settings(overrides=given), only="repurchase,popularity", drop=None)


@pytest.fixture(scope="module")
def shop(market: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Each week a few articles are on display or in the mailer, and what is promoted is bought by a third of the customers; the
    last planned week is that of the test."""
    folder = tmp_path_factory.mktemp("shop")
    weeks = [market.last_day - timedelta(days=6 + 7 * back) for back in range(12)]
    promoted = [(day, article) for place, day in enumerate(weeks) for article in range(80) if (article * 7 + place * 3) % 11 == 0]
    plan = pl.DataFrame(
        [
            (f"a{article:02}", str(day), str(day + timedelta(days=6)), ("display", "mailer")[article % 2], 0.8)
            for day, article in promoted
        ],
        schema=["article", "first_day", "last_day", "kind", "share"],
        orient="row",
    )
    plan.write_csv(folder / "plan.csv")
    more = pl.DataFrame(
        [(customer, article, day + timedelta(days=2)) for day, article in promoted for customer in range(0, 50, 3)],
        schema=["customer", "article", "date"],
        orient="row",
    )
    bought = pl.concat([market.transactions.select("customer", "article", "date").collect().cast(pl.String), more.cast(pl.String)])
    names = {what: pl.lit(what[0]) + pl.col(what).str.zfill(2) for what in ("customer", "article")}
    bought.with_columns(**names, price=pl.lit("1.5")).write_csv(folder / "transactions.csv")
    return folder


@pytest.fixture(scope="module")
def runs(shop: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, dict[str, int]]]:
    """A run without the plan, one with it, and the first again: its folder, and how many stages of each step it computed."""
    root = tmp_path_factory.mktemp("planned")
    found = {}
    for name, plan in (("without", False), ("with", True), ("again", False)):
        reporter = Reporter("quiet")
        found[name] = (run(settings_of(shop, data__plan=plan), reporter, root=root), dict(reporter.computed))
    return found


def reached(folder: Path) -> float:
    return float(json.loads((folder / "metrics.json").read_text())["metrics"]["lookbook"]["all"]["map"]["value"])


def test_what_is_known_ahead_helps_where_promotions_decide(runs: dict[str, tuple[Path, dict[str, int]]]) -> None:
    (plain, _), (planned, _) = runs["without"], runs["with"]
    assert reached(planned) > reached(plain) + 0.02
    features = {folder: Ranker.load(folder / "models" / "test").features for folder in (plain, planned)}
    assert [name for name in features[planned] if name not in features[plain]] == [
        "article_plan_days",
        *(f"article_plan_{kind}_{what}" for kind in ("display", "mailer") for what in ("share", "change")),
    ]


def test_the_plan_is_converted_by_itself_and_changes_nothing_of_a_run_without_it(
    runs: dict[str, tuple[Path, dict[str, int]]],
) -> None:
    (plain, _), (_, computed), (again, computed_again) = runs["without"], runs["with"], runs["again"]
    assert computed["data"] == 1
    assert "retrieve" not in computed
    assert computed_again == {}
    assert again == plain


def test_run_json_tells_of_the_plan_and_of_a_week_that_it_does_not_reach(runs: dict[str, tuple[Path, dict[str, int]]]) -> None:
    plain, planned = (json.loads((runs[name][0] / "run.json").read_text()) for name in ("without", "with"))
    assert "plan" not in plain["data"]
    assert planned["data"]["plan"]["kinds"] == ["display", "mailer"]
    assert [text for text in planned["warnings"] if text not in plain["warnings"]] == [
        PLANNED,
        "nothing was planned, or known of it, for the week of 2020-09-23: it was ranked as if nothing were promoted",
    ]


def test_a_run_with_a_plan_answers_without_its_cache(runs: dict[str, tuple[Path, dict[str, int]]], tmp_path: Path) -> None:
    folder = shutil.copytree(runs["with"][0], tmp_path / "kept")
    asked = lookbook.open_run(folder)
    expected = pl.read_csv(folder / SUBMISSION, infer_schema=False).rows()
    recommended = asked.recommend([customer for customer, _ in expected])
    lists = recommended.group_by("customer", maintain_order=True).agg(pl.col("article").str.join(" "))
    assert lists.rows() == expected
    told = asked.explain("c03", lists.row(3)[1].split()[0])
    assert "article_plan_days" in json.dumps(told)


def test_a_dry_run_knows_the_stages_of_a_run_with_a_plan(
    shop: Path, runs: dict[str, tuple[Path, dict[str, int]]], tmp_path: Path
) -> None:
    root = runs["with"][0].parents[1]
    found = estimate(settings_of(shop, data__plan=True), root=root)
    assert {stage.kind: stage.to_compute for stage in found.stages if stage.to_compute} == {"results": 1}
    unconverted = estimate(settings_of(shop, data__plan=True), root=tmp_path)
    assert {stage.kind: stage.to_compute for stage in unconverted.stages}["data"] == 2


def test_a_plan_that_is_not_there_is_said_before_anything_is_ranked(shop: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"(?s)no plan of what is known ahead.*data\.csv\.plan\.file"):
        run(settings_of(shop, data__plan=True, data__csv__plan__file=""), Reporter("quiet"), root=tmp_path)


def test_only_a_plan_known_before_the_test_week_is_used(shop: Path, tmp_path: Path, market: Dataset) -> None:
    late = pl.read_csv(shop / "plan.csv", infer_schema=False).with_columns(known_from=pl.col("first_day"))
    folder = tmp_path / "late"
    shutil.copytree(shop, folder)
    late.write_csv(folder / "plan.csv")
    chosen = {"data__plan": True, "data__csv__plan__known_from": "known_from"}
    found = run(settings_of(folder, **chosen), Reporter("quiet"), root=tmp_path, final=False)
    week = date(2020, 9, 16)
    assert market.last_day == week + timedelta(days=6)
    warnings = json.loads((found / "run.json").read_text())["warnings"]
    assert warnings == [f"nothing was planned, or known of it, for the week of {week}: it was ranked as if nothing were promoted"]
