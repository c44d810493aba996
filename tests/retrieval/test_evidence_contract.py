"""What the evidence of every registered source must hold, whatever it learns from."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from lookbook.data.dataset import Dataset
from lookbook.data.schema import conform
from lookbook.retrieval.registry import SOURCES
from lookbook.retrieval.source import EVIDENCE, MOST_EVIDENCE, CandidateSource

Learned = dict[str, pl.DataFrame]
Retrieve = Callable[..., tuple[Learned, pl.DataFrame]]
KEYS = ["customer", "article"]
ALL = 65_535

every_source = pytest.mark.parametrize("name", list(SOURCES))


@dataclass(frozen=True)
class Result:
    source: CandidateSource
    as_of: date
    learned: Learned
    pairs: pl.DataFrame
    evidence: pl.DataFrame


def evidence_of(source: CandidateSource, market: Dataset, as_of: date, learned: Learned, pairs: pl.DataFrame) -> pl.DataFrame:
    customers = pairs["customer"].unique().sort()
    tables = {table: frame.lazy() for table, frame in learned.items()}
    return source.evidence(tables, market.before(as_of).of(customers), pairs.lazy()).collect()


@pytest.fixture
def result(
    name: str, market: Dataset, retrieve: Retrieve, with_settings: Callable[..., CandidateSource], cache: dict[str, Result]
) -> Result:
    """The evidence for every customer and article of the market, three weeks before its end."""
    if name not in cache:
        source, as_of = with_settings(name), market.last_day - timedelta(days=20)
        learned, _ = retrieve(source, market, as_of)
        pairs = market.customers.select("customer").join(market.articles.select("article"), how="cross").collect()
        cache[name] = Result(source, as_of, learned, pairs, evidence_of(source, market, as_of, learned, pairs))
    return cache[name]


@pytest.fixture(scope="module")
def cache() -> dict[str, Result]:
    return {}


def shuffled(table: pl.LazyFrame) -> pl.LazyFrame:
    return table.collect().sample(fraction=1.0, shuffle=True, seed=1).lazy()


@every_source
def test_evidence_has_the_schema_and_is_sorted_strongest_first_with_ties_to_the_smaller_purchase(result: Result) -> None:
    found = result.evidence
    conform(found.lazy(), EVIDENCE, "evidence")
    assert found.columns == list(EVIDENCE)
    assert found.null_count().sum_horizontal().item() == 0
    assert_frame_equal(found, found.sort(*KEYS, "strength", "purchase", descending=[False, False, True, False]))
    assert not found.select(*KEYS, "purchase").is_duplicated().any()
    assert found.group_by(KEYS).len()["len"].max() in {None, *range(1, MOST_EVIDENCE + 1)}


@every_source
def test_a_purchase_is_one_that_the_customer_made_before_as_of(result: Result, market: Dataset) -> None:
    past = market.before(result.as_of).transactions.select("customer", purchase="article").collect()
    assert result.evidence.join(past, on=["customer", "purchase"], how="anti").is_empty()


@every_source
def test_every_possible_candidate_has_evidence_or_none_has_and_nothing_else_has_any(
    result: Result, market: Dataset, retrieve: Retrieve
) -> None:
    tables = {table: frame.lazy() for table, frame in result.learned.items()}
    everybody = result.pairs["customer"].unique().sort()
    unlimited = replace(result.source, k=ALL)
    possible = unlimited.generate(tables, market.before(result.as_of), everybody).collect().select(KEYS).sort(KEYS)
    assert possible.height > 0
    explained = result.evidence.select(KEYS).unique().sort(KEYS)
    assert_frame_equal(explained, possible if result.source.personal else possible.clear())


@every_source
def test_the_evidence_of_a_pair_does_not_depend_on_other_pairs_customers_or_articles(result: Result, market: Dataset) -> None:
    few = result.pairs.filter(pl.col("customer").is_in([3, 11, 58]), pl.col("article") % 3 == 1)
    alone = evidence_of(result.source, market, result.as_of, result.learned, few)
    assert_frame_equal(alone, result.evidence.join(few, on=KEYS, how="semi", maintain_order="left"), check_exact=True)


@every_source
def test_the_order_of_rows_does_not_matter_for_evidence(result: Result, market: Dataset) -> None:
    mixed = replace(
        market,
        transactions=shuffled(market.transactions),
        customers=shuffled(market.customers),
        articles=shuffled(market.articles),
    )
    found = evidence_of(result.source, mixed, result.as_of, result.learned, shuffled(result.pairs.lazy()).collect())
    assert_frame_equal(found, result.evidence, check_exact=True)


@every_source
def test_the_future_changes_no_evidence(result: Result, market: Dataset, scramble_from: Callable[[Dataset, date], Dataset]) -> None:
    past = replace(market, transactions=market.transactions.filter(pl.col("date") < result.as_of))
    for other in (past, scramble_from(market, result.as_of)):
        found = evidence_of(result.source, other, result.as_of, result.learned, result.pairs)
        assert_frame_equal(found, result.evidence, check_exact=True)


@every_source
def test_no_pairs_have_no_evidence(result: Result, market: Dataset) -> None:
    found = evidence_of(result.source, market, result.as_of, result.learned, result.pairs.clear())
    conform(found.lazy(), EVIDENCE, "evidence")
    assert found.is_empty()
