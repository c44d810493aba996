from pathlib import Path

import polars as pl
import pytest

from lookbook.data.errors import ColumnError
from lookbook.data.reading.reader import read_text
from lookbook.data.reading.tally import Tally

COLUMNS = {"customer_id": "who", "article_id": "what", "price": "paid"}


def read_back(folder: Path, column: str, dtype: pl.DataType) -> pl.DataFrame:
    table = pl.DataFrame({"who": [953763001, 953763002], "what": [953763001, 953763002], "paid": [1, 2]})
    table.with_columns(pl.col(column).cast(dtype)).write_parquet(folder / "log.parquet")
    return pl.concat(read_text(folder / "log.parquet", COLUMNS, tally=Tally()))


@pytest.mark.parametrize("column", ["who", "what"])
def test_ids_in_single_precision_are_refused_since_some_have_become_one(column: str, tmp_path: Path) -> None:
    with pytest.raises(ColumnError, match=f"(?s)ids in column '{column}' are Float32.*export the ids as text"):
        read_back(tmp_path, column, pl.Float32())


@pytest.mark.parametrize(("column", "dtype"), [("what", pl.Float64()), ("who", pl.UInt32()), ("paid", pl.Float32())])
def test_types_that_keep_every_digit_are_read_and_so_are_other_numbers_in_single_precision(
    column: str, dtype: pl.DataType, tmp_path: Path
) -> None:
    assert read_back(tmp_path, column, dtype).n_unique() == 2
