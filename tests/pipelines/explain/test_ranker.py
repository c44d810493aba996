"""What explains a whole run, on a small market: that it agrees with the run's own metrics and with slow references."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from lookbook.evaluation.metrics import customer_metrics
from lookbook.evaluation.summary import MEANS
from lookbook.pipelines.explain import importance_stages as explain_stages
from lookbook.pipelines.explain import ranker as explain
from lookbook.pipelines.explain.lost_labels import lost_labels
from lookbook.pipelines.explain.pairs import ExplainedPairs
from lookbook.pipelines.explain.ranker import explain_ranker
from lookbook.pipelines.explain.record import Explained
from lookbook.pipelines.runs.finished import FinishedRun
from lookbook.pipelines.runs.records.files import read_record
from lookbook.pipelines.stages.artifacts import Artifacts, verify, write_manifest
from lookbook.pipelines.stages.evaluate import SYSTEM
from lookbook.pipelines.stages.features import features
from lookbook.pipelines.terminal.progress import Reporter
from lookbook.ranking.permutation import Permutation
from lookbook.ranking.ranker import Ranker
from lookbook.ranking.select import select_top_k

REPEATS, ALL = 2, 1000
Rows = dict[tuple[str, str, str], dict[str, float]]


def in_folder(fates: FinishedRun, folder: Path) -> FinishedRun:
    """The run with a folder of its own to write to."""
    folder.mkdir()
    write_manifest(folder, {"run": folder.name})
    return replace(fates, folder=folder)


def rows(content: Explained) -> Rows:
    return {(row.level, row.name, row.method): vars(row) for row in content.importance}


@pytest.fixture(scope="module")
def opened(fates: FinishedRun, tmp_path_factory: pytest.TempPathFactory) -> FinishedRun:
    return in_folder(fates, tmp_path_factory.mktemp("runs") / "run")


@pytest.fixture(scope="module")
def content(opened: FinishedRun) -> Explained:
    return explain_ranker(opened, customers=ALL, repeats=REPEATS)


def test_the_run_holds_what_is_returned_and_stays_whole(opened: FinishedRun, content: Explained) -> None:
    verify(opened.folder)
    assert read_record(opened.folder / "importance.json", Explained) == content


def test_the_map_that_is_lost_from_is_that_of_the_run(opened: FinishedRun, content: Explained) -> None:
    metrics = opened.verdict.table("metrics").filter(variant=SYSTEM, segment="all", metric="map").collect()
    assert content.map == metrics["value"].item()
    assert content.n_customers == metrics["n_customers"].item()


def test_what_is_lost_is_what_recommending_from_permuted_features_loses(opened: FinishedRun, content: Explained) -> None:
    found = rows(content)
    column = max((name for level, name, method in found if level == "feature"), key=lambda n: found["feature", n, "gain"]["value"])
    explained = ExplainedPairs.of(opened, customers=ALL)
    system, k = opened.system, opened.system.settings.run.k
    every = np.arange(len(explained.pairs))
    permutation = Permutation(explained.trees, explained.matrix, every, system.settings.run.seed)
    customers = system.dataset.customers.select("customer", "age_band").join(
        explained.customers.to_frame().lazy(), on="customer", how="semi"
    )
    fallback = pl.scan_parquet(next((system.artifacts.root / "learn" / "fallback").glob("*/fallback.parquet")))
    labels = system.dataset.labels(opened.week)

    def mean(scores: np.ndarray) -> float:
        scored = explained.pairs.with_columns(score=pl.Series(scores))
        lists = select_top_k(scored.lazy(), customers, fallback, k=k)
        return float(customer_metrics(lists, labels, k=k).collect()[MEANS["map"]].mean())

    after = [mean(scores) for scores in permutation.scores((column,), repeats=REPEATS)]
    slowly = mean(permutation.unchanged) - sum(after) / REPEATS
    row = found["feature", column, "permutation"]
    assert row["value"] == pytest.approx(slowly, abs=1e-12)
    assert slowly > 0
    assert row["low"] <= row["value"] <= row["high"]


def test_features_that_no_tree_uses_lose_exactly_nothing(content: Explained) -> None:
    found = rows(content)
    unused = [
        name for level, name, method in found if (level, method) == ("feature", "split") and not found[level, name, method]["value"]
    ]
    assert unused
    for name in unused:
        row = found["feature", name, "permutation"]
        assert (row["value"], row["low"], row["high"]) == (0, 0, 0)


def test_a_group_of_one_feature_is_worth_what_the_feature_is(content: Explained) -> None:
    found = rows(content)
    in_group = [(row["group"], name) for (level, name, method), row in found.items() if (level, method) == ("feature", "gain")]
    alone = [(group, name) for group, name in in_group if sum(group == other for other, _ in in_group) == 1]
    assert alone
    for group, name in alone:
        for method in ("gain", "split", "permutation", "shap"):
            of_group, of_feature = found["group", group, method], found["feature", name, method]
            assert [of_group[k] for k in ("value", "low", "high")] == [of_feature[k] for k in ("value", "low", "high")]


def test_every_row_says_where_it_belongs_and_every_feature_what_it_means(content: Explained) -> None:
    for (level, name, _), row in rows(content).items():
        assert row["group"] == (name if level == "group" else row["group"])
        assert (level == "feature") == (row["doc"] is not None)
    assert rows(content)["feature", "repurchase_rank", "shap"]["source"] == "repurchase"
    assert rows(content)["source", "repurchase", "shap"]["source"] == "repurchase"
    assert rows(content)["feature", "pair_share", "shap"]["group"] == "pair"


def test_pictures_show_the_features_with_the_largest_shap_importance(content: Explained) -> None:
    found = rows(content)
    shap = {name: row["value"] for (level, name, method), row in found.items() if (level, method) == ("feature", "shap")}
    top = sorted(shap, key=lambda name: (-shap[name], name))[: explain.TOP_FEATURES]
    for listed in (content.partial_dependence, content.shap_values):
        assert list(dict.fromkeys(row.feature for row in listed)) == top


def test_shap_values_stand_beside_the_values_of_the_same_pairs(opened: FinishedRun, content: Explained) -> None:
    explained = ExplainedPairs.of(opened, customers=ALL)
    rows_of = explained.sample_customers(explain_stages.CONTRIBUTION_PAIRS)
    pairs = explained.pairs[rows_of].with_row_index("at")
    turn = pl.struct("customer", "article").hash(opened.system.settings.run.seed)
    sample = pairs.sort(turn, "customer", "article").head(explain.SHAP_POINTS)["at"].to_numpy()
    feature = content.shap_values[0].feature
    place = explained.trees.names.index(feature)
    values = explained.matrix[rows_of][sample][:, place].astype(float)
    all_added = pairs.with_columns(added=explained.trees.contributions(explained.matrix[rows_of])[:, place])
    added = all_added.with_columns(pl.col("added") - pl.col("added").mean().over("customer"))["added"][sample]
    shown = [row for row in content.shap_values if row.feature == feature]
    assert [np.nan if row.value is None else row.value for row in shown] == pytest.approx(values.tolist(), nan_ok=True)
    assert [row.contribution for row in shown] == pytest.approx(added.to_list(), rel=1e-6, abs=1e-9)


def test_the_labels_that_were_lost_are_in_the_same_file(opened: FinishedRun, content: Explained) -> None:
    assert [vars(row) for row in content.lost_labels] == lost_labels(opened).to_dicts()


def test_a_second_time_everything_is_found_on_disk_and_more_repeats_only_permute(
    opened: FinishedRun, content: Explained, tmp_path: Path
) -> None:
    def again(repeats: int) -> Reporter:
        reporter = Reporter("quiet")
        system = replace(opened.system, artifacts=Artifacts(opened.system.artifacts.root, reporter))
        fresh = in_folder(replace(opened, system=system), tmp_path / str(repeats))
        explain_ranker(fresh, customers=ALL, repeats=repeats)
        return reporter

    same = again(REPEATS)
    assert same.computed == {}
    assert (tmp_path / str(REPEATS) / "importance.json").read_bytes() == (opened.folder / "importance.json").read_bytes()
    permuted = {(level, name) for level, name, _ in rows(content) if level in ("group", "source")}
    more = again(REPEATS + 1)
    assert more.computed == {"explain": len(permuted)}


def test_the_number_of_steps_is_announced(opened: FinishedRun, content: Explained, tmp_path: Path) -> None:
    reporter = Reporter("quiet")
    system = replace(opened.system, artifacts=Artifacts(opened.system.artifacts.root, reporter))
    explain_ranker(in_folder(replace(opened, system=system), tmp_path / "run"), customers=ALL, repeats=REPEATS)
    assert reporter.planned["explain"] == reporter.reused["explain"]


def test_one_and_two_threads_write_the_same_bytes(opened: FinishedRun, content: Explained, tmp_path: Path) -> None:
    settings = opened.system.settings
    one = settings.model_copy(update={"run": settings.run.model_copy(update={"threads": 1})})
    system = replace(opened.system, settings=one, artifacts=Artifacts(tmp_path / "cache", Reporter("quiet")))
    alone = in_folder(replace(opened, system=system), tmp_path / "run")
    explain_ranker(alone, customers=ALL, repeats=REPEATS)
    assert (alone.folder / "importance.json").read_bytes() == (opened.folder / "importance.json").read_bytes()


def test_fewer_customers_are_chosen_by_id_and_judged_on_their_own_labels(opened: FinishedRun, tmp_path: Path) -> None:
    few, fewer = (ExplainedPairs.of(opened, customers=n) for n in (20, 5))
    assert set(fewer.customers) < set(few.customers)
    assert few.customers.is_sorted()
    assert set(few.pairs["customer"]) <= set(few.customers)
    turned = replace(opened.target, shards=[replace(s, customers=s.customers.reverse()) for s in opened.buyers[::-1]])
    backwards = replace(opened, ranked=replace(opened.ranked, target=turned))
    assert ExplainedPairs.of(backwards, customers=20).customers.equals(few.customers)
    explained = explain_ranker(in_folder(opened, tmp_path / "run"), customers=20, repeats=1)
    assert explained.n_customers == 20
    assert explained.n_pairs == len(few.pairs)


def test_a_smaller_sample_of_pairs_is_the_start_of_a_larger_one(opened: FinishedRun) -> None:
    explained = ExplainedPairs.of(opened, customers=ALL)
    large, small = explained.sample(200).tolist(), explained.sample(50).tolist()
    assert large[:50] == small
    assert len(set(large)) == 200


def test_the_contributions_of_the_sample_are_kept_with_the_pairs_they_are_of(opened: FinishedRun, content: Explained) -> None:
    explained = ExplainedPairs.of(opened, customers=ALL)
    kept = explain_stages.contributions(explained).table("contributions").collect()
    ranker = Ranker.load(opened.ranked.fitted.ranker.folder)
    scored = pl.concat([ranker.score(features(opened.system, shard).table("features").collect()) for shard in opened.buyers])
    total = pl.sum_horizontal(pl.exclude("customer", "article")).alias("total")
    both = kept.select("customer", "article", total).join(scored, on=["customer", "article"], how="left", validate="1:1")
    assert len(both) == len(explained.sample_customers(explain_stages.CONTRIBUTION_PAIRS))
    beyond = pl.col("score") - pl.col("score").mean().over("customer")
    assert both["total"].to_list() == pytest.approx(both.select(beyond)["score"].to_list(), abs=1e-6)


def test_the_pairs_of_a_customer_are_explained_all_or_none(opened: FinishedRun) -> None:
    explained = ExplainedPairs.of(opened, customers=ALL)
    sizes = explained.pairs.group_by("customer").len()
    chosen = explained.pairs[explained.sample_customers(200)].group_by("customer").len()
    assert chosen.join(sizes, on=["customer", "len"], how="anti").is_empty()
    assert 200 - sizes["len"].max() < chosen["len"].sum() <= 200
    assert explained.pairs[explained.sample_customers(1)]["customer"].n_unique() == 1
