"""Which customers have to do with each other: by links that a file states, and by a household that few share.

Input: RawLinks, raw households, the ids of all customers. Output: LINKS, HOUSEHOLDS.
"""

import polars as pl

from lookbook.data.conversion.parse import trim
from lookbook.data.conversion.quarantine import Gate, Intake
from lookbook.data.conversion.raw_tables import RawLinks
from lookbook.data.conversion.rules import LinkRules
from lookbook.data.reading.tally import Tally
from lookbook.data.schema import HOUSEHOLDS, LINKS


def links(raw: RawLinks, ids: pl.DataFrame, intake: Intake) -> pl.DataFrame:
    """LINKS, sorted; of rows that state one link again the largest weight counts. ids: customer, customer_id of all.

    Links of customers who are not in the data are dropped and counted.

    Raises:
        ValueRuleError: over the limit of bad rows.
    """
    gate = Gate("links", raw.file, raw.columns, LinkRules, frozenset(), intake)
    customers = ids.select("customer_id", "customer")
    friends = ids.select(friend_id="customer_id", friend="customer")
    parts = [pl.DataFrame(schema=LINKS)]
    for batch in raw.batches():
        rows = gate.admit(_parsed(batch, intake.tally))
        coded = rows.join(customers, on="customer_id", how="left", validate="m:1", maintain_order="left").join(
            friends, on="friend_id", how="left", validate="m:1", maintain_order="left"
        )
        known = pl.col("customer").is_not_null() & pl.col("friend").is_not_null()
        gate.set_aside(coded.filter(~known).select(rows.columns), "customers_in_the_data")
        parts.append(coded.filter(known).select(pl.col(column).cast(dtype) for column, dtype in LINKS.items()))
    gate.close()
    return pl.concat(parts).group_by("customer", "friend").agg(pl.col("weight").max()).sort("customer", "friend")


def households(raw: pl.DataFrame, ids: pl.DataFrame, tally: Tally) -> pl.DataFrame:
    """HOUSEHOLDS, sorted, from customer_id and household. ids: customer, customer_id of all."""
    given = trim(raw, ("household",), "customers", tally).drop_nulls("household")
    coded = ids.join(given, on="customer_id", validate="1:1").with_columns(pl.col("household").rank("dense").cast(pl.UInt32) - 1)
    return coded.select(pl.col(column).cast(dtype) for column, dtype in HOUSEHOLDS.items()).sort("customer")


def _parsed(batch: pl.DataFrame, tally: Tally) -> pl.DataFrame:
    """The rows of a batch of RAW_LINKS, with a value and a text for the weight."""
    number = pl.col("weight_text").str.strip_chars().cast(pl.Float32, strict=False)
    trimmed = trim(batch, ("customer_id", "friend_id"), "links", tally).rename({"weight": "weight_text"})
    return trimmed.with_columns(weight=number, article_id=pl.lit(None, dtype=pl.String))
