"""Tables of an ablation on terminals of several widths."""

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console
from rich.table import Table

from lookbook.pipelines.ablation.display import ablation_tables, conclusions, show_ablation
from lookbook.pipelines.ablation.record import Ablation, BuiltUp
from lookbook.pipelines.runs.records.files import as_json, as_line, read_record, record_of
from lookbook.pipelines.terminal.progress import Reporter

SOURCES = ("repurchase", "matrix_factorization", "favourite_category")
REACHED = {
    "map": 0.12344,
    "low": 0.1,
    "high": 0.2,
    "candidates_per_customer": 299.96,
    "recall": 0.42189,
    "trees": [46],
    "map_by_week": [0.12344],
    "fit_seconds": 2.5,
    "note": None,
}
PAIRED = {
    "difference": -0.00171,
    "difference_low": -0.0033,
    "difference_high": -0.0001,
    "smallest_visible": 0.0022,
    "verdict": "hurts",
}
GAIN = {"map": 0.1, "gain": -0.0004, "gain_low": -0.002, "gain_high": 0.0013, "smallest_visible": 0.002, "verdict": "cannot tell"}
RETRIEVED = {
    "candidates_per_customer": 218.42,
    "recall": 0.40665,
    "low": 0.3,
    "high": 0.5,
    "found_only": 13452,
    "found": 20000,
    "n_labels": 49000,
    "n_customers": 9,
    "customer_recall": 0.4,
    "learn_seconds": 93.7,
    "retrieve_seconds": 4.25,
    "peak_memory_mb": 11626,
}


def content(note: str | None = None) -> Ablation:
    return record_of(raw(note), Ablation)


def raw(note: str | None = None) -> dict[str, object]:
    return {
        "budget": "fixed",
        "weeks": ["2017-12-25", "2017-12-18"],
        "k": 5,
        "full": {**REACHED, "n_customers": 9, "n_customer_weeks": 18},
        "variants": [
            {**REACHED, **PAIRED, "mode": mode, "name": name, "budget": budget, "note": note, "left_out": ["x"], "kept": ["y"]}
            for mode, budget, name in (
                ("leave_one_out", "fixed", "without matrix_factorization"),
                ("alone", "union", "only matrix_factorization"),
                ("features", None, "without customer_attributes"),
                ("greedy", "fixed", "+ matrix_factorization"),
            )
        ],
        "greedy": [
            {
                "budget": "fixed",
                "kept": list(SOURCES[:2]),
                "steps": [{"best": SOURCES[2], "added": False, "source": SOURCES[2], **GAIN, "tried": []}],
            }
        ],
        "sources": [
            {**RETRIEVED, "source": source, "positive_rate": None if source == "repurchase" else 0.0362} for source in SOURCES
        ],
        "shapley": [
            {"source": source, "of": of, "value": value, "low": -0.01, "high": 0.3, "standard_error": error, "share": 0.289}
            for of, value, error in (("recall", 0.23, None), ("map", -0.0139, 0.0021))
            for source in SOURCES
        ],
        "overlap": [{"source": a, "other": b, "jaccard": 1.0 if a == b else 0.25} for a in SOURCES for b in SOURCES],
        "source_stages_computed_by_variants": 0,
    }


def printed(table: Table, width: int) -> str:
    console = Console(file=io.StringIO(), width=width)
    console.print(table)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.mark.parametrize("width", [80, 100, 140])
@pytest.mark.parametrize("note", [None, "too few examples"])
def test_no_cell_is_cut_on_an_ordinary_terminal(width: int, note: str | None) -> None:
    for text in (printed(table, width) for table in ablation_tables(content(note), width=width)):
        assert "…" not in text
        assert max(map(len, text.splitlines())) <= width


def test_each_mode_has_a_table_that_says_what_was_measured() -> None:
    titles = [str(table.title) for table in ablation_tables(content(), width=140)]
    assert titles == [
        "One source left out, freed places filled; 2 weeks up to that of 2017-12-25",
        "One source alone, freed places left empty; 2 weeks up to that of 2017-12-25",
        "One feature group left out; 2 weeks up to that of 2017-12-25",
        "Built up from the best source, freed places filled; 2 weeks up to that of 2017-12-25",
        "Sources: candidates before the cut, cost",
        "Shapley values: what each source adds, averaged over all orders",
        "Overlap: candidates that both retrieved / that either did",
    ]


