"""One decision: why an article was, or was not, recommended to a customer.

Input: FinishedRun, a customer and an article by the retailer's ids. Output: Decision, CustomerCard.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from inspect import cleandoc, getmodule

import numpy as np
import polars as pl

from lookbook.data.schema import PAIR
from lookbook.evaluation.lost_labels import CUT, DISPLACED, NEVER_RETRIEVED, NOT_FOR_SALE, RECOMMENDED
from lookbook.pipelines.errors import SettingsError
from lookbook.pipelines.explain.customer import explain_customer
from lookbook.pipelines.explain.decided import Decided, decided_for
from lookbook.pipelines.explain.feature_sets import feature_sets
from lookbook.pipelines.explain.reasons import evidence, meaning, purchases, value_text
from lookbook.pipelines.explain.record import Contribution, CustomerCard, Decision, Evidence, SourceSays
from lookbook.pipelines.runs.finished import FinishedRun
from lookbook.pipelines.runs.raw_ids import dense_id, named_articles
from lookbook.pipelines.runs.records.files import record_of, rows_of
from lookbook.pipelines.stages.learn import learned
from lookbook.ranking.ranker import feature_matrix
from lookbook.retrieval.source import CandidateSource, Count

UNLIMITED: Count = 65_535
RANKED = "ranked"
Found = Mapping[str, object]
"""A row of a table; empty = there is none."""


@dataclass(frozen=True)
class One:
    """What somebody asks about, by the retailer's ids. article: null = the whole list of the customer."""

    customer: str
    article: str | None
    final: bool

    @staticmethod
    def asked(customer: str | None, article: str | None, *, final: bool) -> "One | None":
        """Null if nobody asks about a customer.

        Raises:
            SettingsError: something that only a customer can have is asked for without one.
        """
        if customer is None and (article is not None or final):
            flag = f"--article {article}" if article is not None else "--final"
            raise SettingsError(f"{flag} needs --customer ID: whose list is it about?")
        return None if customer is None else One(customer, article, final)


def explain_one(finished: FinishedRun, one: One) -> CustomerCard | Decision:
    """As `explain_pair`, or `explain_customer` where no article is asked for.

    It is about the test week if the customer bought in it, unless the final week is asked for; else about the week after the data.

    Raises:
        DataError: there is no such customer or article.
    """
    decided = decided_for(finished, dense_id(finished.system.folder, "customer", one.customer), final=one.final)
    return explain_customer(decided) if one.article is None else explain_pair(decided, customer=one.customer, article=one.article)


def explain_pair(decided: Decided, *, customer: str, article: str) -> Decision:
    """What every step made of the pair, in the week of `decided`, which is about this customer; both by the retailer's ids.

    Raises:
        DataError: there is no such customer or article.
    """
    folder = decided.system.folder
    ids = (dense_id(folder, "customer", customer), dense_id(folder, "article", article))
    pair = pl.DataFrame([ids], schema=dict.fromkeys(PAIR, pl.UInt32), orient="row")
    named = named_articles(decided.system).join(pair.lazy(), on="article", how="semi").collect().to_dicts()[0]
    retrieved, scored, listed = (_row(t, pair) for t in (decided.retrieved, decided.scored, decided.recommended))
    before, known = _row(purchases(decided), pair), decided.outcome_known
    found = {
        "customer": customer,
        "article": article,
        "name": named["name"],
        "week": str(decided.week.as_of),
        "outcome_known": known,
        "bought": bool(_row(decided.labels, pair)) if known else None,
        "stage": _stage(decided, pair, retrieved=retrieved, scored=scored, listed=listed),
        "k": decided.system.settings.run.k,
        "max_candidates": decided.system.settings.retrieval.max_candidates,
        "times": before.get("times", 0),
        "days_ago": before.get("days_ago"),
        "place": retrieved.get("place"),
        "n_retrieved": len(decided.retrieved),
        "rank": scored.get("rank"),
        "n_ranked": len(decided.scored),
        "score": scored.get("score"),
        "recommended_rank": listed.get("rank"),
        "sources": _said(decided, pair, retrieved),
    }
    start, added = contributions(decided, pair) or (None, None)
    return record_of({**found, "start": start, "contributions": added}, Decision)


