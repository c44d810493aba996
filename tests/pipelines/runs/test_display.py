"""Tables of a finished run on terminals of several widths."""

import io

import pytest
from rich.console import Console
from rich.table import Table

from lookbook.evaluation.results import Nested
from lookbook.pipelines.runs.display import result_table, segment_table, source_table

CELL = {"value": 0.1234, "low": 0.1, "high": 0.2, "ratio": 1.234, "ratio_low": 1.1, "ratio_high": 1.3, "n_customers": 123456}
METRICS = ("map", "recall", "precision", "ndcg", "mrr", "hit_rate", "catalogue_coverage")
VARIANTS = ("lookbook", "popularity", "repurchase_popularity", "most_bought", "matrix_factorization_alone")
RESULTS: Nested = {v: {s: {m: dict(CELL) for m in METRICS} for s in ("all", "31-90")} for v in VARIANTS}
SOURCE = {
    "source": "matrix_factorization",
    "candidates_per_customer": 100.0,
    "recall": 0.1234,
    "low": 0.1,
    "high": 0.2,
    "found_only": 12345,
    "positive_rate": 0.0123,
}


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
        source_table([dict(SOURCE)], width=width),
    )
    for text in (printed(table, width) for table in tables):
        assert "…" not in text
        assert max(map(len, text.splitlines())) <= width


def test_headings_name_the_length_of_the_lists() -> None:
    assert "MAP@5" in printed(result_table(RESULTS, RESULTS, week="2020-09-16", k=5, width=140), 140)
    assert "MAP@5" in printed(segment_table(RESULTS, k=5, width=140), 140)
