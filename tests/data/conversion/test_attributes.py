from pathlib import Path

import polars as pl
import pytest

from lookbook.data.conversion.attributes import age_columns, ranked
from lookbook.data.conversion.quarantine import Intake
from lookbook.data.errors import DataError
from lookbook.data.reading.tally import Tally

FILE = Path("customers.csv")


def aged(ages: list[str | None], limit: float = 1.0) -> tuple[pl.DataFrame, Tally]:
    tally = Tally()
    table = pl.DataFrame({"age": ages}, schema={"age": pl.String})
    return age_columns(table, FILE, Intake(tally, Path(), limit)), tally


@pytest.mark.parametrize(
    ("age", "band"), [("0", 1), ("19.9", 1), ("20", 2), ("25", 3), ("30", 4), ("40", 5), ("50", 6), ("59", 6), ("60", 7)]
)
def test_an_age_band_includes_its_lower_end(age: str, band: int) -> None:
    table, _ = aged([age])
    assert table.rows() == [(pytest.approx(float(age), rel=1e-6), band)]


def test_an_age_out_of_range_is_unknown_and_counted_and_a_missing_one_is_not() -> None:
    table, tally = aged([None, "-1", "120", "121", "old", "nan"])
    assert table["age"].to_list() == [None, None, 120.0, None, None, None]
    assert table["age_band"].to_list() == [None, None, 7, None, None, None]
    assert sum(tally.repaired.values()) == 4


def test_ages_are_refused_only_above_the_limit() -> None:
    aged(["30"] * 9 + ["x"], limit=0.1)
    with pytest.raises(DataError, match="2 of 10 ages"):
        aged(["30"] * 8 + ["x"] * 2, limit=0.1)


def test_texts_are_coded_in_sorted_order() -> None:
    codes = pl.DataFrame({"tier": ["b", None, "a ", "b"]}).select(ranked("tier"))
    assert codes["tier"].to_list() == [2.0, None, 1.0, 2.0]