def contributions(decided: Decided, pair: pl.DataFrame) -> tuple[float, list[Contribution]] | None:
    """The score before any feature, and what each feature added to it (SHAP), the largest first, until the sum is the score of the
    pair; null if the pair was not ranked."""
    rows = decided.features.with_row_index("row").join(pair, on=PAIR, how="semi")["row"].to_list()
    if not rows:
        return None
    names = decided.trees.names
    added = decided.trees.contributions(feature_matrix(decided.features))
    mine, others = added[rows[0]], added.mean(axis=0)
    values = decided.features.select(pl.col(names).cast(pl.Float64)).row(rows[0])
    docs = feature_sets(decided.system, decided.week, names).docs
    order = np.argsort(-mine[:-1], kind="stable")
    return float(mine[-1]), [_added(names[n], docs, values[n], mine[n], others[n]) for n in order]


def _added(name: str, docs: Mapping[str, str], value: float | None, contribution: float, mean: float) -> Contribution:
    said, null = meaning(docs[name])
    return Contribution(
        feature=name,
        meaning=said,
        value=value,
        text=value_text(value, null),
        contribution=float(contribution),
        against_others=float(contribution - mean),
    )


def _said(decided: Decided, pair: pl.DataFrame, retrieved: Mapping[str, object]) -> list[SourceSays]:
    """What each source says about the pair."""
    columns = ("source", pl.col("article_id").alias("article"), "name", "days_ago", "strength")
    leading = {
        str(name): rows
        for (name,), rows in evidence(decided, pair).select(columns).partition_by("source", as_dict=True, include_key=False).items()
    }
    far = {source.name: _rank_without_limit(decided, source, pair) for source in decided.system.sources}
    nearest = None if retrieved else nearest_source(far, {source.name: vars(source)["k"] for source in decided.system.sources})
    return [
        record_of(
            {
                "source": source.name,
                "about": _about(source),
                "rank": retrieved.get(f"{source.name}_rank"),
                "score": retrieved.get(f"{source.name}_score"),
                "limit": vars(source)["k"],
                "rank_without_limit": far[source.name],
                "nearest": source.name == nearest,
                "evidence": rows_of(leading[source.name], Evidence) if source.name in leading else [],
            },
            SourceSays,
        )
        for source in decided.system.sources
    ]


def nearest_source(ranks: Mapping[str, int | None], limits: Mapping[str, int]) -> str | None:
    """The source whose rank is the smallest multiple of its limit, the first of equals; null if none has a rank."""
    over = {name: rank / limits[name] for name, rank in ranks.items() if rank is not None}
    return min(over, key=lambda name: over[name]) if over else None


def _rank_without_limit(decided: Decided, source: CandidateSource, pair: pl.DataFrame) -> int | None:
    """From the same learned tables, for this one customer."""
    unlimited: CandidateSource = replace(source, k=UNLIMITED)  # type: ignore[type-var]  # every source is a dataclass with k
    tables = learned(decided.system, source, decided.week).tables
    found = _row(unlimited.generate(tables, decided.history, decided.customers).collect(), pair)
    return int(str(found["rank"])) if found else None


def _about(source: CandidateSource) -> str:
    """The first paragraph of the documentation of its file, without the name."""
    text = " ".join(cleandoc(getattr(getmodule(type(source)), "__doc__", None) or "").split("\n\n")[0].split())
    return text.partition(": ")[2] or text


def _stage(decided: Decided, pair: pl.DataFrame, *, retrieved: Found, scored: Found, listed: Found) -> str:
    if listed:
        return RECOMMENDED
    if scored:
        return DISPLACED if int(str(scored["rank"])) <= decided.system.settings.run.k else RANKED
    if retrieved:
        return CUT
    sold = decided.system.dataset.before(decided.week.as_of).transactions.join(pair.lazy(), on="article", how="semi")
    return NEVER_RETRIEVED if len(sold.head(1).collect()) else NOT_FOR_SALE


def _row(table: pl.DataFrame, pair: pl.DataFrame) -> dict[str, object]:
    """The row of `pair` in `table`; empty if there is none."""
    return next(iter(table.join(pair, on=PAIR, how="semi").to_dicts()), {})
