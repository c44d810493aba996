"""Purchases on their way to the shards: judged, coded and spilled, batch by batch.

Input: RawTables and the maps of their ids. Output: CODED rows in a Spill; bad rows in the quarantine.
"""

import polars as pl

from lookbook.data.conversion.excluded import ExcludedArticles
from lookbook.data.conversion.ids import IdMap
from lookbook.data.conversion.parse import parse_transactions, parse_values
from lookbook.data.conversion.quarantine import Gate, Intake
from lookbook.data.conversion.raw_tables import NOT_WANTED, RawTables
from lookbook.data.conversion.rules import PurchaseRules
from lookbook.data.conversion.spill import Spill
from lookbook.data.errors import DataError, Where
from lookbook.data.schema import TRANSACTIONS


def read_purchases(
    raw: RawTables, customers: IdMap, articles: IdMap, *, spill: Spill, intake: Intake, excluded: ExcludedArticles
) -> None:
    """Fill `spill` with the valid purchases, and the maps with the ids that only they name.

    An id of the customers or articles table is judged there, once; only a batch with another id has its ids judged.

    Raises:
        DataError: at values that are refused, over the limit of bad rows, or if no purchase is left.
    """
    source, tally = raw.transactions, intake.tally
    gate = Gate("transactions", source.file, source.columns, source.rules.all, source.dropped | NOT_WANTED, intake)
    judged = _judged(raw.customers, "customer_id", source.rules) and _judged(raw.articles, "article_id", source.rules)
    for read in source.batches():
        batch = excluded.without(read, tally)
        codes = _known_codes(batch, customers, articles) if judged else None
        if codes is None:
            parsed = parse_transactions(batch, source.dating, price_per_line=source.price_per_line, tally=tally)
            rows = _with_listed_articles(gate.admit(parsed), raw, articles, gate)
        else:
            parsed = parse_values(batch, source.dating, price_per_line=source.price_per_line, tally=tally)
            rows = gate.admit(parsed, source.rules.values)
        if codes is None or rows.height < batch.height:
            codes = {"customer": customers.codes(rows["customer_id"]), "article": articles.codes(rows["article_id"])}
        spill.add(rows.with_columns(pl.col("channel").fill_null(0), **codes).select(*TRANSACTIONS))
        tally.days.update(dict(rows["date"].value_counts().iter_rows()))
    gate.close()
    if not spill.rows:
        raise DataError("no transaction is left after the checks", Where(source.file), expected="at least one purchase")


def _judged(table: pl.DataFrame | None, key: str, rules: PurchaseRules) -> bool:
    """Whether the ids of a table are trimmed and keep to the rules that ids of purchases have."""
    if table is None:
        return False
    absent = {column: pl.lit(None, dtype=pl.String) for column in ("customer_id", "article_id") if column != key}
    _, failure = rules.ids.filter(table.select(pl.lit(0, dtype=pl.UInt32).alias("line"), key, **absent))
    return not len(failure) and bool((table[key] == table[key].str.strip_chars()).all())


def _known_codes(batch: pl.DataFrame, customers: IdMap, articles: IdMap) -> dict[str, pl.Series] | None:
    """Codes of the customers and articles of `batch`; None if one of them is not known, as its text is."""
    codes = {"customer": customers.known_codes(batch["customer_id"]), "article": articles.known_codes(batch["article_id"])}
    return None if any(column.null_count() for column in codes.values()) else codes


def _with_listed_articles(rows: pl.DataFrame, raw: RawTables, articles: IdMap, gate: Gate) -> pl.DataFrame:
    """`rows` without those of articles that had to be in the articles table; they are quarantined."""
    if raw.articles is None or raw.keep_unknown_articles:
        return rows
    listed = articles.known_codes(rows["article_id"]).is_not_null()
    gate.set_aside(rows.filter(~listed), "article_known")
    return rows.filter(listed)
