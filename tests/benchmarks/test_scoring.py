from datetime import date
from types import SimpleNamespace

import lightgbm
import numpy as np
import polars as pl
import pytest

from benchmarks.scoring import compiled as scoring_compiled
from benchmarks.scoring import trials as scoring_trials
from benchmarks.scoring.__main__ import facts, measured, told
from benchmarks.scoring.bench import Bench, Line, Trial, compare
from benchmarks.scoring.prepare import prepared
from benchmarks.scoring.trials import candidates, compiled_trees, feature_groups, light_cut, trees
from benchmarks.scoring.week import JudgedWeek, first_shards
from lookbook.data.dataset import Dataset
from lookbook.data.windows import Window, last_window
from lookbook.evaluation.metrics import customer_metrics
from lookbook.pipelines.settings.config import choose_sources, load_settings
from lookbook.pipelines.stages.artifacts import Artifacts
from lookbook.pipelines.stages.features import features
from lookbook.pipelines.stages.rank import fit_and_rank
from lookbook.pipelines.stages.shards import buyers, shards_of, targets
from lookbook.pipelines.stages.system import System
from lookbook.pipelines.terminal.progress import Reporter

PAIR = {"customer": pl.UInt32, "article": pl.UInt32}
SETTINGS = {
    "run.k": 3,
    "run.threads": 1,
    "run.shard_customers": 25,
    "ranking.training_weeks": 2,
    "ranking.lambdarank.min_examples_in_leaf": 5,
    "ranking.lambdarank.max_trees": 12,
    "evaluation.bootstrap_resamples": 100,
    "retrieval.max_candidates": 40,
    "retrieval.popularity.k": 60,
}


@pytest.fixture(scope="module")
def system(market: Dataset, tmp_path_factory: pytest.TempPathFactory) -> System:
    root = tmp_path_factory.mktemp("scoring")
    settings = choose_sources(load_settings(overrides=SETTINGS), only="repurchase,popularity", drop=None)
    week = last_window(market.last_day).earlier(1)
    return System(market, root, settings, Artifacts(root / "cache", Reporter("quiet")), "cpu", week.earlier(2))


@pytest.fixture(scope="module")
def bench(system: System) -> Bench:
    return prepared(system, weeks_before=1, customers=1000)


@pytest.fixture
def by_hand() -> JudgedWeek:
    """Customer 1 buys article 12, customer 2 buys 20 and 21, of which 21 is no candidate; lists of 2."""
    return JudgedWeek(
        pl.DataFrame(
            {"customer": [1, 1, 1, 2, 2], "article": [10, 11, 12, 20, 22], "rrf": [0.1, 0.1, 0.3, 0.1, 0.1]},
            schema={**PAIR, "rrf": pl.Float32},
        ),
        pl.DataFrame({"customer": [1, 2], "age_band": [None, None]}, schema={"customer": pl.UInt32, "age_band": pl.UInt8}),
        pl.DataFrame({"customer": [1, 2, 2], "article": [12, 20, 21]}, schema=PAIR),
        pl.DataFrame(schema={"age_band": pl.UInt8, "article": pl.UInt32, "place": pl.UInt32}),
        2,
    )


def test_only_candidates_that_are_kept_take_places_in_a_list(by_hand: JudgedWeek) -> None:
    scores = pl.Series([0.9, 0.8, 0.7, 0.5, 0.4], dtype=pl.Float32)
    kept = pl.Series([False, True, True, True, True])
    assert by_hand.average_precision(scores).tolist() == [0, 0.5]
    assert by_hand.average_precision(scores, kept).tolist() == [0.5, 0.5]
    assert by_hand.average_precision(scores, ~kept).tolist() == [0, 0]


def test_places_count_from_the_highest_score_and_ties_go_to_the_higher_rrf(by_hand: JudgedWeek) -> None:
    assert by_hand.places(pl.Series([1.0, 2.0, 1.0, 0.0, 3.0])).to_list() == [2, 0, 1, 1, 0]


@pytest.mark.parametrize(("customers", "shards"), [(1, 1), (4, 1), (5, 2), (9, 3), (1000, 3)])
def test_shards_are_taken_until_there_are_customers_enough(customers: int, shards: int) -> None:
    ids = pl.Series("customer", range(10), dtype=pl.UInt32)
    every = shards_of(ids, Window(date(2020, 9, 16)), size=4, active=None)
    assert first_shards(every, customers) == every[:shards]


def test_the_reference_is_what_a_run_recommends(bench: Bench, system: System) -> None:
    window = last_window(system.dataset.last_day).earlier(1)
    ranked = fit_and_rank(system, targets(system, [window])[0])
    lists = pl.concat([stage.table("recommendations") for stage in ranked.recommendations])
    expected = customer_metrics(lists, system.dataset.labels(window), k=3).collect()["average_precision"]
    assert bench.trees == ranked.fitted.trees
    assert bench.reference.precision.tolist() == expected.to_list()
    assert 0 < expected.mean() < 1


