"""Tables of a finished run on terminals of several widths."""

import io
from dataclasses import replace

import pytest
from rich.console import Console
from rich.table import Table

from lookbook.pipelines.runs.display import cold_table, result_table, segment_table, source_table
from lookbook.pipelines.runs.records.run import Cell, ColdRecall, DifferenceCell, DifferenceCells, SourceQuality

CELL = DifferenceCell(0.1234, 0.1, 0.2, 123456, 1.234, 1.1, 1.3)
METRICS = ("map", "recall", "precision", "ndcg", "mrr", "hit_rate", "catalogue_coverage")
VARIANTS = ("lookbook", "popularity", "repurchase_popularity", "most_bought", "matrix_factorization_alone")
RESULTS: DifferenceCells = {v: {s: dict.fromkeys(METRICS, CELL) for s in ("all", "31-90")} for v in VARIANTS}
COLD = {v: {s: dict.fromkeys(("map", "recall"), Cell(0.5, 0.4, 0.6, 123456)) for s in ("none", "1-2")} for v in VARIANTS}
NEW = [
    ColdRecall(segment, source, 9, recall, 0.1, 0.2, 99999, 99, 7)
    for segment, recall in (("never", 0.25), ("<=7", 0.75))
    for source in ("matrix_factorization", "union")
]
SOURCE = SourceQuality("matrix_factorization", 99, 0.1234, 0.1, 0.2, 0.1, 100.0, 0.0123, 999, 99, 12345)


def printed(table: Table, width: int) -> str:
    console = Console(file=io.StringIO(), width=width)
    console.print(table)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.mark.parametrize("width", [80, 100, 120, 140])
def test_no_cell_is_cut_on_an_ordinary_terminal(width: int) -> None:
    tables = (
        result_table(RESULTS, RESULTS, week="2020-09-16", k=5, width=width),
        segment_table(RESULTS, k=5, width=width),
        source_table([SOURCE], width=width),
        cold_table(COLD, NEW, k=5, width=width),
    )
    for text in (printed(table, width) for table in tables):
        assert "…" not in text
        assert max(map(len, text.splitlines())) <= width


def test_customers_and_articles_without_a_past_stand_in_one_table() -> None:
    lines = printed(cold_table(COLD, NEW, k=5, width=80), 80).splitlines()
    rows = {line.split()[0]: line.split()[1:] for line in lines if "0." in line}
    assert rows["lookbook"] == ["0.5000", "0.5000"]
    assert rows["matrix_factorization_alone"] == ["0.5000", "0.5000", "0.2500", "0.7500"]
    assert rows["union"] == ["0.2500", "0.7500"]
    assert len(cold_table(COLD, NEW, k=5, width=140).columns) == 7
    assert len(cold_table({}, NEW, k=5, width=80).columns) == len(cold_table(COLD, [], k=5, width=80).columns) == 3


def test_headings_name_the_length_of_the_lists() -> None:
    assert "MAP@5" in printed(result_table(RESULTS, RESULTS, week="2020-09-16", k=5, width=140), 140)
    assert "MAP@5" in printed(segment_table(RESULTS, k=5, width=140), 140)


@pytest.mark.parametrize(
    ("ratio", "ends", "shown"),
    [
        (1.23456, (1.1, 1.3), "1.235 [1.100, 1.300]"),
        (24.5234, (None, None), "24.5"),
        (371.8471, (250.0, 600.0), "372 [250, 600]"),
        (None, (None, None), ""),
    ],
)
def test_a_ratio_is_shown_wherever_there_is_one_in_fewer_digits_the_more_it_is(
    ratio: float | None, ends: tuple[float | None, float | None], shown: str
) -> None:
    cell = replace(CELL, ratio=ratio, ratio_low=ends[0], ratio_high=ends[1])
    rows = {variant: {"all": dict.fromkeys(METRICS, cell)} for variant in ("lookbook", "popularity")}
    made = result_table(rows, rows, week="2020-09-16", k=5, width=140)
    assert list(made.columns[2].cells) == ["", shown]
