"""One decision, from retrieval to rank, against what is known of a small market."""

import polars as pl
import pytest

from lookbook.data.errors import DataError
from lookbook.pipelines.errors import SettingsError
from lookbook.pipelines.explain.customer import cards
from lookbook.pipelines.explain.decided import in_test_week
from lookbook.pipelines.explain.pair import One, contributions, explain_one, nearest_source
from lookbook.pipelines.runs.finished import FinishedRun

POPULAR, KEPT, REPURCHASES = 60, 58, 5
NEVER_BOUGHT, NEW = 58, 80


def customer(number: int) -> str:
    return f"0c{number:03}"


def article(number: int) -> str:
    return f"0a{number:03}"


def past(opened: FinishedRun, number: int) -> dict[int, set[int]]:
    """How many days before the test week a customer bought each article, by a loop."""
    days: dict[int, set[int]] = {}
    for row in opened.system.dataset.transactions.filter(pl.col("customer") == number).collect().to_dicts():
        if row["date"] < opened.week.as_of:
            days.setdefault(row["article"], set()).add((opened.week.as_of - row["date"]).days)
    return days


@pytest.mark.usefixtures("nothing_is_computed_again")
def test_a_recommended_article_is_explained_from_retrieval_to_rank(fates: FinishedRun) -> None:
    first = cards(fates, pl.Series([3], dtype=pl.UInt32))[0].recommended[0]
    told = explain_one(fates, One(customer(3), first.article, final=False))
    assert (told.week, told.outcome_known, told.stage) == ("2020-09-16", True, "recommended")
    assert (told.rank, told.recommended_rank, told.score) == (1, 1, first.score)
    assert told.n_ranked == KEPT
    number = int(first.article[2:])
    bought = past(fates, 3).get(number, set())
    assert (told.times, told.days_ago) == (len(bought), min(bought, default=None))
    ranks = {row.source: row.rank for row in told.sources if row.rank}
    assert ranks == {row.source: row.rank for row in first.sources}
    assert told.sources[1].about == "what sells now, overall and among customers of the same segment."
    for row in told.sources:
        assert row.rank is None or row.rank == row.rank_without_limit <= row.limit
        assert not row.nearest


def test_what_the_features_added_sums_to_the_score_and_comes_largest_first(fates: FinishedRun) -> None:
    decided = in_test_week(fates, pl.Series([3], dtype=pl.UInt32))
    totals: dict[str, float] = {}
    for row in decided.scored.to_dicts():
        start, added = contributions(decided, decided.scored.filter(article=row["article"]).select("customer", "article"))
        assert {each.feature for each in added} == set(decided.trees.names)
        assert [each.contribution for each in added] == sorted((each.contribution for each in added), reverse=True)
        assert start + sum(each.contribution for each in added) == pytest.approx(row["score"], abs=1e-6)
        for each in added:
            totals[each.feature] = totals.get(each.feature, 0.0) + each.against_others
    assert list(totals.values()) == pytest.approx([0.0] * len(totals), abs=1e-9)


def test_a_value_is_told_as_the_ranker_saw_it_and_null_with_what_it_means(fates: FinishedRun) -> None:
    decided = in_test_week(fates, pl.Series([NEVER_BOUGHT], dtype=pl.UInt32))
    pair = decided.scored.row(0, named=True)
    told = explain_one(fates, One(customer(NEVER_BOUGHT), article(pair["article"]), final=False))
    by_feature = {each.feature: each for each in told.contributions}
    seen = decided.features.row(0, named=True)
    assert {name: each.value for name, each in by_feature.items()} == {name: pytest.approx(seen[name]) for name in by_feature}
    assert by_feature["pair_days_since_last"].text == "unknown (the customer has not bought it)"
    assert by_feature["pair_purchases"].text == "0"


def test_the_source_that_came_nearest_is_named_with_the_rank_at_which_it_has_the_article(
    fates: FinishedRun, popular: list[int]
) -> None:
    popular = set(popular)
    chosen = 0
    for number in fates.buyers[0].customers[:4]:
        for unpopular in sorted(set(past(fates, number)) - popular):
            told = explain_one(fates, One(customer(number), article(unpopular), final=False))
            repurchase, popularity = told.sources
            assert popularity.rank_without_limit is None
            assert repurchase.evidence[0].article == article(unpopular)
            assert repurchase.evidence[0].days_ago == min(past(fates, number)[unpopular])
            if told.stage == "never retrieved":
                chosen += 1
                assert repurchase.nearest
                assert repurchase.rank_without_limit > REPURCHASES == repurchase.limit
                assert (told.place, told.rank, told.contributions) == (None, None, None)
    assert chosen > 2


@pytest.mark.parametrize(
    ("ranks", "nearest"),
    [
        ({"a": 101, "b": 61, "c": None}, "a"),
        ({"a": 110, "b": 61, "c": None}, "b"),
        ({"a": 200, "b": 120, "c": 20}, "a"),
        ({"a": None, "b": None, "c": 90}, "c"),
        ({"a": None, "b": None, "c": None}, None),
    ],
)
def test_the_nearest_source_exceeds_its_limit_least_in_proportion(ranks: dict[str, int | None], nearest: str | None) -> None:
    assert nearest_source(ranks, {"a": 100, "b": 60, "c": 10}) == nearest


def test_a_cut_article_is_told_with_its_place(fates: FinishedRun, popular: list[int]) -> None:
    number = popular[KEPT]
    told = explain_one(fates, One(customer(NEVER_BOUGHT), article(number), final=False))
    assert (told.stage, told.place, told.n_retrieved, told.bought) == ("cut", KEPT + 1, POPULAR, True)
    assert (told.rank, told.score, told.contributions) == (None, None, None)


def test_an_article_that_nobody_has_a_link_to_is_told_so(fates: FinishedRun) -> None:
    told = explain_one(fates, One(customer(3), article(NEW), final=False))
    assert (told.stage, told.bought, told.name) == ("not for sale before", False, article(NEW))
    assert all(row.rank_without_limit is None and not row.nearest and not row.evidence for row in told.sources)


@pytest.mark.parametrize(
    ("of", "message"),
    [
        ({"customer": "c003", "article": "0a003"}, "unknown customer 'c003'[\\s\\S]*nearest known: 0c003"),
        ({"customer": "0c003", "article": "a003"}, "unknown article 'a003'[\\s\\S]*nearest known: 0a003"),
        ({"customer": "0c0035", "article": "0a003"}, "nearest known: 0c002, 0c003, 0c004, 0c005"),
    ],
)
def test_an_unknown_id_is_refused_with_the_nearest(fates: FinishedRun, of: dict[str, str], message: str) -> None:
    with pytest.raises(DataError, match=message):
        explain_one(fates, One(of["customer"], of["article"], final=False))


@pytest.mark.parametrize(("article", "final", "flag"), [("0a003", False, "--article 0a003"), (None, True, "--final")])
def test_what_only_a_customer_can_have_is_refused_without_one(article: str | None, final: bool, flag: str) -> None:
    with pytest.raises(SettingsError, match=f"{flag} needs --customer ID"):
        One.asked(None, article, final=final)
    assert One.asked(None, None, final=False) is None
    assert One.asked("0c003", article, final=final) == One("0c003", article, final)
