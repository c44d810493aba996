"""The ranker: what it learns, what it refuses, what it keeps on disk."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from lookbook.data.schema import SchemaError
from lookbook.ranking.ranker import Ranker, RankerSettings, choose_trees, examples_in_leaf, feature_matrix, fit
from lookbook.ranking.trees import Trees

SETTINGS = RankerSettings(
    learning_rate=0.2,
    num_leaves=7,
    min_examples_in_leaf=5,
    l2=1.0,
    feature_fraction=1.0,
    customer_fraction=1.0,
    max_bin=255,
    truncation_level=20,
    max_trees=40,
    early_stopping_rounds=5,
)


def examples(weeks: int = 2, customers: int = 60, candidates: int = 30, seed: int = 0) -> pl.DataFrame:
    """Article `signal` decides what is bought, `noise` does not; some values are missing."""
    rng = np.random.default_rng(seed)
    rows = weeks * customers * candidates
    signal = rng.normal(size=rows).astype(np.float32)
    bought = signal + 0.3 * rng.normal(size=rows) > 1.5
    return pl.DataFrame(
        {
            "as_of": [date(2020, 9, 2 + 7 * week) for week in range(weeks) for _ in range(customers * candidates)],
            "customer": np.tile(np.repeat(np.arange(customers, dtype=np.uint32), candidates), weeks),
            "article": np.tile(np.arange(candidates, dtype=np.uint32), weeks * customers),
            "signal": np.where(rng.random(rows) < 0.1, np.float32(np.nan), signal),
            "noise": rng.normal(size=rows).astype(np.float32),
            "label": bought.astype(np.uint8),
        }
    ).with_columns(pl.col("signal").fill_nan(None))


def test_the_ranker_puts_bought_articles_first() -> None:
    ranker = fit([examples().lazy()], SETTINGS, trees=30, seed=0)
    fresh = examples(seed=1)
    scores = ranker.score(fresh.drop("label"))["score"].to_numpy()
    bought = fresh["label"].to_numpy() == 1
    wins = (scores[bought][:, None] > scores[~bought][None, :]).mean()
    assert wins > 0.85


@pytest.mark.parametrize(
    ("examples_in_all", "expected"),
    [(0, 1), (55, 1), (56 * 5, 5), (56 * 399, 399), (56 * 400, 400), (10_000_000, 400)],
)
def test_few_examples_make_small_leaves_and_many_change_nothing(examples_in_all: int, expected: int) -> None:
    assert examples_in_leaf(replace(SETTINGS, min_examples_in_leaf=400), examples_in_all) == expected


def test_a_ranker_of_few_examples_learns_with_a_setting_for_many() -> None:
    settings = replace(SETTINGS, min_examples_in_leaf=100_000)
    ranker = fit([examples().lazy()], settings, trees=5, seed=0)
    assert not ranker.learned_nothing
    assert ranker.score(examples(seed=1).drop("label"))["score"].n_unique() > 2


def test_a_ranker_of_features_that_say_nothing_is_known_to_have_learned_nothing() -> None:
    silent = examples().with_columns(signal=pl.lit(1.0, dtype=pl.Float32), noise=pl.lit(None, dtype=pl.Float32))
    ranker = fit([silent.lazy()], SETTINGS, trees=3, seed=0)
    assert ranker.learned_nothing
    assert ranker.score(silent.drop("label"))["score"].n_unique() == 1


def test_scores_keep_rows_and_order_and_survive_saving(tmp_path: Path) -> None:
    ranker = fit([examples().lazy()], SETTINGS, trees=5, seed=0)
    features = examples(seed=2).drop("label").sample(fraction=1.0, shuffle=True, seed=3)
    scored = ranker.score(features)
    assert_frame_equal(scored.select("customer", "article"), features.select("customer", "article"))
    ranker.save(tmp_path)
    assert Ranker.load(tmp_path) == ranker
    assert_frame_equal(Ranker.load(tmp_path).score(features), scored)


def test_scores_do_not_depend_on_how_many_rows_are_scored_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    ranker = fit([examples().lazy()], SETTINGS, trees=5, seed=0)
    features = examples(seed=2).drop("label")
    whole = Trees(ranker).scores(feature_matrix(features)).astype(np.float32)
    for rows in (7, len(features) - 1, len(features)):
        monkeypatch.setattr("lookbook.ranking.ranker.SCORED_ROWS", rows)
        np.testing.assert_array_equal(ranker.score(features)["score"].to_numpy(), whole)


@pytest.mark.parametrize("customer_fraction", [1.0, 0.5])
def test_the_same_examples_give_the_same_model_with_one_and_two_threads(customer_fraction: float) -> None:
    settings = replace(SETTINGS, customer_fraction=customer_fraction)
    one, two = (fit([examples().lazy()], settings, trees=10, seed=0, threads=threads) for threads in (1, 2))
    assert one == two


def test_a_tree_that_sees_some_customers_still_learns_from_all_their_candidates() -> None:
    weeks = [examples(weeks=1, customers=1, seed=seed).with_columns(as_of=date(2020, 1, 1 + seed)) for seed in range(28)]
    settings = replace(SETTINGS, min_examples_in_leaf=1, customer_fraction=0.5)
    ranker = fit([week.lazy() for week in weeks], settings, trees=10, seed=0)
    fresh = examples(seed=1)
    scores = ranker.score(fresh.drop("label"))["score"].to_numpy()
    bought = fresh["label"].to_numpy() == 1
    assert (scores[bought][:, None] > scores[~bought][None, :]).mean() > 0.8


def test_early_stopping_reports_the_best_tree_of_its_curve() -> None:
    curve = choose_trees([examples().lazy()], [examples(weeks=1, seed=9).lazy()], settings=SETTINGS, seed=0)
    assert curve.values[curve.trees - 1] == max(curve.values)
    assert len(curve.values) <= SETTINGS.max_trees


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda frame: frame.drop("noise"), "noise"),
        (lambda frame: frame.with_columns(extra=pl.lit(1.0)), "extra"),
        (lambda frame: frame.with_columns(pl.col("noise").cast(pl.Float64)), "noise is Float64, not Float32"),
        (lambda frame: frame.select("as_of", "customer", "article", "noise", "signal"), "another order"),
    ],
)
def test_features_that_are_not_those_of_training_are_refused_by_name(
    change: Callable[[pl.DataFrame], pl.DataFrame], named: str
) -> None:
    ranker = fit([examples().lazy()], SETTINGS, trees=2, seed=0)
    with pytest.raises(SchemaError, match=named):
        ranker.score(change(examples().drop("label")))


def test_a_model_file_that_was_cut_or_edited_never_reaches_lightgbm(tmp_path: Path) -> None:
    fit([examples().lazy()], SETTINGS, trees=2, seed=0).save(tmp_path)
    text = (tmp_path / "ranker.txt").read_text()
    for damaged in (text[: len(text) // 2], text.replace("leaf_value", "leaf_valve", 1)):
        (tmp_path / "ranker.txt").write_text(damaged)
        with pytest.raises(ValueError, match=r"ranker\.txt"):
            Ranker.load(tmp_path)


def test_no_pairs_give_no_scores() -> None:
    ranker = fit([examples().lazy()], SETTINGS, trees=2, seed=0)
    assert len(ranker.score(examples().drop("label").head(0))) == 0


def test_examples_in_parts_give_the_same_model_as_in_one() -> None:
    whole = examples(customers=400)
    parts = [whole.filter(pl.col("as_of") == week).lazy() for week in whole["as_of"].unique(maintain_order=True)]
    assert len(whole) > 2 * 4096
    assert fit(parts, SETTINGS, trees=5, seed=0) == fit([whole.lazy()], SETTINGS, trees=5, seed=0)
