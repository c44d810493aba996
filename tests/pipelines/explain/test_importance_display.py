"""Tables of importance and of lost labels on terminals of several widths."""

import io
from dataclasses import replace

import pytest
from rich.console import Console
from rich.table import Table

from lookbook.evaluation.lost_labels import stage_names
from lookbook.evaluation.segments import ALL, RECENCY_SEGMENTS
from lookbook.pipelines.explain.importance_display import importance_legend, importance_tables, lost_label_table
from lookbook.pipelines.explain.record import Explained, ImportanceRow, LostLabels

LONGEST = "customer_days_since_first_purchase"
SIZES = {"gain": 1_234_567.8, "split": 1234.0, "permutation": -0.01234, "shap": 0.2345}


def row(level: str, name: str, method: str, share: float | None = 0.5) -> ImportanceRow:
    low, high = (-0.02, 0.00001) if method == "permutation" else (None, None)
    doc = "Days from the first purchase, a number with a long explanation; null = never." if level == "feature" else None
    return ImportanceRow(level, name, method, SIZES[method], low, high, share, "pair_department", None, doc)


NAMES = [("feature", LONGEST), ("feature", "rrf"), ("group", "customer_attributes"), ("source", "matrix_factorization")]
EXPLAINED = Explained(
    k=5,
    week="2020-09-16",
    n_customers=12345,
    n_pairs=300_000,
    n_pairs_shap=20000,
    repeats=5,
    map=0.1633,
    importance=[row(*name, method) for name in NAMES for method in SIZES],
    partial_dependence=[],
    shap_values=[],
    lost_labels=[LostLabels(segment, stage, 234_567, 1.0) for segment in (ALL, *RECENCY_SEGMENTS) for stage in stage_names(5)],
)


def printed(table: Table, width: int) -> str:
    console = Console(file=io.StringIO(), width=width, markup=False)
    console.print(table)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.mark.parametrize("width", [80, 100, 140])
def test_no_cell_is_cut_on_an_ordinary_terminal(width: int) -> None:
    for table in (*importance_tables(EXPLAINED, top=5, width=width), lost_label_table(EXPLAINED, width=width)):
        text = printed(table, width)
        assert "…" not in text
        assert max(map(len, text.splitlines())) <= width


def test_a_feature_is_shown_with_its_group_its_four_values_and_on_a_wide_terminal_its_meaning() -> None:
    narrow, wide = (printed(importance_tables(EXPLAINED, top=5, width=width)[0], width) for width in (80, 140))
    for text in (narrow, wide):
        for shown in (LONGEST, "pair_department", "1,234,568", "1,234", "-0.0123", "0.2345", "50.0%"):
            assert shown in text
    assert "[-0.0200, 0.0000]" in wide
    assert "Days from the first purchase" in " ".join(wide.split())
    assert "meaning" not in narrow


def test_only_the_first_features_are_shown_and_how_many_there_are_is_said() -> None:
    features, *_ = importance_tables(EXPLAINED, top=1, width=140)
    assert features.row_count == 1
    assert "1 of 2" in str(features.title)


def test_nothing_is_minus_zero_and_an_unknown_share_is_left_out() -> None:
    rows = [replace(row("feature", "rrf", method, share=None), value=-0.00001) for method in SIZES]
    features, *_ = importance_tables(replace(EXPLAINED, importance=rows), top=5, width=140)
    text = printed(features, 140)
    assert "-0.0000" not in text
    assert "%" not in text


def test_the_legend_names_the_metric_the_week_and_how_it_was_measured() -> None:
    legend = importance_legend(EXPLAINED)
    for said in ("MAP@5", "2020-09-16", "0.1633", "12,345 customers", "20,000 pairs", "mean of 5"):
        assert said in legend
