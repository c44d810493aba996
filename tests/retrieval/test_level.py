from collections.abc import Callable
from datetime import date, timedelta

import polars as pl
import pytest

from lookbook.data.dataset import Dataset
from lookbook.retrieval.level import best_sellers, favourite_groups

AS_OF = date(2020, 9, 15)


@pytest.fixture
def shop(make_dataset: Callable[..., Dataset]) -> Dataset:
    """Articles 10, 11, 12 are products 1; 20, 21 are product 2; 30 has no product. Departments: 7 = all but 21."""
    rows = [(1, 10, 1), (1, 10, 1), (1, 20, 8), (2, 11, 1), (2, 10, 8), (2, 30, 1), (3, 30, 1), (3, 21, 15)]
    return make_dataset(
        pl.DataFrame(
            [(customer, article, AS_OF - timedelta(days=ago)) for customer, article, ago in rows],
            schema=["customer", "article", "date"],
            orient="row",
        ),
        articles=pl.DataFrame(
            {"article": [10, 11, 12, 20, 21, 30], "product": [1, 1, 1, 2, 2, None], "department": [7, 7, 7, 7, 8, 7]}
        ),
    )


def test_best_sellers_share_the_decayed_purchase_days_of_their_group(shop: Dataset) -> None:
    history = shop.before(AS_OF)
    found = best_sellers(history, "product", half_life_days=7.0, top=9).collect()
    assert found.rows() == [
        (1, 10, pytest.approx(1.5 / 2.5)),
        (1, 11, pytest.approx(1 / 2.5)),
        (2, 20, pytest.approx(0.5 / 0.75)),
        (2, 21, pytest.approx(0.25 / 0.75)),
    ]
    assert best_sellers(history, "product", half_life_days=7.0, top=1).collect()["article"].to_list() == [10, 20]


def test_favourite_groups_are_those_bought_from_most_with_ties_to_the_smaller_code(shop: Dataset) -> None:
    history = shop.before(AS_OF)
    found = favourite_groups(history, "product", half_life_days=7.0, top=9).collect()
    assert found.rows() == [(1, 1, 1.0), (1, 2, 0.5), (2, 1, 1.5), (3, 2, 0.25)]
    assert favourite_groups(history, "product", half_life_days=7.0, top=1).collect().rows() == [
        (1, 1, 1.0),
        (2, 1, 1.5),
        (3, 2, 0.25),
    ]


def test_same_product_ranks_variants_by_purchases_times_share(
    shop: Dataset, retrieve: Callable[..., tuple[object, pl.DataFrame]], with_settings: Callable[..., object]
) -> None:
    source = with_settings("same_product", level="product", customer_half_life_days=7.0, article_half_life_days=7.0)
    found = retrieve(source, shop, AS_OF)[1]
    assert found.rows() == [
        (1, 10, pytest.approx(1.0 * 0.6), 1),
        (1, 11, pytest.approx(1.0 * 0.4), 2),
        (1, 20, pytest.approx(0.5 * 2 / 3), 3),
        (1, 21, pytest.approx(0.5 * 1 / 3), 4),
        (2, 10, pytest.approx(1.5 * 0.6), 1),
        (2, 11, pytest.approx(1.5 * 0.4), 2),
        (3, 20, pytest.approx(0.25 * 2 / 3), 1),
        (3, 21, pytest.approx(0.25 * 1 / 3), 2),
    ]


def test_favourite_category_offers_what_sells_in_the_favourite_department_only(
    shop: Dataset, retrieve: Callable[..., tuple[object, pl.DataFrame]], with_settings: Callable[..., object]
) -> None:
    source = with_settings(
        "favourite_category",
        level="department",
        categories_per_customer=1,
        articles_per_category=2,
        customer_half_life_days=7.0,
        article_half_life_days=1e9,
    )
    found = retrieve(source, shop, AS_OF)[1]
    # department 7 sold articles 10 and 30 on 2 customer days each of 6, 20 and 11 on one
    assert found.select("customer", "article", "rank").rows() == [(c, a, r) for c in (1, 2, 3) for a, r in ((10, 1), (30, 2))]
    assert found["score"].to_list() == pytest.approx([1.5 / 3] * 2 + [2.5 / 3] * 2 + [1.0 / 3] * 2)
