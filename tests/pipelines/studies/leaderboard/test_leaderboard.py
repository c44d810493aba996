"""A leaderboard on a small shop, against trec_eval and against the sets that its figures stand for."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import log2
from typing import ClassVar

import polars as pl
import pytest
import pytrec_eval

from lookbook.data.dataset import History
from lookbook.data.errors import DataError
from lookbook.data.schema import CANDIDATES
from lookbook.evaluation.baselines.registry import BASELINES
from lookbook.pipelines.errors import SettingsError
from lookbook.pipelines.runs.finished import FinishedRun
from lookbook.pipelines.stages.artifacts import write_manifest
from lookbook.pipelines.stages.shards import judged_weeks
from lookbook.pipelines.studies.backtest.methods import recommend
from lookbook.pipelines.studies.leaderboard.display import leaderboard_notes, leaderboard_tables
from lookbook.pipelines.studies.leaderboard.leaderboard import leaderboard
from lookbook.pipelines.studies.leaderboard.methods import Method, alone, default_sources, lists, methods
from lookbook.pipelines.studies.leaderboard.record import Leaderboard, MethodRow
from lookbook.pipelines.terminal.table import PlainConsole
from lookbook.retrieval.registry import SOURCES
from lookbook.retrieval.source import CandidateSource, Tables

Pairs = set[tuple[int, int]]
Ranked = dict[int, list[int]]
K = 3


@dataclass(frozen=True)
class Silent:
    """Finds nothing for anybody."""

    __module__ = SOURCES["repurchase"].__module__
    name: ClassVar[str] = "silent"
    warm_start: ClassVar[bool] = False
    personal: ClassVar[bool] = False
    needs: ClassVar[str] = "a voice"
    k: int

    def learn(self, history: History, **_: object) -> Tables:
        return {}

    def generate(self, learned: Tables, history: History, customers: pl.Series) -> pl.LazyFrame:
        return pl.LazyFrame(schema=CANDIDATES)


@dataclass(frozen=True)
class Refusing(Silent):
    """Learns something, then finds that it cannot go on."""

    __module__ = SOURCES["repurchase"].__module__
    name: ClassVar[str] = "refusing"

    def generate(self, learned: Tables, history: History, customers: pl.Series) -> pl.LazyFrame:
        raise DataError("no edges", expected="a file of edges", fix="give one")


@pytest.fixture(scope="module")
def listed(fates: FinishedRun) -> FinishedRun:
    """The run with a manifest, to which a leaderboard can be added."""
    write_manifest(fates.folder, {"run": "fates"}, leave_out="")
    return fates


@pytest.fixture(scope="module")
def found(listed: FinishedRun) -> Leaderboard:
    return leaderboard(listed, weeks=1)


def known_by_heart(fates: FinishedRun, method: Method) -> tuple[Ranked, dict[int, set[int]], Pairs]:
    """Of the test week: the list of each customer, what each bought, and what each had bought before."""
    try:
        given = lists(fates.system, fates.target, method, oldest=fates.week).sort("customer", "rank").collect()
    except DataError:
        pytest.skip("it refuses on these data")
    ranked: Ranked = {}
    for customer, article in given.select("customer", "article").rows():
        ranked.setdefault(customer, []).append(article)
    bought: dict[int, set[int]] = {}
    for customer, article in fates.system.dataset.labels(fates.week).collect().rows():
        bought.setdefault(customer, set()).add(article)
    past = fates.system.dataset.before(fates.week.as_of).transactions
    return ranked, bought, set(past.select("customer", "article").collect().rows())


def row_of(found: Leaderboard, method: Method) -> MethodRow:
    (row,) = [row for row in found.methods if (row.kind, row.method) == (method.kind, method.name)]
    return row


def test_every_source_and_every_baseline_has_a_row_best_first(found: Leaderboard) -> None:
    names = [(row.kind, row.method) for row in found.methods]
    assert sorted(names) == sorted([*(("source", name) for name in SOURCES), *(("baseline", name) for name in BASELINES)])
    reached = [row.map.value for row in found.methods if row.map]
    assert [row.note.partition(":")[0] for row in found.methods[len(reached) :]] == ["refused"] * (len(names) - len(reached))
    assert reached == sorted(reached, reverse=True)
    assert reached[0] > 0


@pytest.mark.parametrize("method", methods(), ids=str)
def test_recall_and_ndcg_are_those_of_trec_eval(fates: FinishedRun, found: Leaderboard, method: Method) -> None:
    ranked, bought, _ = known_by_heart(fates, method)
    judge = pytrec_eval.RelevanceEvaluator(
        {str(c): {str(a): 1 for a in labels} for c, labels in bought.items()}, {"recall_100", f"ndcg_cut_{K}"}
    )
    told = judge.evaluate({str(c): {str(a): -float(rank) for rank, a in enumerate(row)} for c, row in ranked.items()})
    for figure, measure in ((row_of(found, method).recall, "recall_100"), (row_of(found, method).ndcg, f"ndcg_cut_{K}")):
        assert figure is not None
        assert figure.value == pytest.approx(sum(told.get(str(c), {}).get(measure, 0.0) for c in bought) / len(bought))
        assert figure.low <= figure.value <= figure.high


@pytest.mark.parametrize("method", methods(), ids=str)
def test_coverage_novelty_and_new_places_are_those_of_a_slow_reference(
    fates: FinishedRun, found: Leaderboard, method: Method
) -> None:
    ranked, bought, before = known_by_heart(fates, method)
    places = [(c, a) for c in bought for a in ranked.get(c, [])[:K]]
    lately = fates.system.dataset.before(fates.week.as_of).transactions.filter(pl.col("days_ago") <= 28).collect()["article"]
    buyers = {c for c, _ in before}
    bits = [log2(len(buyers) / max(1, sum((c, a) in before for c in buyers))) for _, a in places]
    row = row_of(found, method)
    assert row.coverage == pytest.approx(len({a for _, a in places} & set(lately)) / lately.n_unique())
    assert row.novelty is not None
    assert row.novelty.value == (pytest.approx(sum(bits) / len(bits), abs=1e-5) if places else None)
    assert row.new is not None
    new = sum(place not in before for place in places)
    assert row.new.value == (pytest.approx(new / len(places)) if places else None)


@pytest.mark.parametrize("method", methods(), ids=str)
def test_what_only_a_method_finds_no_other_default_source_finds(fates: FinishedRun, found: Leaderboard, method: Method) -> None:
    def hits(of: Method) -> Pairs:
        ranked, bought, _ = known_by_heart(fates, of)
        return {(c, a) for c, labels in bought.items() for a in labels & set(ranked.get(c, []))}

    _, bought, _ = known_by_heart(fates, method)
    alone_found = hits(method).difference(*(hits(other) for other in default_sources() if other != method))
    row = row_of(found, method)
    assert row.n_only == len(alone_found)
    assert found.n_labels == sum(map(len, bought.values()))
    assert row.only is not None
    assert row.only.value == pytest.approx(len(alone_found) / found.n_labels)


def test_a_source_and_the_baseline_of_its_name_are_told_apart(found: Leaderboard) -> None:
    rows = [row for row in found.methods if row.method == "popularity"]
    assert {row.kind for row in rows} == {"source", "baseline"}
    assert rows[0].map != rows[1].map


def test_a_source_gives_100_whatever_its_settings_say(fates: FinishedRun) -> None:
    tables = fates.system.settings.tables["retrieval"]
    assert isinstance(tables, dict)
    assert tables["repurchase"]["k"] == 5
    deep = alone(fates.system, "repurchase")
    assert vars(deep) == {**tables["repurchase"], "k": 100}
    longest = max(len(row) for row in known_by_heart(fates, Method("source", "repurchase"))[0].values())
    assert longest > 5


def test_lists_of_100_begin_with_those_that_a_backtest_judges(fates: FinishedRun) -> None:
    for name in BASELINES:
        deep = known_by_heart(fates, Method("baseline", name))[0]
        given = recommend(fates.system, fates.target, name, oldest=fates.week).lists.collect()
        assert {(c, a, r) for c, row in deep.items() for r, a in enumerate(row[:K], 1)} == set(
            given.select("customer", "article", "rank").rows()
        ), name


def test_the_cost_of_a_method_is_measured_and_that_of_choosing_parameters_is_not(found: Leaderboard) -> None:
    judged = [row for row in found.methods if row.map]
    assert sum(row.cpu_seconds for row in judged) > 0
    assert all(row.peak_memory_mb > 0 for row in judged)
    assert row_of(found, Method("baseline", "blended")).parameters.startswith("half_life_days = ")
    assert row_of(found, Method("source", "repurchase")).parameters == ""


def test_weeks_are_pooled_and_every_customer_week_label_and_place_counts_alike(fates: FinishedRun) -> None:
    names = ["repurchase", "most_bought"]
    both, *each = [leaderboard(fates, weeks=weeks, only=names) for weeks in (2, 1)]
    weeks = judged_weeks(fates.system, fates.week, 2)
    assert both.weeks == ["2020-09-16", "2020-09-09"]
    assert both.n_customer_weeks == sum(len(shard.served) for week in weeks for shard in week.shards) > each[0].n_customer_weeks
    assert both.n_labels == sum(len(fates.system.dataset.labels(week.window).collect()) for week in weeks)
    for method in methods(names):
        old = lists(fates.system, weeks[1], method, oldest=weeks[1].window)
        before = fates.system.dataset.before(weeks[1].window.as_of).transactions.select("customer", "article").unique()
        places = old.filter(pl.col("rank") <= K).collect().lazy()
        n, n_new = (len(part.collect()) for part in (places, places.join(before, on=["customer", "article"], how="anti")))
        ranked, bought, past = known_by_heart(fates, method)
        shown = [(c, a) for c in bought for a in ranked.get(c, [])[:K]]
        new = row_of(both, method).new
        assert new is not None
        assert new.value == pytest.approx((n_new + sum(place not in past for place in shown)) / (n + len(shown)))


@pytest.fixture
def with_others(listed: FinishedRun, monkeypatch: pytest.MonkeyPatch) -> FinishedRun:
    """The run, and two more sources: one that finds nothing and one that cannot work."""
    tables = listed.system.settings.tables
    retrieval = tables["retrieval"]
    assert isinstance(retrieval, dict)
    others: Mapping[str, type[CandidateSource]] = {"silent": Silent, "refusing": Refusing}
    for name, kind in others.items():
        monkeypatch.setitem(SOURCES, name, kind)
    wider = {**tables, "retrieval": {**retrieval, **{name: {"k": 5} for name in others}}}
    return replace(listed, system=replace(listed.system, settings=listed.system.settings.model_copy(update={"tables": wider})))


def test_a_source_that_finds_nothing_or_refuses_has_a_row_that_says_so(with_others: FinishedRun) -> None:
    found = leaderboard(with_others, weeks=1, only=["silent", "refusing", "repurchase"])
    first, silent, refusing = found.methods
    assert (first.method, first.note) == ("repurchase", "")
    assert silent.note == "found nothing: it needs a voice"
    assert silent.map is not None
    assert (silent.map.value, silent.n_only, silent.coverage) == (0.0, 0, 0.0)
    assert silent.novelty is not None
    assert silent.novelty.value is None
    assert refusing.note == "refused: no edges; expected: a file of edges; fix: give one"
    assert refusing.map is refusing.n_only is refusing.cpu_seconds is None
    out = PlainConsole(width=140)
    with out.capture() as shown:
        for made in leaderboard_tables(found, width=140):
            out.print(made)
    text = shown.get()
    assert text.count("(found nothing)") == text.count("(refused)") == 3
    assert leaderboard_notes(found) == [f"silent {silent.note}", f"refusing {refusing.note}"]


def test_where_nothing_works_the_rows_still_say_why(with_others: FinishedRun) -> None:
    found = leaderboard(with_others, weeks=1, only=["refusing"])
    assert [row.note.partition(":")[0] for row in found.methods] == ["refused"]
    assert found.n_customers > 0


def test_a_default_source_that_refuses_takes_nothing_from_the_others(
    fates: FinishedRun, found: Leaderboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> Tables:
        raise DataError("no vectors")

    embedded = next(kind for kind in SOURCES.values() if kind.warm_start)
    changed = type(embedded.__name__, (embedded,), {"__module__": embedded.__module__, "generate": refuse, "name": embedded.name})
    monkeypatch.setitem(SOURCES, embedded.name, changed)
    settings = fates.system.settings
    tables = {**settings.tables, "run": {**settings.tables["run"], "seed": 5}}  # type: ignore[dict-item]
    seeded = settings.model_copy(update={"run": settings.run.model_copy(update={"seed": 5}), "tables": tables})
    without = leaderboard(replace(fates, system=replace(fates.system, settings=seeded)), weeks=1, only=["repurchase"])
    (row,) = without.methods
    assert row.note == ""
    assert row.n_only >= row_of(found, Method("source", "repurchase")).n_only


def test_an_unknown_name_is_refused(fates: FinishedRun) -> None:
    with pytest.raises(SettingsError, match="--only: unknown method 'svd'; known: repurchase, "):
        leaderboard(fates, weeks=1, only=["svd"])


def test_what_is_on_disk_is_not_computed_again_and_the_file_holds_what_was_found(fates: FinishedRun, found: Leaderboard) -> None:
    before = dict(fates.system.artifacts.reporter.computed)
    assert leaderboard(fates, weeks=1) == found
    assert dict(fates.system.artifacts.reporter.computed) == before
    written = json.loads((fates.folder / "leaderboard.json").read_text())
    assert [row["map"]["value"] for row in written["methods"]] == [row.map.value for row in found.methods]


def test_tables_fit_80_columns_and_nothing_in_them_is_cut(found: Leaderboard) -> None:
    out = PlainConsole(width=80)
    with out.capture() as shown:
        for made in leaderboard_tables(found, width=80):
            assert out.measure(made).minimum <= 80, made.title
            out.print(made)
    text = shown.get()
    assert max(map(len, text.splitlines())) <= 80
    assert "…" not in text
    for row in found.methods:
        assert text.count(f"{row.method} ") >= 3, "no name is broken"
        if row.map is None or row.new.low is None:
            continue
        for figure in (row.recall, row.map, row.ndcg):
            assert f"[{figure.low:.4f}, {figure.high:.4f}]" in text
        for figure in (row.new, row.only):
            assert f"[{100 * figure.low:.2f}, {100 * figure.high:.2f}]" in text
