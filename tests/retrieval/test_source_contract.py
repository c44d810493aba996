"""What every registered source must hold, whatever it learns from."""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields, replace
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from pydantic import TypeAdapter, ValidationError

from lookbook.data.dataset import Dataset
from lookbook.data.order import best_first
from lookbook.data.schema import CANDIDATES, conform
from lookbook.features.registry import GROUPS
from lookbook.retrieval.registry import SOURCES
from lookbook.retrieval.source import CandidateSource

Learned = dict[str, pl.DataFrame]
Retrieve = Callable[..., tuple[Learned, pl.DataFrame]]
WithSettings = Callable[..., CandidateSource]

every_source = pytest.mark.parametrize("name", list(SOURCES))


@dataclass(frozen=True)
class Result:
    source: CandidateSource
    as_of: date
    learned: Learned
    candidates: pl.DataFrame


@pytest.fixture
def result(name: str, market: Dataset, retrieve: Retrieve, with_settings: WithSettings, cache: dict[str, Result]) -> Result:
    """What the source learns and retrieves for all customers of the market, three weeks before its end."""
    if name not in cache:
        source, as_of = with_settings(name), market.last_day - timedelta(days=20)
        cache[name] = Result(source, as_of, *retrieve(source, market, as_of))
    return cache[name]


@pytest.fixture(scope="module")
def cache() -> dict[str, Result]:
    return {}


def assert_same(left: tuple[Learned, pl.DataFrame], right: Result) -> None:
    learned, candidates = left
    assert list(learned) == list(right.learned)
    for table, frame in learned.items():
        assert_frame_equal(frame, right.learned[table], check_exact=True)
    assert_frame_equal(candidates, right.candidates, check_exact=True)


@every_source
def test_candidates_have_the_schema_and_are_sorted_by_customer_and_rank(result: Result) -> None:
    found = result.candidates
    conform(found.lazy(), CANDIDATES, "candidates")
    assert found.columns == list(CANDIDATES)
    assert_frame_equal(found, found.sort("customer", "rank"))
    assert found.null_count().sum_horizontal().item() == 0
    assert found.height > 0


@every_source
def test_ranks_count_from_1_without_gaps_up_to_at_most_k(
    result: Result, with_settings: WithSettings, retrieve: Retrieve, market: Dataset
) -> None:
    few = retrieve(with_settings(result.source.name, k=3), market, result.as_of)[1]
    for found, k in ((result.candidates, vars(result.source)["k"]), (few, 3)):
        ranks = found.group_by("customer").agg("rank")["rank"].to_list()
        assert all(r == list(range(1, len(r) + 1)) and len(r) <= k for r in ranks)
    assert few["rank"].max() == 3


@every_source
def test_scores_fall_with_rank_and_ties_go_to_the_smaller_article(result: Result) -> None:
    expected = best_first(result.candidates, "score")
    assert_frame_equal(result.candidates, expected)


@every_source
def test_an_article_is_retrieved_once_per_customer_and_is_in_the_catalogue(result: Result, market: Dataset) -> None:
    assert not result.candidates.select("customer", "article").is_duplicated().any()
    catalogue = market.articles.collect()["article"]
    assert result.candidates["article"].is_in(catalogue.implode()).all()


@every_source
def test_a_shard_gives_the_rows_of_the_whole(result: Result, market: Dataset) -> None:
    history = market.before(result.as_of)
    tables = {table: frame.lazy() for table, frame in result.learned.items()}
    shard = pl.Series("customer", [3, 4, 11, 40, 59], dtype=pl.UInt32)
    found = result.source.generate(tables, history.of(shard), shard).collect()
    # not exact: a product of other matrix shapes may round its last bit differently
    assert_frame_equal(found, result.candidates.filter(pl.col("customer").is_in(shard.implode())))


@every_source
def test_the_order_of_the_input_rows_does_not_matter(result: Result, market: Dataset, retrieve: Retrieve) -> None:
    def shuffled(table: pl.LazyFrame) -> pl.LazyFrame:
        return table.collect().sample(fraction=1.0, shuffle=True, seed=1).lazy()

    mixed = replace(
        market,
        transactions=shuffled(market.transactions),
        customers=shuffled(market.customers),
        articles=shuffled(market.articles),
        households=shuffled(market.households),
    )
    assert_same(retrieve(result.source, mixed, result.as_of), result)


@every_source
def test_deleting_the_future_changes_nothing(result: Result, market: Dataset, retrieve: Retrieve) -> None:
    past = market.transactions.filter(pl.col("date") < result.as_of)
    assert past.collect().height < market.transactions.collect().height
    assert_same(retrieve(result.source, replace(market, transactions=past), result.as_of), result)


