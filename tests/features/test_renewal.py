import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lookbook.features.renewal import NEWEST_BASKETS, PRODUCT_RENEWAL, RENEWAL

ROWS = st.lists(st.tuples(st.integers(1, 2), st.integers(1, 4), st.integers(1, 200)), min_size=1, max_size=60)


def rank(values, key):
    return 1 + sum(value > values[key] for value in values.values())


@given(ROWS)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_slow_count_gives_the_same(table_of, rows):
    before = pl.DataFrame(rows, schema=["customer", "article", "days_ago"], orient="row")
    names = [feature.name for feature in RENEWAL.features]
    found = {(row["customer"], row["article"]): row for row in table_of(RENEWAL, before, *names).to_dicts()}
    assert set(found) == {(customer, article) for customer, article, _ in rows}
    for customer in {customer for customer, _, _ in rows}:
        mine = {(day, article) for who, article, day in rows if who == customer}
        baskets = sorted({day for day, _ in mine})
        days = {article: [day for day, what in mine if what == article] for _, article in mine}
        decayed = {article: sum(0.5 ** ((day - 1) / 56) for day in bought) for article, bought in days.items()}
        for article, bought in days.items():
            row = found[customer, article]
            assert row["pair_decayed_rank_56d"] == rank({a: round(w, 5) for a, w in decayed.items()}, article)
            for half_life in (56, 224):
                weight = {day: 0.5 ** ((day - 1) / half_life) for day in baskets}
                share = sum(weight[day] for day in bought) / sum(weight.values())
                assert row[f"pair_decayed_share_{half_life}d"] == pytest.approx(share, rel=1e-4)
            size = {day: sum(other == day for other, _ in mine) for day in baskets}
            part = sum(0.5 ** ((day - 1) / 56) / size[day] for day in bought)
            assert row["pair_decayed_basket_part_56d"] == pytest.approx(part, rel=1e-4)
            assert row["pair_newest_baskets"] == sum(day in baskets[:NEWEST_BASKETS] for day in bought)


def test_what_is_repeated_often_and_lately_is_renewed_first(table_of):
    before = pl.DataFrame(
        [(1, 1, day) for day in (29, 22, 15, 8)] + [(1, 2, 25), (1, 3, 120)] + [(2, 1, day) for day in (37, 30, 23, 16, 9)],
        schema=["customer", "article", "days_ago"],
        orient="row",
    )
    ranks = ["pair_renewal_rank", "pair_renewal_decayed_rank_224d"]
    found = table_of(RENEWAL, before, "pair_renewal", *ranks).filter(pl.col("customer") == 1)
    assert found.select(pl.col("article", *ranks).cast(pl.Int64)).row(0) == (1, 1, 1)
    assert found["pair_renewal"].is_between(0, 1).all()
    assert found["pair_renewal"][0] > found["pair_renewal"][1]


def test_articles_of_one_product_renew_each_other(table_of):
    articles = pl.DataFrame({"article": [1, 2, 3], "product": [7, 7, None]}, schema={"article": pl.UInt32, "product": pl.UInt32})
    before = pl.DataFrame({"customer": [1, 1, 1, 2], "article": [1, 2, 3, 1], "days_ago": [21, 14, 7, 7]})
    found = table_of(PRODUCT_RENEWAL, before, "pair_product_renewal", "pair_product_renewal_rank", articles=articles)
    assert found.select("customer", "article_product").rows() == [(1, 7), (2, 7)]
    assert found["pair_product_renewal"].to_list()[1] > 0
