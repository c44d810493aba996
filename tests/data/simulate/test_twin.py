"""The figures of a market in the H&M files, and the comparison with H&M's own."""

from contextlib import nullcontext
from datetime import date

import polars as pl
import pytest

from lookbook.data.dataset import Dataset
from lookbook.data.registry import convert_dataset
from lookbook.data.simulate.simulate import simulate
from lookbook.data.simulate.twin.comparison import compare, scale_of
from lookbook.data.simulate.twin.figures import market_figures
from lookbook.data.simulate.twin.yardsticks import YARDSTICKS

TODAY = date(2026, 1, 1)
ROWS = """\
t_dat,customer_id,article_id,price,sales_channel_id
2020-04-01,{a},0100000001,0.02,2
2020-04-01,{a},0100000001,0.02,2
2020-08-01,{b},0100001001,0.04,1
2020-09-12,{a},0100001001,0.04,2
2020-09-17,{c},0100000002,0.06,1
2020-09-19,{a},0100000001,0.02,2
2020-09-19,{b},0100000002,0.06,1
2020-09-19,{b},0100001002,0.10,1
"""
ARTICLES = {"0100000001": "Ladieswear", "0100000002": "Ladieswear", "0100001001": "Sport", "0100001002": "Divided"}


@pytest.fixture
def market(hm_folder, make_settings, tmp_path):
    """Three customers, two products of two colours each; the last week begins on 2020-09-13."""
    names = {name: name * 64 for name in "abc"}
    (hm_folder / "transactions_train.csv").write_text(ROWS.format(**names))
    (hm_folder / "sample_submission.csv").unlink()
    customers = ["customer_id,FN,Active,club_member_status,fashion_news_frequency,age,postal_code"]
    customers += [f"{names['a']},1,,ACTIVE,NONE,20,x", f"{names['b']},,,ACTIVE,NONE,,x", f"{names['c']},,,ACTIVE,NONE,40,y"]
    (hm_folder / "customers.csv").write_text("\n".join([*customers, ""]))
    table = pl.read_csv(hm_folder / "articles.csv", infer_schema=False).head(4)
    ids = pl.Series(list(ARTICLES))
    table = table.with_columns(article_id=ids, product_code=ids.str.slice(1, 6), index_group_name=pl.Series(ARTICLES.values()))
    table.with_columns(detail_desc=pl.Series(["same", "same", None, "other"])).write_csv(hm_folder / "articles.csv")
    settings = make_settings(dataset="hm", data_dir=str(hm_folder))
    convert_dataset(settings, tmp_path / "tables", today=TODAY)
    return market_figures(Dataset.open(tmp_path / "tables"), hm_folder)


@pytest.mark.parametrize(
    ("figure", "value"),
    [
        ("rows", 8), ("customers", 3), ("articles", 4),
        ("weekly buyers, mean", 6 / 4), ("weekly buyers, standard deviation", 1.0),
        ("last week: buyers", 3), ("last week: rows", 4), ("last week: pairs", 4), ("last week: pairs per buyer", 4 / 3),
        ("last week: articles", 3),
        ("last week: its articles sold in the 7 days before", 0), ("last week: its articles sold in the 30 days before", 0),
        ("last week: buyers who never bought before", 1 / 3), ("last week: buyers without a purchase in 90 days", 1 / 3),
        ("last week: pairs bought in the 90 days before", 0), ("last week: pairs ever bought before", 1 / 4),
        ("last week: pairs new, but the product bought before", 1 / 4),
        ("purchases per customer, mean", 8 / 3), ("purchases per customer, median", 3), ("purchases per customer, most", 4),
        ("customers with one purchase", 1 / 3), ("customers inactive for more than 180 days", 0),
        ("days between a customer's last two dates, lower quartile", 7),
        ("days between a customer's last two dates, upper quartile", 49),
        ("purchases per article, mean", 2), ("purchases per article, most", 3), ("sales of the top 12 articles", 1),
        ("pairs on one date only", 5 / 6), ("rows that repeat date, customer and article", 1 / 8),
        ("price, mean", 0.045), ("price, lowest", 0.02), ("price, highest", 0.1),
        ("price, lowest monthly mean", 0.02), ("price, highest monthly mean", 0.056),
        ("share of rows online", 4 / 8), ("share of rows online, April 2020", 1),
        ("sales of Ladieswear", 5 / 8), ("sales of Sport", 2 / 8), ("sales of Divided", 1 / 8),
        ("FN empty", 2 / 3), ("Active empty", 1), ("age empty", 1 / 3),
        ("postal codes", 2), ("customers of the commonest postal code", 2),
        ("detail_desc empty", 1 / 4), ("distinct detail_desc", 2), ("distinct product_code", 2),
    ],
)  # fmt: skip
def test_each_figure_is_what_a_person_would_count(market, figure, value):
    assert market[figure] == pytest.approx(value)


def test_there_is_a_figure_for_every_yardstick(market):
    assert set(market) == set(YARDSTICKS)


def test_figures_compare_as_their_scope_says():
    figures = dict.fromkeys(YARDSTICKS, 0.0) | {
        "rows": 317_883.24 * 1.14, "age empty": 0.012 * 0.84, "purchases per article, median": 65.0, "articles": 1055.0,
    }  # fmt: skip
    shrunk = {row.figure: row for row in compare(figures, scale=0.01, scale_power=1.0)}
    sampled = {row.figure: row for row in compare(figures, scale=0.01, scale_power=0.0)}
    full = {row.figure: row for row in compare(figures, scale=1.0, scale_power=0.0)}
    assert shrunk["rows"].hm == pytest.approx(317_883.24)
    assert shrunk["rows"].ratio == pytest.approx(1.14)
    assert shrunk["rows"].within
    assert shrunk["age empty"].within is False
    assert shrunk["purchases per article, median"].within
    assert (sampled["purchases per article, median"].hm, sampled["purchases per article, median"].within) == (None, None)
    assert (shrunk["articles"].within, full["articles"].within) == (None, False)


def test_a_small_twin_is_like_the_real_market_where_size_does_not_matter(make_simulation, make_settings, tmp_path):
    settings = make_simulation(catalogue__products=47_224, catalogue__articles=105_542, first_day="2018-09-20")
    simulate(settings, tmp_path / "twin", scale=0.01, seed=1, form="parquet", step=lambda _: nullcontext())
    convert_dataset(make_settings(dataset="hm", data_dir=str(tmp_path / "twin")), tmp_path / "tables", today=TODAY)
    figures = market_figures(Dataset.open(tmp_path / "tables"), tmp_path / "twin")
    scale, power = scale_of(tmp_path / "twin")
    compared = [row for row in compare(figures, scale=scale, scale_power=power) if row.ratio is not None]
    assert len(compared) >= 55
    lasting = [row for row in compared if not row.figure.startswith("last week")]
    assert {row.figure: row.ratio for row in lasting if not 0.8 <= row.ratio <= 1.2} == {}
    assert {row.figure: row.ratio for row in compared if not 0.6 <= row.ratio <= 1.5} == {}
    assert sum(not row.within for row in lasting) <= 3
