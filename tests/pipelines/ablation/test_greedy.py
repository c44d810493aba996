"""Building a system up from sources whose worth together is known."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl
import pytest

from lookbook.evaluation.variants import Judged, judge_variants
from lookbook.pipelines.ablation.greedy import BuildUp, build_up

Worth = Mapping[str, float]


@dataclass
class Known:
    """Stands in for a Bench: sources a, b, c; `worth` of every set of them, by its letters, for two customers alike."""

    worth: Worth
    announced: list[str] = field(default_factory=list)
    sources = ("a", "b", "c")

    def announce(self, variant: str) -> None:
        self.announced.append(variant)

    def measure(self, variant: str) -> str:
        assert variant in self.announced
        return variant

    def of_sources(self, kept: Sequence[str], budget: str) -> str:
        assert budget == "fixed"
        return "".join(sorted(kept))

    def judge(self, outcomes: Mapping[str, str]) -> Judged:
        values = {name: [self.worth[chosen]] * 2 for name, chosen in outcomes.items()}
        tables = {name: pl.DataFrame({"customer": [1, 2], "average_precision": value}) for name, value in values.items()}
        return judge_variants([tables], resamples=10, seed=0)


def built(worth: Worth) -> BuildUp:
    return build_up(Known(worth), "fixed")  # type: ignore[arg-type]


ADDING = {"": 0.1, "a": 0.2, "b": 0.4, "c": 0.3, "ab": 0.5, "bc": 0.6, "ac": 0.9, "abc": 0.7}


def test_the_best_source_is_followed_by_the_one_that_adds_most() -> None:
    assert [trial.kept for trial in built(ADDING).trials] == [("b",), ("b", "c"), ("b", "c", "a")]
    assert [trial.name for trial in built(ADDING).trials] == ["b", "+ c", "+ a"]
    assert [trial.left_out for trial in built(ADDING).trials] == [("a", "c"), ("a",), ()]
    assert [step.gain for step in built(ADDING).steps] == pytest.approx([0.3, 0.2, 0.1])


def test_it_ends_where_the_best_addition_raises_nothing_and_says_by_how_much() -> None:
    for worth in (0.6, 0.59):
        found = built({**ADDING, "abc": worth})
        assert found.record.kept == ["b", "c"]
        assert [step.added for step in found.steps] == [True, True, False]
        assert found.steps[-1].best == "a"
        assert found.steps[-1].gain == pytest.approx(worth - 0.6)


def test_ties_go_to_the_source_that_comes_first() -> None:
    assert built({**ADDING, "a": 0.4, "ab": 0.9}).trials[0].kept == ("a",)
    assert built({**ADDING, "a": 0.4, "ab": 0.9}).trials[1].kept == ("a", "b")


def test_the_first_source_is_taken_even_if_fallback_lists_are_better() -> None:
    found = built({**ADDING, "": 0.95})
    assert found.steps[0].added
    assert found.steps[0].gain == pytest.approx(-0.55)


def test_every_system_is_announced_before_it_is_measured() -> None:
    bench = Known(ADDING)
    build_up(bench, "fixed")  # type: ignore[arg-type]
    assert bench.announced == ["", "a", "b", "c", "b", "ab", "bc", "bc", "abc"]