@every_source
def test_scrambling_the_future_changes_nothing(
    result: Result, market: Dataset, retrieve: Retrieve, scramble_from: Callable[[Dataset, date], Dataset]
) -> None:
    assert_same(retrieve(result.source, scramble_from(market, result.as_of), result.as_of), result)


@every_source
def test_the_day_before_as_of_is_known(result: Result, market: Dataset, retrieve: Retrieve) -> None:
    yesterday = market.transactions.filter(pl.col("date") != result.as_of - timedelta(days=1))
    without = retrieve(result.source, replace(market, transactions=yesterday), result.as_of)[1]
    assert not without.equals(result.candidates)


@every_source
def test_customers_who_never_bought_get_something_unless_the_source_is_personal(result: Result) -> None:
    never = result.candidates.filter(pl.col("customer") >= 57)
    assert never["customer"].n_unique() == (0 if result.source.personal else 3)


@every_source
def test_without_any_history_nothing_is_retrieved(
    name: str, market: Dataset, retrieve: Retrieve, with_settings: WithSettings
) -> None:
    learned, found = retrieve(with_settings(name), market, market.first_day)
    assert found.is_empty()
    conform(found.lazy(), CANDIDATES, "candidates")
    assert learned is not None


@every_source
def test_one_customer_with_one_article_of_unknown_levels_gets_that_article_or_nothing(
    name: str, make_dataset: Callable[..., Dataset], retrieve: Retrieve, with_settings: WithSettings
) -> None:
    one = make_dataset(pl.DataFrame({"customer": [0], "article": [0], "date": [date(2020, 9, 1)]}))
    found = retrieve(with_settings(name), one, date(2020, 9, 8))[1]
    assert found["article"].to_list() in ([0], [])


@every_source
def test_a_misspelt_key_or_a_k_of_0_is_refused(name: str, with_settings: WithSettings) -> None:
    source = with_settings(name)
    settings = {field.name: getattr(source, field.name) for field in fields(SOURCES[name])}
    adapter = TypeAdapter(SOURCES[name])
    assert adapter.validate_python(settings) == source
    for wrong in ({**settings, "kk": 1}, {**settings, "k": 0}):
        with pytest.raises(ValidationError, match="kk" if "kk" in wrong else "k\n"):
            adapter.validate_python(wrong)


@pytest.mark.parametrize(
    ("name", "key"),
    [("random_walk", "alpha"), ("random_walk", "beta"), ("content", "sales_power"), ("content", "smoothing"),
     ("user_neighbours", "own_weight"), ("item_neighbours", "shrinkage"), ("latent_factors", "alpha"), ("latent_factors", "l2")],
)  # fmt: skip
def test_a_number_that_leaves_the_range_of_scores_is_refused(name: str, key: str, with_settings: WithSettings) -> None:
    settings = asdict(with_settings(name))
    for wrong in (float("inf"), float("nan"), -1.0):
        with pytest.raises(ValidationError, match=key):
            TypeAdapter(SOURCES[name]).validate_python({**settings, key: wrong})


def test_no_two_sources_learn_a_table_of_one_name_that_features_read(
    market: Dataset, retrieve: Retrieve, with_settings: WithSettings, cache: dict[str, Result]
) -> None:
    as_of = market.last_day - timedelta(days=20)
    learned = {name: cache[name].learned if name in cache else retrieve(with_settings(name), market, as_of)[0] for name in SOURCES}
    read = {name for group in GROUPS for name in group.requires}
    assert Counter(table for tables in learned.values() for table in tables if table in read) == Counter(read)


def test_names_in_the_registry_are_the_sources_own() -> None:
    assert {name: source.name for name, source in SOURCES.items()} == {name: name for name in SOURCES}


def test_the_number_of_threads_does_not_matter(market: Dataset, tmp_path: Path, with_settings: WithSettings) -> None:
    history = market.before(market.last_day - timedelta(days=20))
    for table in ("transactions", "customers", "articles", "households"):
        getattr(history, table).collect().write_parquet(tmp_path / f"{table}.parquet")
    settings = json.dumps({name: asdict(with_settings(name)) for name in SOURCES})
    here = Path(__file__)
    command = [sys.executable, str(here.with_name("print_digests.py")), str(tmp_path), str(history.as_of), settings]
    printed = [
        subprocess.run(
            command,
            env={**os.environ, "POLARS_MAX_THREADS": threads, "OMP_NUM_THREADS": threads, "PYTHONPATH": str(here.parents[2])},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for threads in ("1", "4")
    ]
    assert printed[0].count("\n") == len(SOURCES)
    assert printed[0] == printed[1]
