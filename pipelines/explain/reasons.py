"""Why an article was suggested, in words that need no knowledge of the system.

Input: Decided, the EVIDENCE of the sources, documentation of features. Output: tables of purchases and evidence; sentences.
"""

import re
from collections.abc import Mapping, Sequence

import polars as pl

from lookbook.data.schema import PAIR
from lookbook.pipelines.explain.decided import Decided
from lookbook.pipelines.runs.raw_ids import named_articles
from lookbook.pipelines.stages.learn import learned

Row = Mapping[str, object]
SHOWN_EVIDENCE = 2
"""Purchases that a reason names."""


def purchases(decided: Decided) -> pl.DataFrame:
    """customer, article, times (days on which it was bought), days_ago (of the last one), article_id, name; last bought first."""
    return (
        decided.history.transactions.group_by(PAIR)
        .agg(times=pl.col("days_ago").n_unique(), days_ago=pl.col("days_ago").min())
        .join(named_articles(decided.system), on="article", how="left", validate="m:1")
        .sort("customer", "days_ago", "article")
        .collect()
    )


def evidence(decided: Decided, pairs: pl.DataFrame) -> pl.DataFrame:
    """EVIDENCE of every source for `pairs`, with source, and days_ago, article_id and name of the purchase; by customer, article,
    source (in the order of the settings), strongest first."""
    parts = [
        source.evidence(learned(decided.system, source, decided.week).tables, decided.history, pairs.lazy().select(PAIR))
        .with_columns(source=pl.lit(source.name), order=pl.lit(order))
        .collect()
        for order, source in enumerate(decided.system.sources)
    ]
    bought = purchases(decided).select("customer", "days_ago", "article_id", "name", purchase="article")
    return (
        pl.concat(parts)
        .join(bought, on=["customer", "purchase"], how="left", validate="m:1")
        .sort(*PAIR, "order", "strength", "purchase", descending=[False, False, False, True, False])
        .drop("order")
    )


def ranks_by_source(decided: Decided) -> pl.DataFrame:
    """customer, article, source, rank: of everything that was retrieved, best rank first, ties in the order of the settings."""
    ranks = [f"{source.name}_rank" for source in decided.system.sources]
    return (
        decided.retrieved.select(*PAIR, pl.col(ranks).cast(pl.UInt32))
        .unpivot(ranks, index=PAIR, variable_name="source", value_name="rank")
        .with_columns(pl.col("source").cast(pl.Enum(ranks)))
        .drop_nulls("rank")
        .sort(*PAIR, "rank", "source")
        .with_columns(pl.col("source").cast(pl.String).str.strip_suffix("_rank"))
    )


def reason(bought: Row | None, sources: Sequence[Row], found: Sequence[Row]) -> str:
    """One sentence for one recommended article.

    Args:
        bought: the row of `purchases` if the customer bought this very article before, else null.
        sources: the rows of `ranks_by_source`, best first; none if the list was filled up.
        found: the rows of `evidence`.
    """
    if bought:
        return f"bought {_times(_whole(bought['times']))}, last {ago(_whole(bought['days_ago']))}"
    for row in sources:
        named = [f"{e['name']} ({ago(_whole(e['days_ago']))})" for e in found if e["source"] == row["source"]]
        if named:
            return f"{words(str(row['source']))}: because of {' and '.join(named[:SHOWN_EVIDENCE])}"
    if sources:
        return f"{words(str(sources[0]['source']))}: number {sources[0]['rank']}"
    return "fills up the list: sells well"


def meaning(doc: str) -> tuple[str, str]:
    """What a feature says, and what it means that it is null ("" if the documentation does not say), from its documentation."""
    said, _, null = doc.partition("; null ")
    text = re.sub(r"\. Never null.*", "", said).rstrip(".").replace(" (days_ago 1)", "").replace("`", "")
    text = re.sub(r" \(days_ago 1\.\.\d+\)", "", text)  # after "the last 7"
    text = re.sub(r"days_ago 1\.\.(\d+)", r"the last \1 days", text)
    after = null.removeprefix("= ").rstrip(".")
    return text, "" if after.startswith("as ") else after


def value_text(value: float | None, null: str) -> str:
    """A value as people write it; null: what it means that there is none."""
    if value is None:
        return f"unknown ({null})" if null else "unknown"
    return f"{int(value):,}" if value == int(value) and abs(value) < 1e15 else f"{value:.3g}"


def words(name: str) -> str:
    return name.replace("_", " ")


def ago(days: int) -> str:
    """days: 1 = the day before the week begins."""
    return f"{days} day{'s' if days > 1 else ''} before"


def _times(times: int) -> str:
    return "once" if times == 1 else f"on {times} days"


def _whole(value: object) -> int:
    assert isinstance(value, int)
    return value
