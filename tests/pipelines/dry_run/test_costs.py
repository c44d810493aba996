"""Reference figures, what finished stages make of them, and how they are found anew."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookbook.data.adapters import NAMES
from lookbook.pipelines.dry_run.costs import FIGURES, Cost, Finished, Reference, Size, calibration
from lookbook.pipelines.dry_run.finished_steps import FinishedSteps, fitted
from lookbook.pipelines.settings.config import load_settings
from lookbook.pipelines.stages.artifacts import MANIFEST
from lookbook.retrieval.registry import SOURCES

WITHOUT_SOURCES = {
    "data", "learn/statistics", "learn/fallback", "retrieve/merge", "features", "examples",
    "fit/trees", "fit/ranker", "rank", "evaluate", "results",
}  # fmt: skip
OF_PICTURES = {"data/pictures", "data/weights"}


def line(seconds: tuple[float, float]) -> Mapping[str, tuple[float, float]]:
    return {"seconds": seconds, "memory_mb": (seconds[0] * 100, 0.0), "disk_mb": (1.0, 1.0)}


TABLE = Reference(
    {"rank": line((2.0, 3.0)), "features": line((5.0, 1.0)), "learn/a": line((1.0, 0.0)), "learn/b": line((0.0, 9.0))}, {}
)
TWO_THOUSAND, TWO_MILLION = Size(2_000, 0), Size(None, 2_000_000)


def test_a_stage_costs_a_fixed_part_and_a_part_by_size() -> None:
    assert TABLE.cost("rank", TWO_THOUSAND) == Cost(2.0 + 3.0 * 2, 200.0, 3.0)
    assert TABLE.cost("learn/a", TWO_MILLION) == Cost(1.0, 100.0, 3.0)


def test_what_is_computed_within_a_stage_adds_seconds_but_no_files_and_memory_only_if_it_takes_more() -> None:
    assert TABLE.cost("rank", TWO_THOUSAND, ("features",)) == Cost(8.0 + 7.0, 500.0, 3.0)


def test_a_source_without_reference_costs_as_much_as_the_dearest() -> None:
    assert TABLE.cost("learn/new", TWO_MILLION) == Cost(18.0, 100.0, 3.0)


def test_a_machine_that_took_twice_as_long_before_takes_twice_as_long_again() -> None:
    finished = [Finished("rank", TWO_THOUSAND, Cost(16.0, 100.0, 1.5)), Finished("rank", Size(1_000, 0), Cost(10.0, 300.0, 1.0))]
    assert calibration(TABLE, finished) == Cost(2.0, 1.5, 0.5)
    assert calibration(TABLE, []) == Cost(1.0, 1.0, 1.0)


def test_stages_of_versions_that_did_not_measure_memory_say_nothing_about_it() -> None:
    assert calibration(TABLE, [Finished("rank", TWO_THOUSAND, Cost(8.0, 0, 3.0))]) == Cost(1.0, 1.0, 1.0)


@given(st.floats(0, 100), st.floats(0, 100))
def test_the_line_through_stages_of_two_sizes_is_found(start: float, slope: float) -> None:
    steps = [Finished("rank", Size(n * 1_000, 0), Cost(start + n * slope, start, slope)) for n in (1, 10)]
    found = fitted(steps)
    assert found["seconds"] == pytest.approx((start, slope), abs=1e-6)
    assert found["memory_mb"] == pytest.approx((start, 0.0), abs=1e-6)


def test_the_size_of_a_finished_stage_is_in_its_manifest_or_in_its_data_set(tmp_path: Path) -> None:
    def write(folder: str, about: Mapping[str, object]) -> None:
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / MANIFEST).write_text(json.dumps({"key": {}, "seconds": 1.5, "peak_memory_mb": 7, **about}))
        (tmp_path / folder / "table.parquet").write_bytes(b"0" * 1000)

    write("data/1", {})
    (tmp_path / "data/1/tables").mkdir()
    (tmp_path / "data/1/tables/dataset.json").write_text(json.dumps({"digest": "abc", "transactions": 40}))
    write("rank/1", {"customers": 3})
    write("rank/2", {})
    write("learn/repurchase/1", {"key": {"data": "abc"}})
    write("learn/repurchase/2", {"key": {"data": "removed"}})
    cache = FinishedSteps(tmp_path)
    assert cache.kinds == ["data", "learn/repurchase", "rank"]
    sizes = {kind: [step.size for step in cache.of(kind)] for kind in cache.kinds}
    assert sizes == {"data": [Size(None, 40)], "learn/repurchase": [Size(None, 40)], "rank": [Size(3, 0)]}
    assert cache.of("rank")[0].took.seconds == 1.5
    assert cache.of("rank")[0].took.disk_mb == pytest.approx(0.001, rel=0.2)
    assert cache.of("retrieve/merge") == []


def test_every_stage_of_a_run_has_reference_figures() -> None:
    table = Reference.read()
    of_sources = {f"{stage}/{source}" for stage in ("learn", "retrieve") for source in SOURCES}
    assert WITHOUT_SOURCES < set(table.stages) - OF_PICTURES <= WITHOUT_SOURCES | of_sources, (
        "a new source is estimated from its family"
    )
    assert all(set(lines) == set(FIGURES) for lines in table.stages.values())
    assert table.files.keys() == set(NAMES)
    assert load_settings().data.dataset in table.files
