from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookbook.data.conversion.parse import Dating, parse_transactions
from lookbook.data.conversion.raw_tables import RAW_TRANSACTIONS
from lookbook.data.conversion.rules import TransactionRules
from lookbook.data.reading.tally import Tally

STOCKHOLM = ZoneInfo("Europe/Stockholm")


def rows(**columns: list[str | None]) -> pl.DataFrame:
    size = len(next(iter(columns.values())))
    given = {"customer_id": "c", "article_id": "a", "date": "2020-09-01", "quantity": "1", "price": "1.0", "channel": "1"}
    table = {name: columns.get(name, [value] * size) for name, value in given.items()}
    return pl.DataFrame({"line": range(size), **table}, schema_overrides={"line": pl.UInt32, "date": pl.String}).select(
        RAW_TRANSACTIONS
    )


def dates(texts: list[str], time_zone: str = "", timestamp_zone: str = "") -> list[date | None]:
    dating = Dating(time_zone, timestamp_zone, date(2030, 1, 1), date(2030, 1, 1))
    return parse_transactions(rows(date=list(texts)), dating, price_per_line=False, tally=Tally())["date"].to_list()


@given(st.datetimes(datetime.fromisoformat("1980-01-01"), datetime.fromisoformat("2029-01-01")), st.integers(-14 * 60, 14 * 60))
def test_a_timestamp_falls_on_the_day_that_the_stated_zone_has_at_that_instant(moment: datetime, minutes: int) -> None:
    offset = timezone(timedelta(minutes=minutes))
    text = moment.replace(tzinfo=offset).isoformat()
    assert dates([text], "Europe/Stockholm") == [moment.replace(tzinfo=offset).astimezone(STOCKHOLM).date()]
    utc = moment.replace(tzinfo=UTC).astimezone(STOCKHOLM).date()
    assert dates([f"{moment:%Y-%m-%d %H:%M:%S}Z"], "Europe/Stockholm") == [utc]
    assert dates([f"{moment:%Y-%m-%d %H:%M}"], "Europe/Stockholm", "UTC") == [utc]


@given(st.dates(date(1900, 1, 1), date(2029, 12, 31)))
def test_an_iso_date_is_itself_in_every_zone(day: date) -> None:
    assert dates([str(day)]) == dates([str(day)], "Asia/Tokyo", "UTC") == [day]


def test_an_hour_that_the_clock_skips_counts_as_the_written_day() -> None:
    assert dates(["2020-03-29T02:30:00"], "Europe/Stockholm") == [date(2020, 3, 29)]


def test_a_timestamp_that_moves_to_another_day_is_counted() -> None:
    tally = Tally()
    batch = rows(date=["2020-09-01T23:30:00Z", "2020-09-01T12:00:00Z", "2020-09-01"])
    parse_transactions(batch, Dating("Europe/Stockholm", "", date(2021, 1, 1), date(2021, 1, 1)), price_per_line=False, tally=tally)
    assert tally.repaired == {"transactions: timestamps that fall on another day in Europe/Stockholm": 1}


@pytest.mark.parametrize(
    "text", ["2020-9-1", "20200901", "01-09-2020", "2020/09/01", "2020-09-01x", "2020-09-01T24:00", "soon", "2020-09"]
)
def test_any_other_form_of_a_date_has_no_day(text: str) -> None:
    assert dates([text]) == [None]


def test_the_price_of_a_line_is_divided_by_its_quantity() -> None:
    batch = rows(price=["9.0", "9.0"], quantity=["3", "1"])
    parsed = parse_transactions(batch, Dating("", "", date(2021, 1, 1), date(2021, 1, 1)), price_per_line=True, tally=Tally())
    assert parsed["price"].to_list() == [3.0, 9.0]


@pytest.mark.parametrize(("column", "good", "bad"), [
    ("price", ["1", "0.5", " 1e-3 ", "16777217"], ["", "x", "NaN", "-inf", "1e39", "1e-46", "0", "-0.0", "-1", "1,5"]),
    ("quantity", ["1", "2.0", "4294967295"], ["", "x", "0", "-1", "1.5", "nan", "inf", "4294967296"]),
    ("channel", ["0", "1", "255", None], ["256", "-1", "web", "1.5"]),
    ("customer_id", ["0", "x", "12E5", "1e5"], [None, " ", "1.2E+08", "1e+08"]),
    ("date", ["2020-09-01", "1900-01-01", "2021-01-01"], [None, "2021-01-02", "1899-12-31", "2020-02-30"]),
])  # fmt: skip
def test_the_rules_part_good_values_from_bad_ones(column: str, good: list[str | None], bad: list[str | None]) -> None:
    parsed = parse_transactions(
        rows(**{column: good + bad}), Dating("", "", date(2021, 1, 1), date(2021, 1, 1)), price_per_line=False, tally=Tally()
    )
    valid, _ = TransactionRules.filter(parsed)
    assert valid["line"].to_list() == list(range(len(good)))
