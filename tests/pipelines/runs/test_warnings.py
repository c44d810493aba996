"""What people are told of a run that ended well."""

from dataclasses import replace
from pathlib import Path

import polars as pl

from lookbook.data.dataset import Dataset
from lookbook.data.windows import Window
from lookbook.pipelines.runs.finished import FinishedRun
from lookbook.pipelines.runs.warnings import warnings_of
from lookbook.pipelines.settings.config import choose_sources, load_settings
from lookbook.pipelines.stages.artifacts import Artifacts
from lookbook.pipelines.stages.rank import Ranked, fit_and_rank
from lookbook.pipelines.stages.shards import targets
from lookbook.pipelines.stages.system import System
from lookbook.pipelines.terminal.progress import Reporter

SMALL = {"ranking.training_weeks": 2, "ranking.lambdarank.max_trees": 3}


def ranked(dataset: Dataset, root: Path, week: Window, sources: str) -> tuple[System, Ranked]:
    settings = choose_sources(load_settings(overrides=SMALL), only=sources, drop=None)
    system = System(dataset, root, settings, Artifacts(root / "cache", Reporter("quiet")), "cpu", week.earlier(2))
    return system, fit_and_rank(system, targets(system, [week])[0])


def test_a_run_in_which_all_went_well_has_no_warning(fates: FinishedRun) -> None:
    assert warnings_of(fates.system, [fates.ranked, fates.ranked]) == []


def test_sources_that_retrieve_nothing_are_named_with_what_they_need(fates: FinishedRun, market: Dataset, tmp_path: Path) -> None:
    flat = replace(market, digest="flat", articles=market.articles.with_columns(product=pl.lit(None, dtype=pl.UInt32)))
    system, half = ranked(flat, tmp_path, fates.week, "popularity,same_product,co_purchase")
    (told,) = warnings_of(system, [half, half])
    assert told.startswith(
        "source same_product retrieved nothing (what it learned is empty: variants); it needs articles that share"
    )


def test_a_ranker_that_learned_nothing_is_said(fates: FinishedRun, market: Dataset, tmp_path: Path) -> None:
    ranker = tmp_path / "ranker"
    fates.ranked.fitted.ranker.copy_to(ranker)
    text = (ranker / "ranker.txt").read_text()
    from lookbook.ranking.ranker import Ranker

    stump = Ranker.load(ranker)
    lines = ["num_leaves=1" if line.startswith("num_leaves=") else line for line in text.split("\n")]
    replace(stump, model="\n".join(lines)).save(ranker)
    silent = replace(fates.ranked, fitted=replace(fates.ranked.fitted, ranker=replace(fates.ranked.fitted.ranker, folder=ranker)))
    (told,) = warnings_of(fates.system, [silent])
    assert told.startswith("the ranker learned nothing")
