import json
from math import log2
from pathlib import Path

import polars as pl
import pytest

from benchmarks.next_basket.__main__ import level, next_basket
from benchmarks.next_basket.baskets import NextBaskets, read_next_baskets
from lookbook.data.schema import RECOMMENDATIONS

HISTORY = {
    "7": [[-1], [5, 6], [6], [-1]],
    "3": [[5], [8, 9, 8]],  # without marks
    "none": [[-1], [-1]],
    "gone": [[-1], [4], [-1]],
}
FUTURE = {"3": [[-1], [8], [-1]], "7": [[-1], [5, 9], [-1]], "none": [[-1], [1], [-1]], "empty": [[-1], [-1]]}


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    history, future = tmp_path / "history.json", tmp_path / "future.json"
    history.write_text(json.dumps(HISTORY))
    future.write_text(json.dumps(FUTURE))
    return history, future


@pytest.fixture
def baskets(files: tuple[Path, Path]) -> NextBaskets:
    return read_next_baskets(*files)


def test_baskets_become_days_and_marks_are_none(baskets: NextBaskets) -> None:
    rows = baskets.history.transactions.select("customer", "article", "days_ago").collect().rows()
    assert sorted(rows) == [(0, 5, 2), (0, 8, 1), (0, 8, 1), (0, 9, 1), (1, 5, 2), (1, 6, 1), (1, 6, 2)]
    assert baskets.labels.rows() == [(0, 8), (1, 5), (1, 9)]


def test_recall_and_ndcg_are_those_worked_out_by_hand(baskets: NextBaskets) -> None:
    lists = pl.DataFrame(
        [(0, 5, 1.0, 1), (0, 8, 0.5, 2), (1, 9, 1.0, 1), (1, 6, 0.5, 2)], schema=dict(RECOMMENDATIONS), orient="row"
    )
    found = level(lists, baskets, pl.Series("customer", [0, 1], dtype=pl.UInt32))
    assert found.customers == 2
    assert found.recall == pytest.approx((1 + 1 / 2) / 2)
    assert found.ndcg == pytest.approx((1 / log2(3) + 1 / (1 + 1 / log2(3))) / 2)
    assert level(lists, baskets, pl.Series("customer", [1], dtype=pl.UInt32)).recall == 0.5


def test_every_method_is_measured(files: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    next_basket(history=files[0], future=files[1])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "2 customers, 4 articles"
    assert [line.split(":")[0] for line in lines[5:7]] == ["tifu_knn, all", "tifu_knn, last fifth"]
    assert len(lines) == 9


@pytest.mark.parametrize("content", ["[]", '{"1": [5]}', '{"1": [["a"]]}', '{"1": 5}'])
def test_a_file_of_another_form_is_refused_by_name(tmp_path: Path, content: str) -> None:
    file = tmp_path / "wrong.json"
    file.write_text(content)
    with pytest.raises(ValueError, match=r"wrong\.json: expected"):
        read_next_baskets(file, file)
