from collections.abc import Callable
from datetime import date, timedelta

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from lookbook.data.dataset import Dataset

AS_OF = date(2020, 9, 15)
FOREVER = 1e9
Retrieve = Callable[..., tuple[dict[str, pl.DataFrame], pl.DataFrame]]
WithSettings = Callable[..., object]


@pytest.fixture
def market_of(make_dataset: Callable[..., Dataset]) -> Callable[..., Dataset]:
    """A market of (customer, article, days ago, channel) rows; customer 9 never buys."""

    def build(rows: list[tuple[int, int, int, int]], ages: dict[int, int | None]) -> Dataset:
        transactions = [(customer, article, AS_OF - timedelta(days=ago), channel) for customer, article, ago, channel in rows]
        return make_dataset(
            pl.DataFrame(transactions, schema=["customer", "article", "date", "channel"], orient="row"),
            pl.DataFrame({"customer": list(ages), "age_band": list(ages.values())}, schema_overrides={"age_band": pl.UInt8}),
        )

    return build


def plain(**settings: object) -> dict[str, object]:
    return {"k": 9, "windows_days": (7,), "half_life_days": FOREVER, "segments": (), "collapsed_below": 0.0, **settings}


def test_overall_score_is_the_mean_share_of_sales_over_the_windows(
    market_of: Callable[..., Dataset], retrieve: Retrieve, with_settings: WithSettings
) -> None:
    market = market_of([(1, 10, 1, 1), (2, 10, 7, 1), (2, 20, 7, 1), (1, 30, 8, 1), (2, 40, 15, 1)], {1: None, 2: None, 9: None})
    learned, found = retrieve(with_settings("popularity", **plain(windows_days=(7, 14))), market, AS_OF)
    expected = pl.DataFrame(
        {
            "article": [10, 20, 30],
            "score": [(2 / 3 + 2 / 4) / 2, (1 / 3 + 1 / 4) / 2, (0 + 1 / 4) / 2],
            "rank": [1, 2, 3],
        },
        schema={"article": pl.UInt32, "score": pl.Float32, "rank": pl.UInt16},
    )
    assert_frame_equal(learned["overall"], expected)
    assert found.group_by("customer", maintain_order=True).agg("article").rows() == [(c, [10, 20, 30]) for c in (1, 2, 9)]


def test_sales_halve_with_age(market_of: Callable[..., Dataset], retrieve: Retrieve, with_settings: WithSettings) -> None:
    market = market_of([(1, 10, 4, 1), (1, 20, 1, 1)], {1: None})
    learned, _ = retrieve(with_settings("popularity", **plain(half_life_days=3.0)), market, AS_OF)
    assert learned["overall"].select("article", "score").rows() == [(20, pytest.approx(2 / 3)), (10, pytest.approx(1 / 3))]


def test_articles_whose_sales_collapsed_are_left_out(
    market_of: Callable[..., Dataset], retrieve: Retrieve, with_settings: WithSettings
) -> None:
    # per day: article 10 sold 1/7 now against 6/28, article 20 nothing now
    rows = [(1, 10, ago, 1) for ago in (1, 8, 9, 10, 11, 12)] + [(1, 20, ago, 1) for ago in (8, 9, 10, 11, 12, 13)]
    market = market_of(rows, {1: None})
    for threshold, left in ((0.0, [10, 20]), (0.1, [10]), (0.6, [10]), (0.7, [])):
        settings = plain(windows_days=(7, 28), collapsed_below=threshold)
        learned, _ = retrieve(with_settings("popularity", **settings), market, AS_OF)
        assert learned["overall"]["article"].sort().to_list() == left


def test_each_segment_gets_its_own_list_and_unknown_segments_the_overall_one(
    market_of: Callable[..., Dataset], retrieve: Retrieve, with_settings: WithSettings
) -> None:
    rows = [(c, 10, 1, 1) for c in (1, 2, 3)] + [(1, 20, 2, 1), (4, 20, 1, 1), (4, 30, 1, 1), (4, 40, 1, 1)]
    market = market_of(rows, {1: 1, 2: 1, 3: 1, 4: 2, 8: 3, 9: None})
    learned, found = retrieve(with_settings("popularity", **plain(segments=("age_band",), segment_prior=1.0)), market, AS_OF)
    first = found.filter(pl.col("rank") == 1).select("customer", "article").rows()
    assert first == [(1, 10), (2, 10), (3, 10), (4, 20), (8, 10), (9, 10)]
    share = {(c, a): s for c, a, s in found.select("customer", "article", "score").rows()}
    assert share[1, 10] == pytest.approx((3 + 3 / 7) / (4 + 1))
    assert share[4, 10] == pytest.approx((0 + 3 / 7) / (3 + 1))
    assert share[8, 10] == pytest.approx(3 / 7)
    assert learned["segments"].columns == ["age_band", "article", "score", "rank"]


def test_the_channel_of_a_customer_is_the_one_bought_in_most_with_ties_to_the_smaller(
    market_of: Callable[..., Dataset], retrieve: Retrieve, with_settings: WithSettings
) -> None:
    rows = [(1, 10, 1, 2), (1, 11, 1, 2), (1, 12, 2, 1), (2, 20, 1, 1), (3, 30, 1, 0), (4, 20, 1, 1), (4, 20, 2, 2)]
    market = market_of(rows, dict.fromkeys((1, 2, 3, 4, 9)))
    learned, found = retrieve(with_settings("popularity", **plain(segments=("channel",), segment_prior=1e-6)), market, AS_OF)
    firsts = found.filter(pl.col("rank") == 1)
    assert firsts.filter(pl.col("customer") == 3)["score"].to_list() == pytest.approx([1.0], rel=1e-4)  # all that unknowns bought
    assert dict(firsts.select("customer", "article").rows()) == {1: 10, 2: 20, 3: 30, 4: 20, 9: 30}
    assert learned["segments"]["channel"].unique().sort().to_list() == [None, 1, 2]


def test_customers_in_no_known_segment_fall_back_to_the_overall_list(
    market_of: Callable[..., Dataset], with_settings: WithSettings
) -> None:
    source = with_settings("popularity", **plain(segments=("age_band",)))
    market = market_of([(1, 10, 1, 1), (1, 20, 1, 1), (1, 20, 2, 1)], {1: 1})
    learned = source.learn(market.before(AS_OF), earlier=None, seed=0, device="cpu")
    newcomer = market_of([(5, 10, 1, 1)], {5: 6}).before(AS_OF)
    found = source.generate(learned, newcomer, pl.Series([5, 6], dtype=pl.UInt32)).collect()
    assert found.select("customer", "article").rows() == [(5, 20), (5, 10), (6, 20), (6, 10)]


def test_an_unknown_segment_column_is_refused_with_the_known_ones(market: Dataset, with_settings: WithSettings) -> None:
    source = with_settings("popularity", segments=("age_bnad",))
    with pytest.raises(ValueError, match="unknown column 'age_bnad'; known: age, age_band, channel, member"):
        source.learn(market.before(AS_OF), earlier=None, seed=0, device="cpu")
