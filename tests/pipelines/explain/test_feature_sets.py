"""Which columns belong together, on a run whose sources are asked only for what they learned."""

from collections.abc import Callable
from dataclasses import dataclass, field

import polars as pl
import pytest

from lookbook.features.registry import feature_docs, groups
from lookbook.pipelines.explain.feature_sets import feature_sets
from lookbook.pipelines.runs.finished import FinishedRun
from lookbook.ranking.ranker import Ranker


@dataclass
class Learned:
    tables: dict[str, pl.LazyFrame] = field(default_factory=dict)


def learning(**tables: str) -> Callable[..., Learned]:
    """A stand-in for `learned`: the source of each name learns the table of that name."""
    return lambda _, source, window: Learned({tables[source.name]: pl.LazyFrame()} if source.name in tables else {})


@pytest.fixture
def features(fates: FinishedRun) -> list[str]:
    return list(Ranker.load(fates.ranked.fitted.ranker.folder).features)


def test_every_feature_is_in_one_group_and_has_documentation(fates: FinishedRun, features: list[str]) -> None:
    found = feature_sets(fates.system, fates.week, features)
    assert [each.columns for each in found.of("feature")] == [(name,) for name in features]
    grouped = [column for each in found.of("group") for column in each.columns]
    assert sorted(grouped) == sorted(features)
    assert all(found.docs[name] for name in features)
    assert found.owners("group", "pair_share") == "pair"
    assert found.owners("group", "n_sources") == "source"


def test_a_source_owns_its_columns_of_the_pairs(fates: FinishedRun, features: list[str]) -> None:
    found = feature_sets(fates.system, fates.week, features)
    assert {each.name: each.columns for each in found.of("source")} == {
        "repurchase": ("repurchase_score", "repurchase_rank"),
        "popularity": ("popularity_score", "popularity_rank"),
    }
    assert found.owners("source", "popularity_rank") == "popularity"
    assert found.owners("source", "pair_share") is None


def test_a_source_owns_the_groups_that_read_what_it_learned(
    fates: FinishedRun, features: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    declared = groups(fates.system.dataset.customers.collect_schema())
    reading = next(group for group in declared if group.requires)
    monkeypatch.setattr("lookbook.pipelines.explain.feature_sets.learned", learning(popularity=min(reading.requires)))
    names = [*features, *(feature.name for feature in reading.features)]
    found = feature_sets(fates.system, fates.week, names)
    owned = {each.name: set(each.columns) for each in found.of("source")}
    assert owned["popularity"] == {"popularity_score", "popularity_rank", *(f.name for f in reading.features)}
    assert owned["repurchase"] == {"repurchase_score", "repurchase_rank"}


def test_a_group_that_two_sources_feed_belongs_to_both(
    fates: FinishedRun, features: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    declared = groups(fates.system.dataset.customers.collect_schema())
    reading = next(group for group in declared if len(group.requires) > 1)
    first, second = sorted(reading.requires)[:2]
    monkeypatch.setattr("lookbook.pipelines.explain.feature_sets.learned", learning(popularity=first, repurchase=second))
    shared = reading.features[0].name
    found = feature_sets(fates.system, fates.week, [*features, shared])
    assert found.owners("source", shared) == "repurchase, popularity"


def test_documentation_is_that_of_the_declarations(fates: FinishedRun, features: list[str]) -> None:
    declared = groups(fates.system.dataset.customers.collect_schema())
    docs = feature_docs(declared, ["popularity_rank"])
    found = feature_sets(fates.system, fates.week, features).docs
    assert {name: found[name] for name in ("popularity_rank", "pair_share")} == {
        name: docs[name] for name in ("popularity_rank", "pair_share")
    }
