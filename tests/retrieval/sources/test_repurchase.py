from collections.abc import Callable
from datetime import date, timedelta

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from lookbook.data.dataset import Dataset

AS_OF = date(2020, 9, 15)


@pytest.fixture
def three_articles(make_dataset: Callable[..., Dataset]) -> Dataset:
    rows = [(1, 10, 1), (1, 10, 1), (1, 20, 8), (1, 20, 15), (1, 20, 22), (1, 30, 1), (2, 20, 1)]
    return make_dataset(
        pl.DataFrame(
            [(customer, article, AS_OF - timedelta(days=ago)) for customer, article, ago in rows],
            schema=["customer", "article", "date"],
            orient="row",
        )
    )


def test_score_is_the_decayed_number_of_days_bought_and_ties_go_to_the_smaller_article(
    three_articles: Dataset, retrieve: Callable[..., tuple[object, pl.DataFrame]], with_settings: Callable[..., object]
) -> None:
    source = with_settings("repurchase", k=10, half_life_days=7.0, repeat_power=0.0)
    expected = pl.DataFrame(
        {
            "customer": [1, 1, 1, 2],
            "article": [10, 30, 20, 20],
            "score": [1.0, 1.0, 0.875, 1.0],  # article 20: 1/2 + 1/4 + 1/8; the second receipt of article 10 does not count
            "rank": [1, 2, 3, 1],
        },
        schema={"customer": pl.UInt32, "article": pl.UInt32, "score": pl.Float32, "rank": pl.UInt16},
    )
    assert_frame_equal(retrieve(source, three_articles, AS_OF)[1], expected)


def test_repeats_count_further_days_per_buyer_and_lift_articles_that_people_rebuy(
    three_articles: Dataset,
    retrieve: Callable[..., tuple[dict[str, pl.DataFrame], pl.DataFrame]],
    with_settings: Callable[..., object],
) -> None:
    learned, found = retrieve(with_settings("repurchase", k=1, half_life_days=7.0, repeat_power=1.0), three_articles, AS_OF)
    expected = pl.DataFrame({"article": [10, 20, 30], "repeats": [2 / 11, 4 / 12, 2 / 11]}, schema_overrides={"article": pl.UInt32})
    assert_frame_equal(learned["repeats"], expected)
    assert found["article"].to_list() == [20, 20]
