"""What sources find over two test weeks, against sets of pairs counted one by one."""

import pytest

from lookbook.pipelines.ablation.sources import Sources, inspect_sources
from lookbook.pipelines.ablation.variants import Bench
from lookbook.pipelines.runs.finished import FinishedRun
from lookbook.pipelines.stages.retrieve import candidates
from lookbook.pipelines.stages.shards import judged_weeks

Pairs = set[tuple[int, int, int]]
"""Week, customer, article."""


@pytest.fixture(scope="module")
def bench(fates: FinishedRun) -> Bench:
    return Bench.of(fates.system, judged_weeks(fates.system, fates.week, 2))


@pytest.fixture(scope="module")
def sources(bench: Bench) -> Sources:
    return inspect_sources(bench)


@pytest.fixture(scope="module")
def retrieved(bench: Bench) -> dict[str, Pairs]:
    return {
        source.name: {
            (n, *pair)
            for n, week in enumerate(bench.weeks)
            for shard in week.shards
            for pair in candidates(bench.full, source, shard).table("candidates").select("customer", "article").collect().rows()
        }
        for source in bench.full.sources
    }


@pytest.fixture(scope="module")
def labels(bench: Bench) -> Pairs:
    weeks = [bench.full.dataset.labels(week.window).select("customer", "article").collect() for week in bench.weeks]
    return {(n, *pair) for n, week in enumerate(weeks) for pair in week.rows()}


def test_recall_and_what_only_one_found_are_pooled_over_weeks(sources: Sources, retrieved: dict[str, Pairs], labels: Pairs) -> None:
    rows = sources.quality.to_dicts()
    assert [row["source"] for row in rows] == list(retrieved)
    customer_weeks = len({pair[:2] for pair in labels})
    assert len({customer for _, customer, _ in labels}) < customer_weeks, "some bought in both weeks"
    for row in rows:
        found = retrieved[row["source"]] & labels
        others = set().union(*(pairs for name, pairs in retrieved.items() if name != row["source"]))
        assert (row["found"], row["n_labels"], row["found_only"]) == (len(found), len(labels), len(found - others))
        assert row["recall"] == pytest.approx(len(found) / len(labels))
        assert row["low"] < row["recall"] < row["high"]
        assert row["candidates_per_customer"] == pytest.approx(len(retrieved[row["source"]]) / customer_weeks)
        assert row["positive_rate"] == pytest.approx(len(found) / len(retrieved[row["source"]]))


def test_overlap_and_shares_of_recall_count_the_pairs_of_both_weeks(
    sources: Sources, retrieved: dict[str, Pairs], labels: Pairs
) -> None:
    expected = {(a, b): len(retrieved[a] & retrieved[b]) / len(retrieved[a] | retrieved[b]) for a in retrieved for b in retrieved}
    assert {(row["source"], row["other"]): row["jaccard"] for row in sources.overlap.to_dicts()} == pytest.approx(expected)
    found = set().union(*retrieved.values()) & labels
    assert sources.recall["value"].sum() == pytest.approx(len(found) / len(labels))


def test_a_source_costs_what_all_its_stages_took(sources: Sources, bench: Bench) -> None:
    for row in sources.quality.to_dicts():
        for kind in ("learn", "retrieve"):
            own = [stage for folder, stage in bench.full.artifacts.done.items() if f"/{kind}/{row['source']}/" in str(folder)]
            assert len(own) > len(bench.weeks)
            assert row[f"{kind}_seconds"] == pytest.approx(sum(stage.seconds for stage in own), abs=0.001)


def test_the_order_of_the_weeks_changes_no_number(sources: Sources, bench: Bench) -> None:
    turned = inspect_sources(Bench.of(bench.full, bench.weeks[::-1]))
    assert turned.quality.equals(sources.quality)
    assert turned.overlap.equals(sources.overlap)
    assert turned.recall.equals(sources.recall)