def test_a_row_holds_map_difference_and_verdict_and_the_whole_system_comes_first() -> None:
    table, *_ = ablation_tables(content(), width=140)
    text = printed(table, 140)
    first, second = [line for line in text.splitlines() if "0.1234" in line]
    assert "whole system" in first
    assert "without matrix_factorization" in second
    for cell in ("0.1234 [0.1000, 0.2000]", "-0.0017 [-0.0033, -0.0001]", "hurts", "0.0022", "300.0", "0.4219"):
        assert cell in second
    assert "MAP@5" in text


def test_a_variant_without_examples_is_marked_and_explained() -> None:
    table, *_ = ablation_tables(content("too few examples"), width=140)
    text = printed(table, 140)
    assert "hurts*" in text
    assert "* too few examples to fit a ranker in some week: everybody got a fallback list" in text


def test_the_verdict_stands_under_what_it_is_about() -> None:
    headings = [str(table.columns[3].header) for table in ablation_tables(content(), width=140)[:4]]
    assert headings == ["the source", "the others", "the group", "the rest"]


def test_a_variant_that_leaves_nothing_out_has_no_verdict() -> None:
    table, *_ = ablation_tables(content("nothing"), width=140)
    row = next(line for line in printed(table, 140).splitlines() if "without" in line)
    assert "nothing" in row
    assert "hurts" not in row
    assert "too few" not in printed(table, 140)


def test_no_width_of_an_interval_shows_no_smallest_difference() -> None:
    same = replace(content(), variants=[replace(row, smallest_visible=0.0) for row in content().variants])
    table, *_ = ablation_tables(same, width=140)
    assert "0.0000" not in printed(table, 140)


def test_sampled_shapley_values_say_how_far_off_they_may_be() -> None:
    text = printed(ablation_tables(content(), width=140)[-2], 140)
    assert "standard error up to 0.0021" in text
    assert "-0.0139 [-0.0100, 0.3000]    29%" in text


def test_the_end_of_a_build_up_is_told_with_the_gain_that_was_refused() -> None:
    (line,) = conclusions(content())
    assert line == (
        "Built up (fixed budget): repurchase, matrix_factorization; "
        "then the best of the rest, favourite_category, changes MAP by -0.0004 [-0.0020, +0.0013]."
    )


def test_a_build_up_that_took_every_source_says_so() -> None:
    (built,) = content().greedy
    steps = [replace(built.steps[0], added=True)]
    (line,) = conclusions(replace(content(), greedy=[BuiltUp("union", SOURCES, steps)]))
    assert line == "Built up (union budget): repurchase, matrix_factorization, favourite_category; then no other source is left."


def test_json_is_one_object_and_text_ends_with_what_was_reused(capsys: pytest.CaptureFixture[str]) -> None:
    reporter = Reporter("quiet", reused={"learn": 40}, computed={"fit": 24})
    show_ablation(content(), Path("runs/one"), reporter, json_lines=True)
    assert json.loads(capsys.readouterr().out) == {"run": "runs/one", "ablation": json.loads(as_line(content()))}
    show_ablation(content(), Path("runs/one"), reporter, json_lines=False)
    *_, reused, again, where = capsys.readouterr().out.splitlines()
    assert reused == "40 of 64 stages were reused, 24 computed."
    assert again == "No source was computed again for a variant."
    assert where == "Results are in runs/one/ablation.json"


def test_what_is_written_is_read_back_equal_and_of_recall_there_is_no_budget(tmp_path: Path) -> None:
    file = tmp_path / "ablation.json"
    file.write_text(as_json(content()))
    assert read_record(file, Ablation) == content()
    assert {key for row in json.loads(file.read_text())["shapley"] for key in row} == {
        "source", "of", "value", "low", "high", "standard_error", "share",
    }  # fmt: skip
