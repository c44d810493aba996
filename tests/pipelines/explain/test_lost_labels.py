"""The labels of a small test week, traced to the stage that lost them."""

from dataclasses import replace

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from lookbook.evaluation.lost_labels import stage_names
from lookbook.pipelines.explain.lost_labels import lost_labels, traced_stage
from lookbook.pipelines.runs.finished import FinishedRun
from lookbook.pipelines.stages.artifacts import Artifacts
from lookbook.pipelines.stages.evaluate import SYSTEM
from lookbook.pipelines.terminal.progress import Reporter

K, POPULAR, KEPT = 3, 60, 58
NEVER_BOUGHT, NEW = 58, 80


@pytest.mark.usefixtures("nothing_is_computed_again")
def test_a_label_for_each_stage_is_traced_to_it(fates: FinishedRun, popular: list[int]) -> None:
    traced = traced_stage(fates).table("traced").filter(pl.col("customer") == NEVER_BOUGHT).collect()
    counts = dict(traced["stage"].value_counts().rows())
    assert counts == {
        "recommended": K,
        f"ranked {K + 1}-50": 50 - K,
        "ranked > 50": KEPT - 50,
        "cut": POPULAR - KEPT,
        "never retrieved": 1,
        "not for sale before": 1,
    }
    assert traced.filter(pl.col("stage") == "cut").sort("place").select("article", "place").rows() == [
        (popular[KEPT], KEPT + 1),
        (popular[KEPT + 1], KEPT + 2),
    ]
    assert traced.filter(pl.col("stage") == "not for sale before")["article"].to_list() == [NEW]


def test_lost_labels_add_up_and_agree_with_the_metrics_of_the_run(fates: FinishedRun) -> None:
    traced, table = traced_stage(fates).table("traced").collect(), lost_labels(fates)
    labels = fates.system.dataset.labels(fates.week).collect()
    assert_frame_equal(traced.select("customer", "article"), labels)
    everybody = dict(table.filter(pl.col("segment") == "all").select("stage", "labels").rows())
    assert list(everybody) == list(stage_names(K))
    assert sum(everybody.values()) == len(labels)
    by_segment = table.filter(pl.col("segment") != "all").group_by("stage").agg(pl.col("labels").sum())
    assert dict(by_segment.rows()) == everybody
    shares = table.group_by("segment").agg(pl.col("share").sum())["share"].to_list()
    assert shares == pytest.approx([1.0] * len(shares))

    sources, union = (fates.verdict.table(name).collect() for name in ("sources", "union"))
    ranked = sum(everybody[stage] for stage in everybody if stage.startswith(("ranked", "recommended")))
    assert ranked == union.filter(pl.col("depth") == KEPT)["found"].item()
    assert ranked + everybody["cut"] == sources.filter(pl.col("source") == "union")["found"].item()
    hits = traced.group_by("customer").agg(recall=(pl.col("stage") == "recommended").mean())
    recall = fates.verdict.table("metrics").filter(variant=SYSTEM, segment="all", metric="recall").collect()
    assert hits["recall"].mean() == pytest.approx(recall["value"].item())


def test_lost_labels_are_found_again_on_disk(fates: FinishedRun) -> None:
    lost_labels(fates)
    again = replace(fates, system=replace(fates.system, artifacts=Artifacts(fates.folder / "cache", Reporter("quiet"))))
    lost_labels(again)
    assert again.system.artifacts.reporter.computed == {}
