"""From the text of a transaction to its values; what cannot be read becomes null, and the rules then say why.

Input: RAW_TRANSACTIONS (data/conversion/raw_tables.py). Output: PARSED, which keeps the texts beside the values.
"""

from dataclasses import dataclass
from datetime import date

import polars as pl

from lookbook.data.reading.tally import Tally
from lookbook.data.settings import DataSettings

EARLIEST_DAY = date(1900, 1, 1)
DAY = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
MIDNIGHT = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ]00:00(:00(\.0+)?)?$"
TIMESTAMP = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?(Z|[+-][0-9]{2}:?[0-9]{2})?$"
OFFSET = r"([+-])([0-9]{2}):?([0-9]{2})$"


@dataclass(frozen=True)
class Dating:
    """How purchases get their day. time_zone: where a timestamp's day is counted ("" = timestamps are refused);
    timestamp_zone: the zone of timestamps without an offset; today: later days are errors; last_day: later purchases are not
    wanted."""

    time_zone: str
    timestamp_zone: str
    today: date
    last_day: date

    @staticmethod
    def of(settings: DataSettings, today: date) -> "Dating":
        last_day = date.fromisoformat(settings.last_day) if settings.last_day else today
        return Dating(settings.time_zone, settings.timestamp_zone, today, min(today, last_day))


def parse_transactions(batch: pl.DataFrame, dating: Dating, *, price_per_line: bool, tally: Tally) -> pl.DataFrame:
    """PARSED: what `parse_values` gives, ids trimmed."""
    trimmed = trim(batch, ("customer_id", "article_id"), "transactions", tally)
    return parse_values(trimmed, dating, price_per_line=price_per_line, tally=tally)


def parse_values(batch: pl.DataFrame, dating: Dating, *, price_per_line: bool, tally: Tally) -> pl.DataFrame:
    """The same rows in the same order, ids as they are, and for date, quantity, price and channel a value and `*_text`.

    date_form: day, timestamp, or null for any other text. date_allowed: within EARLIEST_DAY and
    `dating.today`; date_wanted: not after `dating.last_day`.
    """
    quantity, price, channel = (pl.col(f"{column}_text").str.strip_chars() for column in ("quantity", "price", "channel"))
    number, amount = quantity.cast(pl.Float64, strict=False), price.cast(pl.Float64, strict=False)
    parsed = (
        batch.rename({column: f"{column}_text" for column in ("date", "quantity", "price", "channel")})
        .join(days_of(batch["date"], dating), on="date_text", how="left", nulls_equal=True, maintain_order="left")
        .with_columns(
            quantity=number,
            price=(amount / number if price_per_line else amount).cast(pl.Float32),
            channel=channel.cast(pl.Int64, strict=False),
        )
    )
    tally.repair(f"transactions: timestamps that fall on another day in {dating.time_zone}", int(parsed["date_moved"].sum()))
    return parsed.drop("date_moved")


def trim(batch: pl.DataFrame, columns: tuple[str, ...], table: str, tally: Tally) -> pl.DataFrame:
    """`batch` with white space removed round `columns`; how many values that changed is counted. Nothing left, and what other
    programs write for a missing number (nan), is null."""
    trimmed = batch.with_columns(pl.col(columns).str.strip_chars())
    for column in columns:
        tally.repair(f"{table}: {column} with spaces round it", int((trimmed[column] != batch[column]).sum()))
    given = {column: (pl.col(column) != "") & (pl.col(column).str.to_lowercase() != "nan") for column in columns}
    return trimmed.with_columns(pl.when(there).then(pl.col(column)).alias(column) for column, there in given.items())


def days_of(texts: pl.Series, dating: Dating) -> pl.DataFrame:
    """date_text, date, date_form, date_allowed, date_wanted, date_moved (not the day that is written): each distinct text is
    parsed once."""
    text = pl.col("date_text").str.strip_chars()
    is_day = text.str.contains(DAY)
    is_stamp = text.str.contains(TIMESTAMP)
    if not dating.time_zone:
        is_day = is_day | text.str.contains(MIDNIGHT)
        is_stamp = is_stamp & ~is_day
    stamp = _zoned_day(text, dating) if dating.time_zone else pl.lit(None, dtype=pl.Date)
    return (
        texts.unique()
        .alias("date_text")
        .to_frame()
        .with_columns(date_form=pl.when(is_day).then(pl.lit("day")).when(is_stamp).then(pl.lit("timestamp")))
        .with_columns(
            date=pl.when(date_form_is("day")).then(_written_day(text)).when(date_form_is("timestamp")).then(stamp),
        )
        .with_columns(
            date_allowed=pl.col("date").is_between(EARLIEST_DAY, dating.today),
            date_wanted=pl.col("date") <= dating.last_day,
            date_moved=date_form_is("timestamp") & (pl.col("date").cast(pl.String) != pl.col("date_text").str.head(10)),
        )
    )


def date_form_is(form: str) -> pl.Expr:
    return pl.col("date_form") == form


def _written_day(text: pl.Expr) -> pl.Expr:
    return text.str.head(10).str.to_date("%Y-%m-%d", strict=False)


def _zoned_day(text: pl.Expr, dating: Dating) -> pl.Expr:
    """The day of an ISO timestamp in `dating.time_zone`. An hour that the clock skips counts as the day that is written."""
    minutes = text.str.head(16).str.replace("T", " ").str.to_datetime("%Y-%m-%d %H:%M", strict=False)
    offset = text.str.extract_groups(OFFSET)
    shift = offset.struct[1].cast(pl.Int64) * 60 + offset.struct[2].cast(pl.Int64)
    signed = pl.when(offset.struct[0] == "-").then(-shift).otherwise(shift)
    utc = (minutes - pl.duration(minutes=signed)).dt.replace_time_zone("UTC")
    local = minutes.dt.replace_time_zone(dating.timestamp_zone or dating.time_zone, ambiguous="earliest", non_existent="null")
    zulu = minutes.dt.replace_time_zone("UTC")
    instants = (utc, pl.when(text.str.ends_with("Z")).then(zulu), local)
    days = (instant.dt.convert_time_zone(dating.time_zone).dt.date() for instant in instants)
    return pl.when(minutes.is_not_null()).then(pl.coalesce(*days, _written_day(text)))
