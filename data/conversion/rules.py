"""What values of raw tables must obey, and what happens to a row that does not.

Input: PARSED transactions (parse.py), raw customers and articles, a plan (data/plan/conversion.py), links
(data/links/conversion.py). A row's reason is the first rule here that it breaks.
`refuse`: one such row stops the conversion. `quarantine`: the row is set aside and counted, up to a share. `drop`: stated policy.
"""

from dataclasses import dataclass
from typing import Literal

import dataframely as dy
import polars as pl

Treatment = Literal["refuse", "quarantine", "drop"]

_EXPONENT = r"^[+-]?[0-9](\.[0-9]+[eE][+-]?|[eE][+-])[0-9]{1,3}$"
_HEX64 = r"^[0-9a-f]{64}$"
_TEN_DIGITS = r"^[0-9]{10}$"
_FEWER_DIGITS = r"^[0-9]{1,9}$"


@dataclass(frozen=True)
class Broken:
    """What a broken rule means: the column whose value is shown, what was expected, what to do, and the row's treatment."""

    column: str
    expected: str
    treatment: Treatment = "quarantine"
    fix: str = "correct or remove the row"


class Row(dy.Schema):
    """What every table has; a table without one of the ids has it as null."""

    line = dy.UInt32()
    customer_id = dy.String(nullable=True)
    article_id = dy.String(nullable=True)


class Identified(Row):
    """Rules of ids that hold for every data set."""

    customer_id_not_a_rounded_number = dy.rule()(lambda _: ~pl.col("customer_id").str.contains(_EXPONENT))
    article_id_not_a_rounded_number = dy.rule()(lambda _: ~pl.col("article_id").str.contains(_EXPONENT))
    article_id_without_space = dy.rule()(lambda _: ~pl.col("article_id").str.contains(r"\s"))


class CustomerRules(Identified):
    """Rules of a customers table."""

    customer_id_given = dy.rule()(lambda _: pl.col("customer_id").is_not_null())


class ArticleRules(Identified):
    """Rules of an articles table."""

    article_id_given = dy.rule()(lambda _: pl.col("article_id").is_not_null())


class TransactionValues(Row):
    """Rules of purchases that hold for every data set, but for the ids."""

    date_text = dy.String(nullable=True)
    date = dy.Date(nullable=True)
    date_form = dy.String(nullable=True)
    date_allowed = dy.Bool(nullable=True)
    date_wanted = dy.Bool(nullable=True)
    quantity_text = dy.String(nullable=True)
    quantity = dy.Float64(nullable=True, allow_inf=True, allow_nan=True)
    price_text = dy.String(nullable=True)
    price = dy.Float32(nullable=True, allow_inf=True, allow_nan=True)
    channel_text = dy.String(nullable=True)
    channel = dy.Int64(nullable=True)

    date_is_iso = dy.rule()(lambda _: pl.col("date_text").is_null() | pl.col("date_form").is_not_null())
    date_exists = dy.rule()(lambda _: (pl.col("date_form") != "day") | pl.col("date").is_not_null())
    timestamp_has_a_stated_zone = dy.rule()(lambda _: (pl.col("date_form") != "timestamp") | pl.col("date").is_not_null())
    channel_is_a_code = dy.rule()(
        lambda _: pl.col("channel_text").is_null() | pl.col("channel").is_between(0, 255).fill_null(False)
    )
    date_given = dy.rule()(lambda _: pl.col("date_text").is_not_null())
    date_in_the_window = dy.rule()(lambda _: pl.col("date_allowed"))
    date_not_after_the_last_day = dy.rule()(lambda _: pl.col("date_wanted"))
    quantity_is_a_whole_number = dy.rule()(
        lambda _: pl.col("quantity").is_finite().fill_null(False) & (pl.col("quantity") == pl.col("quantity").floor())
    )
    quantity_fits = dy.rule()(lambda _: pl.col("quantity") < 2**32)
    quantity_positive = dy.rule()(lambda _: pl.col("quantity") > 0)
    price_is_a_number = dy.rule()(lambda _: pl.col("price").is_not_null())
    price_finite = dy.rule()(lambda _: pl.col("price").is_finite())
    price_positive = dy.rule()(lambda _: pl.col("price") > 0)