def test_the_features_are_those_of_a_run_for_the_candidates_that_it_keeps(bench: Bench, system: System) -> None:
    shards = buyers(system, last_window(system.dataset.last_day).earlier(1))
    expected = pl.concat([features(system, shard).table("features") for shard in shards]).collect().drop("as_of")
    assert bench.cut.features.drop("label").equals(expected)
    assert len(bench.whole.features) > len(bench.cut.features)


def test_the_first_trees_of_a_fit_score_as_a_fit_of_so_many_trees(bench: Bench) -> None:
    fewer = bench.fit(7).score(bench.cut.features)["score"]
    assert bench.first(7).score(bench.cut.features)["score"].equals(fewer)
    assert not bench.first(8).score(bench.cut.features)["score"].equals(fewer)


def test_fewer_trees_are_compared_with_those_of_the_reference(bench: Bench) -> None:
    lines = {trial.name: trial for trial in trees(bench)}
    same = lines[f"{bench.trees} trees"]
    assert same.precision.tolist() == bench.reference.precision.tolist()
    assert lines["none: by rrf"].precision.mean() != same.precision.mean()


def test_a_cut_where_the_settings_cut_is_the_reference(bench: Bench, system: System) -> None:
    cuts = {trial.name: trial for trial in candidates(bench)}
    same = cuts["best 40 by rrf"]
    assert same.precision.tolist() == bench.reference.precision.tolist()
    assert same.figures["candidates per customer"] == len(bench.cut.features) / len(bench.cut.customers)
    recalls = [trial.figures["recall"] for trial in cuts.values()]
    assert recalls == sorted(recalls)
    assert recalls[0] < recalls[-1] <= 1


def test_a_first_cut_that_leaves_every_candidate_costs_nothing(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scoring_trials, "CUTS", (10, 10_000))
    every = Trial("", bench.whole.average_precision(bench.scores), {})
    few, all_of_them = light_cut(bench)[:2]
    assert all_of_them.precision.tolist() == every.precision.tolist()
    assert few.precision.tolist() != every.precision.tolist()


def test_every_feature_group_is_left_out_once_with_what_it_costs(bench: Bench) -> None:
    trials = {trial.name: trial.figures for trial in feature_groups(bench)}
    assert sum(figures["features"] for figures in trials.values()) == len(bench.groups)
    timed = {name for name, figures in trials.items() if "CPU s per million pairs" in figures}
    assert set(trials) - timed == {"without source"}
    assert trials["without article"]["CPU s once"] > 0


def test_the_interval_is_of_the_paired_difference() -> None:
    reference = Trial("", np.array([0.0, 0.5, 1.0]), {})
    better, mixed = Trial("a", reference.precision + 0.25, {}), Trial("b", np.array([1.0, 0.5, 0.0]), {"x": 1.0})
    lines = compare("trees", [better, mixed], reference, resamples=500, seed=0)
    assert lines[0] == Line("trees", "a", 0.75, 0.25, 0.25, 0.25, {})
    assert (lines[1].map, lines[1].difference) == (0.5, 0)
    assert lines[1].low < -0.4
    assert lines[1].high > 0.4


def test_a_line_rounds_large_figures_only() -> None:
    line = Line("trees", "20 trees", 0.0379, -0.0007, -0.0011, -0.0003, {"rows": 1_960_000.4, "difference": 2.2e-15})
    text = "20 trees 0.03790 -0.00070 [-0.00110, -0.00030] rows 1,960,000, difference 2.2e-15"
    assert " ".join(told(line).split()) == text


def test_without_the_compiler_its_section_says_so(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(scoring_compiled, "find_spec", lambda name: None)
    assert measured(bench, "compiled") == []
    assert capsys.readouterr().out.strip() == "compiled: lleaves is not installed"


def test_compiled_trees_are_judged_by_their_own_scores(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    class Wrong:
        """Predicts the reverse of what LightGBM does."""

        def __init__(self, model_file: str) -> None:
            self.booster = lightgbm.Booster(model_file=model_file)

        def compile(self, *, raw_score: bool, cache: None) -> None:
            pass

        def predict(self, rows: np.ndarray, n_jobs: int) -> np.ndarray:
            return -self.booster.predict(rows, raw_score=True)

    monkeypatch.setattr(scoring_compiled, "find_spec", lambda name: name)
    monkeypatch.setattr(scoring_compiled, "import_module", lambda name: SimpleNamespace(Model=Wrong))
    trial = compiled_trees(bench)[-1]
    right = bench.first(110).score(bench.cut.features)["score"]
    assert trial.figures["largest difference"] == pytest.approx(2 * right.abs().max())
    assert trial.precision.mean() < bench.cut.average_precision(right).mean()


def test_the_facts_name_the_size_of_what_was_judged(bench: Bench) -> None:
    found = facts(bench)
    assert found["customers"] == len(bench.reference.precision)
    assert found["map"] == bench.reference.precision.mean()
    assert found["example_rows"] == pl.concat(bench.examples).collect().height
