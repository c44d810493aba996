import polars as pl
import pytest

from lookbook.data.order import best_first

ROWS = [
    # customer, article, score, rrf
    (2, 3, 0.5, 0.1),
    (1, 9, 0.5, 0.1),
    (1, 4, None, 0.9),
    (1, 7, 0.5, 0.1),
    (1, 8, 0.5, 0.2),
    (1, 2, 0.1, 0.9),
    (1, 5, 0.9, 0.0),
]


@pytest.mark.parametrize("rows", [ROWS, ROWS[::-1]])
def test_the_best_come_first_and_equals_by_the_next_column_then_the_smaller_article_with_null_last(
    rows: list[tuple[int, int, float | None, float]],
) -> None:
    table = pl.DataFrame(rows, schema=["customer", "article", "score", "rrf"], orient="row")
    assert best_first(table, "score", "rrf").select("customer", "article").rows() == [
        (1, 5),
        (1, 8),
        (1, 7),
        (1, 9),
        (1, 2),
        (1, 4),
        (2, 3),
    ]
    assert best_first(table, "rrf", within=())["article"].to_list() == [2, 4, 8, 3, 7, 9, 5]