class TransactionRules(CustomerRules, ArticleRules, TransactionValues):
    """Rules of purchases that hold for every data set."""


class HmIds(Identified):
    """Rules of ids in the format of the H&M data set."""

    customer_id_is_hexadecimal = dy.rule()(lambda _: pl.col("customer_id").str.contains(_HEX64))
    article_id_keeps_its_zero = dy.rule()(lambda _: ~pl.col("article_id").str.contains(_FEWER_DIGITS))
    article_id_has_ten_digits = dy.rule()(lambda _: pl.col("article_id").str.contains(_TEN_DIGITS))


class HmCustomerRules(HmIds, CustomerRules):
    """Customers in the format of the H&M data set."""


class HmArticleRules(HmIds, ArticleRules):
    """Articles in the format of the H&M data set."""


class HmTransactionValues(TransactionValues):
    """Purchases in the format of the H&M data set: a channel is required."""

    channel_given = dy.rule()(lambda _: pl.col("channel_text").is_not_null())
    channel_is_store_or_online = dy.rule()(lambda _: pl.col("channel").is_in([1, 2]))


class HmTransactionRules(HmIds, TransactionRules, HmTransactionValues):
    """Purchases in the format of the H&M data set."""


class PlanRules(ArticleRules):
    """Rules of what is planned ahead."""

    first_day_text = dy.String(nullable=True)
    first_day = dy.Date(nullable=True)
    last_day_text = dy.String(nullable=True)
    last_day = dy.Date(nullable=True)
    known_from_text = dy.String(nullable=True)
    known_from = dy.Date(nullable=True)
    kind_text = dy.String(nullable=True)
    kind = dy.UInt8(nullable=True)
    share_text = dy.String(nullable=True)
    share = dy.Float64(nullable=True, allow_inf=True, allow_nan=True)

    first_day_is_a_day = dy.rule()(lambda _: pl.col("first_day_text").is_null() | pl.col("first_day").is_not_null())
    last_day_is_a_day = dy.rule()(lambda _: pl.col("last_day_text").is_null() | pl.col("last_day").is_not_null())
    known_from_is_a_day = dy.rule()(lambda _: pl.col("known_from_text").is_null() | pl.col("known_from").is_not_null())
    first_day_given = dy.rule()(lambda _: pl.col("first_day").is_not_null())
    last_day_given = dy.rule()(lambda _: pl.col("last_day").is_not_null())
    known_from_given = dy.rule()(lambda _: pl.col("known_from").is_not_null())
    last_day_not_before_the_first = dy.rule()(lambda _: pl.col("last_day") >= pl.col("first_day"))
    kind_known = dy.rule()(lambda _: pl.col("kind").is_not_null())
    share_is_a_share = dy.rule()(lambda _: pl.col("share").is_finite().fill_null(False) & pl.col("share").is_between(0, 1))


class LinkRules(CustomerRules):
    """Rules of links between customers."""

    friend_id = dy.String(nullable=True)
    weight_text = dy.String(nullable=True)
    weight = dy.Float32(nullable=True, allow_inf=True, allow_nan=True)

    friend_id_given = dy.rule()(lambda _: pl.col("friend_id").is_not_null())
    friend_is_another = dy.rule()(lambda _: pl.col("friend_id") != pl.col("customer_id"))
    weight_above_zero = dy.rule()(lambda _: pl.col("weight").is_finite().fill_null(False) & (pl.col("weight") > 0))


@dataclass(frozen=True)
class PurchaseRules:
    """How purchases are judged. ids: the rules of an id that is given. values: the rules of everything else. all: both, and
    that ids are given."""

    ids: type[dy.Schema]
    values: type[dy.Schema]
    all: type[dy.Schema]


