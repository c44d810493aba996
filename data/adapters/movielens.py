"""MovieLens: who liked which movie, from the files of ml-latest-small, ml-100k, ml-1m and ml-25m as GroupLens ships them.

Input: a folder or a zip file (data/movielens/files.py). Output: RawTables. A purchase is a rating of at least data.movielens.liked,
on the day in UTC or data.time_zone; its price is the number of stars, its quantity 1. The ids are GroupLens' numbers.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl

from lookbook.data.conversion.attributes import age_columns, coded, ranked, warn_unknown_codes
from lookbook.data.conversion.lists import ListSource, judge_list
from lookbook.data.conversion.parse import Dating
from lookbook.data.conversion.quarantine import Intake
from lookbook.data.conversion.raw_tables import Adapter, RawTables, RawTransactions
from lookbook.data.conversion.rules import ANY_PURCHASE, ArticleRules, CustomerRules
from lookbook.data.movielens.files import GENRES_100K, ML_1M, ML_100K, Found, find_set
from lookbook.data.settings import DataSettings

COLUMNS = {"customer_id": "userId", "article_id": "movieId", "price": "rating", "date": "timestamp"}
DROPPED = "transactions: rating_below_liked"
YEAR = r"\s*\((\d{4})(?:[-–]\d{0,4})?\)\s*$"
"""The end of a title: a year, or the years of a series."""
NO_GENRE = ("", "unknown", "(no genres listed)")
GENDERS = {"f": 0, "m": 1}
AGES_1M = {"1": 16.0, "18": 21.0, "25": 29.5, "35": 39.5, "45": 47.0, "50": 52.5, "56": 60.0}
"""ml-1m has the first age of a band; of each, about the middle: under 18, 18-24, 25-34, 35-44, 45-49, 50-55, 56 and over."""
FARTHEST = 2**35
"""Seconds from 1970 within which a moment has a year that can be written; beyond, its text stays and is refused."""


def files(settings: DataSettings) -> dict[str, Path]:
    """The raw files by role; the tags only if they are read."""
    paths = find_set(Path(settings.data_dir)).paths
    return paths if settings.movielens.tags_before else {role: path for role, path in paths.items() if role != "tags"}


def read(settings: DataSettings, intake: Intake, today: date) -> RawTables:
    """Customers only where the set describes them (ml-100k, ml-1m)."""
    found = find_set(Path(settings.data_dir))
    return RawTables(
        name="movielens",
        transactions=RawTransactions(
            file=found.paths["transactions"],
            batches=lambda: _liked(found, settings, intake),
            columns=COLUMNS,
            rules=ANY_PURCHASE,
            dropped=frozenset(),
            dating=Dating.of(settings, today),
            price_per_line=False,
        ),
        customers=_customers(found, intake) if "customers" in found.paths else None,
        articles=_articles(found, settings, intake),
        keep_unknown_articles=False,
        order=None,
    )


def _liked(found: Found, settings: DataSettings, intake: Intake) -> Iterator[pl.DataFrame]:
    """RAW_TRANSACTIONS; ratings below data.movielens.liked are dropped and counted."""
    below = (pl.col("price").cast(pl.Float64, strict=False) < settings.movielens.liked).fill_null(False)
    seconds = pl.col("date").cast(pl.Int64, strict=False)
    utc = pl.from_epoch(pl.when(seconds.is_between(-FARTHEST, FARTHEST)).then(seconds)).dt.replace_time_zone("UTC")
    local = utc.dt.convert_time_zone(settings.time_zone or "UTC")
    context = {"none": pl.lit(None), "daytime": 2 - local.dt.hour().is_between(6, 17), "weekend": 1 + (local.dt.weekday() > 5)}
    for batch in found.read("transactions", COLUMNS, intake.tally, known=frozenset()):
        kept = batch.filter(~below)
        intake.tally.read["transactions"] += batch.height - kept.height
        intake.tally.dropped.update({DROPPED: batch.height - kept.height} if kept.height < batch.height else {})
        yield kept.with_columns(
            date=pl.coalesce(local.dt.date().cast(pl.String), "date"),
            channel=context[settings.movielens.context].cast(pl.String),
            quantity=pl.lit("1"),
        )


def _articles(found: Found, settings: DataSettings, intake: Intake) -> pl.DataFrame:
    """name = title with its year; product = title without it; text = the genres; category = all of them, department = the first;
    section = year; brand = the commonest tag."""
    genres = GENRES_100K if found.set is ML_100K else ("genres",)
    listed = _listed(found, "articles", {"article_id": "movieId", "title": "title", **{name: name for name in genres}}, intake)
    title = pl.col("title").str.strip_chars()
    table = listed.select(
        "article_id",
        name=title,
        text=_genres(genres).str.replace_all("|", " ", literal=True),
        product=title.str.replace(YEAR, ""),
        category=_genres(genres),
        section=title.str.extract(YEAR, 1),
    ).with_columns(department=pl.col("category").str.split("|").list.first(), colour=pl.lit(None, dtype=pl.String))
    return table.join(_tags(found, settings, intake), on="article_id", how="left", validate="1:1", maintain_order="left")


def _genres(columns: tuple[str, ...]) -> pl.Expr:
    """The genres joined by |; null where none is known."""
    flags = (pl.when(pl.col(name).str.strip_chars() == "1").then(pl.lit(name)) for name in columns)
    joined = pl.concat_str(*flags, separator="|", ignore_nulls=True) if len(columns) > 1 else pl.col(columns[0]).str.strip_chars()
    return pl.when(~joined.is_in(NO_GENRE)).then(joined)


def _tags(found: Found, settings: DataSettings, intake: Intake) -> pl.DataFrame:
    """article_id and brand: the tag, in small letters, that most users gave a movie before data.movielens.tags_before; of equals
    the first in the order of texts."""
    before, empty = settings.movielens.tags_before, {"article_id": pl.String, "brand": pl.String}
    if before and "tags" not in found.paths:
        tags = found.set.files.get("tags")
        why = f"there is no {tags.name}" if tags else f"{found.set.sets[0]} has no tags"
        intake.tally.warn(f"data.movielens.tags_before: {why}")
    if not before or "tags" not in found.paths:
        return pl.DataFrame(schema=empty)
    end = datetime.combine(date.fromisoformat(before), datetime.min.time(), UTC).timestamp()
    wanted = {"user": "userId", "article_id": "movieId", "brand": "tag", "moment": "timestamp"}
    batches = found.read("tags", wanted, intake.tally, known=frozenset())
    given = pl.concat(batch.filter(pl.col("moment").cast(pl.Int64, strict=False) < end) for batch in batches)
    return (
        given.with_columns(pl.col("article_id").str.strip_chars(), pl.col("brand").str.strip_chars().str.to_lowercase())
        .drop_nulls(["article_id", "brand"])
        .group_by("article_id", "brand")
        .agg(users=pl.col("user").n_unique())
        .sort("article_id", "users", "brand", descending=[False, True, False])
        .unique("article_id", keep="first", maintain_order=True)
        .select(*empty)
    )


def _customers(found: Found, intake: Intake) -> pl.DataFrame:
    """age and age_band (ml-1m: its own seven bands), gender (0 female, 1 male), occupation (a code without order)."""
    wanted = {"customer_id": "userId", "age": "age", "gender": "gender", "occupation": "occupation"}
    listed = _listed(found, "customers", wanted, intake)
    warn_unknown_codes(listed, "gender", GENDERS, intake.tally)
    if found.set is ML_1M:
        band = pl.col("age").replace_strict({code: n for n, code in enumerate(AGES_1M, 1)}, default=None, return_dtype=pl.UInt8)
        years = pl.col("age").replace_strict(AGES_1M, default=None, return_dtype=pl.Float32)
        aged = listed.with_columns(age=years, age_band=band)
        occupation = pl.col("occupation").cast(pl.Float32, strict=False)
    else:
        aged, occupation = age_columns(listed, found.paths["customers"], intake), ranked("occupation")
    return aged.select("customer_id", "age", "age_band", coded("gender", GENDERS), occupation)


def _listed(found: Found, role: str, columns: dict[str, str], intake: Intake) -> pl.DataFrame:
    """The columns of a list of movies or users as text, one row per id."""
    articles = role == "articles"
    source = ListSource(
        role, "article_id" if articles else "customer_id", found.paths[role], columns, ArticleRules if articles else CustomerRules,
        known=frozenset(), separator=",", pad_ids=False,
    )  # fmt: skip
    return judge_list(source, found.read(role, columns, intake.tally, known=frozenset()), intake)


ADAPTER = Adapter("movielens", True, files, read)
