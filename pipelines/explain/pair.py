"""One decision: why an article was, or was not, recommended to a customer.

Input: FinishedRun, a customer and an article by the retailer's ids. Output: a JSON-ready mapping.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from inspect import cleandoc, getmodule

import numpy as np
import polars as pl

from lookbook.data.schema import PAIR
from lookbook.evaluation.lost_labels import CUT, NEVER_RETRIEVED, NOT_FOR_SALE, RECOMMENDED
from lookbook.pipelines.errors import SettingsError
from lookbook.pipelines.explain.customer import explain_customer
from lookbook.pipelines.explain.decided import Decided, decided_for
from lookbook.pipelines.explain.feature_sets import feature_sets
from lookbook.pipelines.explain.reasons import evidence, meaning, purchases, value_text
from lookbook.pipelines.runs.finished import FinishedRun
from lookbook.pipelines.runs.raw_ids import dense_id, named_articles
from lookbook.pipelines.stages.learn import learned
from lookbook.ranking.ranker import feature_matrix
from lookbook.retrieval.source import CandidateSource, Count

Content = dict[str, object]
UNLIMITED: Count = 65_535
RANKED = "ranked"


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


def explain_one(finished: FinishedRun, one: One) -> Content:
    """As `explain_pair`, or `explain_customer` where no article is asked for.

    It is about the test week if the customer bought in it, unless the final week is asked for; else about the week after the data.

    Raises:
        DataError: there is no such customer or article.
    """
    decided = decided_for(finished, dense_id(finished.system.folder, "customer", one.customer), final=one.final)
    return explain_customer(decided) if one.article is None else explain_pair(decided, customer=one.customer, article=one.article)


def explain_pair(decided: Decided, *, customer: str, article: str) -> Content:
    """What every step made of the pair, in the week of `decided`, which is about this customer.

    customer, article: the retailer's ids; name; week; outcome_known, bought (null = not known yet), stage (not for sale before,
    never retrieved, cut, ranked or recommended); k, max_candidates; times, days_ago: the customer's own purchases of the article
    (0 and null = none); place among n_retrieved by rrf; rank among n_ranked; score; recommended_rank; start, contributions: see
    `contributions`; sources: see `_said`. Null where the pair did not get so far.

    Raises:
        DataError: there is no such customer or article.
    """
    folder = decided.system.folder
    ids = (dense_id(folder, "customer", customer), dense_id(folder, "article", article))
    pair = pl.DataFrame([ids], schema=dict.fromkeys(PAIR, pl.UInt32), orient="row")
    named = named_articles(decided.system).join(pair.lazy(), on="article", how="semi").collect().to_dicts()[0]
    retrieved, scored, listed = (_row(t, pair) for t in (decided.retrieved, decided.scored, decided.recommended))
    before, known = _row(purchases(decided), pair), decided.outcome_known
    return {
        "customer": customer,
        "article": article,
        "name": named["name"],
        "week": str(decided.week.as_of),
        "outcome_known": known,
        "bought": bool(_row(decided.labels, pair)) if known else None,
        "stage": _stage(decided, pair, retrieved=bool(retrieved), scored=bool(scored), listed=bool(listed)),
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
        **contributions(decided, pair),
        "sources": _said(decided, pair, retrieved),
    }


def contributions(decided: Decided, pair: pl.DataFrame) -> Content:
    """start: the score before any feature; contributions: what each feature added to it (SHAP), the largest first, until the sum
    is the score of the pair. feature; meaning, text: what it says and its value, in words; value (null = unknown); contribution;
    against_others: the contribution less its mean over all ranked pairs of the customer. Both null if the pair was not ranked."""
    rows = decided.features.with_row_index("row").join(pair, on=PAIR, how="semi")["row"].to_list()
    if not rows:
        return {"start": None, "contributions": None}
    names = decided.trees.names
    added = decided.trees.contributions(feature_matrix(decided.features))
    mine, others = added[rows[0]], added.mean(axis=0)
    values = decided.features.select(pl.col(names).cast(pl.Float64)).row(rows[0])
    docs = feature_sets(decided.system, decided.week, names).docs
    order = np.argsort(-mine[:-1], kind="stable")
    return {"start": float(mine[-1]), "contributions": [_added(names[n], docs, values[n], mine[n], others[n]) for n in order]}


def _added(name: str, docs: Mapping[str, str], value: float | None, contribution: float, mean: float) -> Content:
    said, null = meaning(docs[name])
    return {
        "feature": name,
        "meaning": said,
        "value": value,
        "text": value_text(value, null),
        "contribution": float(contribution),
        "against_others": float(contribution - mean),
    }


def _said(decided: Decided, pair: pl.DataFrame, retrieved: Mapping[str, object]) -> list[Content]:
    """What each source says about the pair. about: what it suggests, in a sentence; rank, score: null if it did not retrieve the
    article; limit: how many it may retrieve; rank_without_limit: null = no link from this customer to the article; evidence: the
    customer's purchases that lead to it (article, name, days_ago, strength); nearest: whether, where no source retrieved it, this
    one came closest to its limit."""
    found = (
        evidence(decided, pair).select("source", pl.col("article_id").alias("article"), "name", "days_ago", "strength").to_dicts()
    )
    far = {source.name: _rank_without_limit(decided, source, pair) for source in decided.system.sources}
    nearest = None if retrieved else nearest_source(far, {source.name: vars(source)["k"] for source in decided.system.sources})
    return [
        {
            "source": source.name,
            "about": _about(source),
            "rank": retrieved.get(f"{source.name}_rank"),
            "score": retrieved.get(f"{source.name}_score"),
            "limit": vars(source)["k"],
            "rank_without_limit": far[source.name],
            "nearest": source.name == nearest,
            "evidence": [{key: e[key] for key in e if key != "source"} for e in found if e["source"] == source.name],
        }
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


def _stage(decided: Decided, pair: pl.DataFrame, *, retrieved: bool, scored: bool, listed: bool) -> str:
    if listed or scored or retrieved:
        return RECOMMENDED if listed else RANKED if scored else CUT
    sold = decided.system.dataset.before(decided.week.as_of).transactions.join(pair.lazy(), on="article", how="semi")
    return NEVER_RETRIEVED if len(sold.head(1).collect()) else NOT_FOR_SALE


def _row(table: pl.DataFrame, pair: pl.DataFrame) -> dict[str, object]:
    """The row of `pair` in `table`; empty if there is none."""
    return next(iter(table.join(pair, on=PAIR, how="semi").to_dicts()), {})
