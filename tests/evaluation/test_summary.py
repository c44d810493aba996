import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from lookbook.evaluation.segments import ALL
from lookbook.evaluation.summary import DIFFERENCES, METRICS, paired_difference, summarise

RESAMPLES = 200


def per_customer(values: dict[int, float]) -> pl.DataFrame:
    return pl.DataFrame({"customer": values.keys(), "x": values.values()}, schema={"customer": pl.UInt32, "x": pl.Float64})


def segmented(of: dict[int, str]) -> pl.DataFrame:
    return pl.DataFrame({"customer": of.keys(), "segment": of.values()}, schema={"customer": pl.UInt32, "segment": pl.String})


def random_scores(n: int, seed: int) -> dict[int, float]:
    return dict(enumerate(np.random.default_rng(seed).random(n).tolist()))


def difference(a: pl.DataFrame, b: pl.DataFrame, seed: int = 0) -> dict[str, float]:
    return paired_difference(a, b, ["x"], resamples=RESAMPLES, seed=seed).row(0, named=True)


def test_a_constant_lead_over_every_customer_has_an_interval_without_width() -> None:
    b = random_scores(300, seed=1)
    found = difference(per_customer({c: v + 0.125 for c, v in b.items()}), per_customer(b))
    assert [found[name] for name in ("value", "low", "high")] == pytest.approx([0.125] * 3, abs=1e-9)
    assert found["n_customers"] == 300


def test_customers_are_paired_by_id_whatever_the_row_order() -> None:
    a, b = per_customer(random_scores(300, seed=1)), per_customer(random_scores(300, seed=2))
    shuffled = b.sample(fraction=1, shuffle=True, seed=3)
    assert difference(a, shuffled) == difference(a, b)
    assert difference(b, shuffled)["high"] == 0


def test_the_ratio_of_means_has_a_paired_interval() -> None:
    b = random_scores(300, seed=1)
    exact = difference(per_customer({c: 1.5 * v for c, v in b.items()}), per_customer(b))
    assert [exact[name] for name in ("ratio", "ratio_low", "ratio_high")] == pytest.approx([1.5] * 3)
    noisy = difference(per_customer(random_scores(300, seed=2)), per_customer(b))
    assert noisy["ratio_low"] < noisy["ratio"] < noisy["ratio_high"]


def test_the_ratio_to_nothing_is_null() -> None:
    found = difference(per_customer({1: 0.5, 2: 0.1}), per_customer({1: 0.0, 2: 0.0}))
    assert [found[name] for name in ("ratio", "ratio_low", "ratio_high")] == [None, None, None]
    assert found["value"] == pytest.approx(0.3)


def test_different_customers_cannot_be_paired() -> None:
    with pytest.raises(ValueError, match="'a' and 'b' were measured on different customers"):
        difference(per_customer({1: 0.5, 2: 0.5}), per_customer({1: 0.5, 3: 0.5}))


def test_a_customer_without_segment_is_named() -> None:
    with pytest.raises(ValueError, match="customer 2 has no segment"):
        summarise(
            {"v": per_customer({1: 0.0, 2: 0.0})},
            segmented({1: "<=7"}),
            {"x": "x"},
            system=None,
            k=12,
            resamples=RESAMPLES,
            seed=0,
        )


def summary(variants: dict[str, pl.DataFrame], segments: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    return summarise(variants, segments, {"mean_x": "x"}, system="system", k=12, resamples=RESAMPLES, seed=0)


def test_every_variant_and_segment_has_its_mean_and_every_other_variant_its_difference() -> None:
    system, other = per_customer({1: 1.0, 2: 0.0, 3: 0.5}), per_customer({3: 0.0, 2: 0.5, 1: 0.25})
    means, differences = summary({"system": system, "other": other}, segmented({3: "never", 1: "<=7", 2: "<=7"}))
    expected = pl.DataFrame(
        [
            ("mean_x", 12, "all", "system", 0.5, 3),
            ("mean_x", 12, "all", "other", 0.25, 3),
            ("mean_x", 12, "<=7", "system", 0.5, 2),
            ("mean_x", 12, "<=7", "other", 0.375, 2),
            ("mean_x", 12, "never", "system", 0.5, 1),
            ("mean_x", 12, "never", "other", 0.0, 1),
        ],
        schema={name: dtype for name, dtype in METRICS.items() if name not in ("low", "high")},
        orient="row",
    )
    assert_frame_equal(means.drop("low", "high"), expected)
    assert means.schema == METRICS
    assert differences.schema == DIFFERENCES
    assert differences.select("segment", "variant", "value", "ratio").rows() == [
        ("all", "other", 0.25, 2.0),
        ("<=7", "other", 0.125, pytest.approx(4 / 3)),
        ("never", "other", 0.5, None),
    ]


def test_rows_of_a_variant_do_not_depend_on_the_other_variants_or_on_row_order() -> None:
    system, a, b = (per_customer(random_scores(100, seed)) for seed in range(3))
    groups = segmented({c: ("<=7", ">90")[c % 2] for c in range(100)})
    means, differences = summary({"system": system, "a": a, "b": b}, groups)
    fewer_means, fewer_differences = summary(
        {"a": a.sample(fraction=1, shuffle=True, seed=5), "system": system}, groups.sample(fraction=1, shuffle=True, seed=6)
    )
    order = ["segment", "variant"]
    kept = pl.col("variant") != "b"
    assert_frame_equal(means.filter(kept).sort(order), fewer_means.sort(order), check_exact=True)
    assert_frame_equal(differences.filter(kept), fewer_differences, check_exact=True)


def test_without_a_system_there_are_no_differences() -> None:
    _, differences = summarise(
        {"v": per_customer({1: 0.5})}, segmented({1: ALL}), {"x": "x"}, system=None, k=12, resamples=RESAMPLES, seed=0
    )
    assert differences.is_empty()