ANY_PURCHASE = PurchaseRules(Identified, TransactionValues, TransactionRules)
HM_PURCHASE = PurchaseRules(HmIds, HmTransactionValues, HmTransactionRules)


_RANGE = "export the ids as text, not as numbers"
BROKEN: dict[str, Broken] = {
    "customer_id_not_a_rounded_number": Broken("customer_id", "an id, not a rounded number", "refuse", _RANGE),
    "article_id_not_a_rounded_number": Broken("article_id", "an id, not a rounded number", "refuse", _RANGE),
    "article_id_without_space": Broken(
        "article_id",
        "an id without white space: lists of articles are joined by spaces",
        "refuse",
        "write another character for it",
    ),
    "customer_id_is_hexadecimal": Broken("customer_id", "64 characters of 0-9 a-f", "refuse", "get the file again"),
    "article_id_keeps_its_zero": Broken(
        "article_id",
        "ten digits; a leading zero seems lost",
        "refuse",
        "export the ids as text, or set data.repair_ids (--repair-ids)",
    ),
    "article_id_has_ten_digits": Broken("article_id", "ten digits", "refuse", "get the file again"),
    "date_is_iso": Broken("date", "a date as YYYY-MM-DD", "refuse", "write all dates as YYYY-MM-DD"),
    "date_exists": Broken("date", "a day of the calendar", "refuse"),
    "timestamp_has_a_stated_zone": Broken(
        "date", "a date, or a timestamp whose day is clear", "refuse", "set data.time_zone to the zone that days are counted in"
    ),
    "channel_is_a_code": Broken("channel", "a whole number from 0 to 255", "refuse", "check the channel column"),
    "channel_is_store_or_online": Broken("channel", "1 (store) or 2 (online)", "refuse", "check the channel column"),
    "customer_id_given": Broken("customer_id", "an id"),
    "article_id_given": Broken("article_id", "an id"),
    "date_given": Broken("date", "a date"),
    "date_in_the_window": Broken("date", "a day from 1900 to today"),
    "date_not_after_the_last_day": Broken("date", "a day up to data.last_day", "drop"),
    "quantity_is_a_whole_number": Broken("quantity", "a whole number"),
    "quantity_fits": Broken("quantity", "less than 2**32"),
    "quantity_positive": Broken("quantity", "at least 1 (fewer: a return)", "drop"),
    "price_is_a_number": Broken("price", "a number with a decimal point"),
    "price_finite": Broken("price", "a finite number"),
    "price_positive": Broken("price", "more than 0"),
    "channel_given": Broken("channel", "a channel"),
    "article_known": Broken("article_id", "an article of the articles table"),
    **{
        f"{column}_is_a_day": Broken(column, "a day as YYYY-MM-DD", "refuse", "write all days as YYYY-MM-DD")
        for column in ("first_day", "last_day", "known_from")
    },
    **{f"{column}_given": Broken(column, "a day") for column in ("first_day", "last_day", "known_from")},
    "last_day_not_before_the_first": Broken("last_day", "the first day or a later one"),
    "kind_known": Broken("kind", "one of data.csv.plan.kinds"),
    "share_is_a_share": Broken("share", "a share of the stores from 0 to 1", fix="write shares, not percent or numbers of stores"),
    "article_excluded": Broken("article_id", "an article that data.exclude_articles does not name", "drop"),
    "rating_below_liked": Broken("price", "at least data.movielens.liked stars", "drop"),
    "friend_id_given": Broken("friend_id", "an id"),
    "friend_is_another": Broken("friend_id", "the id of another customer"),
    "weight_above_zero": Broken("weight", "a finite number above 0"),
    "customers_in_the_data": Broken("friend_id", "two customers who bought or are in the customers table", "drop"),
    "article_in_the_data": Broken("article_id", "an article that was sold or is in the articles table", "drop"),
}
"""Every reason for which a row is not kept: the rules that a schema of this package can name, of which the one further up is the
reason where two are broken, and what is dropped before."""
