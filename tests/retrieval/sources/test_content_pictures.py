"""Articles that are alike in nothing but their pictures."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from lookbook.data.dataset import Dataset
from lookbook.data.errors import DataError
from lookbook.data.pictures import Pictures
from lookbook.retrieval.source import CandidateSource, reads_pictures

AS_OF = date(2020, 9, 15)
Retrieve = Callable[..., tuple[dict[str, pl.DataFrame], pl.DataFrame]]
WithSettings = Callable[..., CandidateSource]
LOOKS = {1: [1.0, 0.0], 2: [1.0, 0.0], 3: [0.6, 0.8], 4: [-1.0, 0.0]}
"""Of the articles with a picture; 5 has none."""


@pytest.fixture
def shop(make_dataset: Callable[..., Dataset]) -> Dataset:
    """Customer 1 bought article 1, customer 2 bought all others but 2, which nobody bought. No article shares a word."""
    rows = [(1, 1, AS_OF - timedelta(days=1)), *((2, article, AS_OF - timedelta(days=1)) for article in (3, 4, 5))]
    names = ["one hat", "two hats", "some coat", "more socks", "that dress"]
    bare = make_dataset(
        pl.DataFrame(rows, schema=["customer", "article", "date"], orient="row"),
        articles=pl.DataFrame({"article": range(1, 6), "name": names}),
    )
    schema = {"article": pl.UInt32, "vector": pl.Array(pl.Float32, 2)}
    return replace(bare, pictures=Pictures("looks", pl.LazyFrame({"article": list(LOOKS), "vector": list(LOOKS.values())}, schema)))


def source(with_settings: WithSettings, **changes: object) -> CandidateSource:
    plain = {"min_articles": 1, "sales_power": 0.0, "k": 3}
    return with_settings("content", **{**plain, **changes})


def test_an_article_that_is_alike_in_its_picture_alone_is_found_with_pictures_only(
    shop: Dataset, with_settings: WithSettings, retrieve: Retrieve
) -> None:
    found = retrieve(source(with_settings, picture_weight=0.5), shop, AS_OF)[1].filter(pl.col("customer") == 1)
    assert found["article"].to_list() == [1, 2, 3]
    np.testing.assert_allclose(found["score"], [1, 0.5, 0.5 * 0.6], atol=1e-6)
    without = retrieve(source(with_settings), shop, AS_OF)[1].filter(pl.col("customer") == 1)
    np.testing.assert_allclose(without["score"], [1, 0, 0], atol=1e-6)


def test_pictures_are_asked_for_by_their_weight(shop: Dataset, with_settings: WithSettings, retrieve: Retrieve) -> None:
    assert reads_pictures(source(with_settings, picture_weight=0.1))
    assert not reads_pictures(source(with_settings))
    assert not reads_pictures(with_settings("popularity"))
    with pytest.raises(DataError, match="the pictures of this data set were not read"):
        retrieve(source(with_settings, picture_weight=0.1), replace(shop, pictures=None), AS_OF)
