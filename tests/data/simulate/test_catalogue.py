import numpy as np
import polars as pl
import pytest

from lookbook.data.simulate.twin.yardsticks import CARDINALITIES
from lookbook.data.simulate.world.appeal import build_appeal, week_weights
from lookbook.data.simulate.world.articles import ARTICLE_COLUMNS, articles_table
from lookbook.data.simulate.world.catalogue import build_catalogue


def test_the_full_catalogue_has_as_many_values_in_every_column(make_simulation):
    settings = make_simulation(catalogue__products=47_224, catalogue__articles=105_542)
    catalogue = build_catalogue(settings.catalogue, scale=0.001, seed=1)
    appeal = build_appeal(catalogue, settings.appeal, n_weeks=20, seed=1)
    table = articles_table(catalogue, appeal, settings.catalogue, seed=1)
    assert table.columns == ["number", *ARTICLE_COLUMNS]
    found = {name: table[name].drop_nulls().n_unique() for name in CARDINALITIES}
    assert found.pop("detail_desc") == pytest.approx(CARDINALITIES["detail_desc"], rel=0.01)
    assert found == {name: n for name, n in CARDINALITIES.items() if name != "detail_desc"}


def test_a_number_has_one_name_and_a_level_stands_in_one_level_above(make_simulation):
    settings = make_simulation(catalogue__products=3000, catalogue__articles=7000)
    catalogue = build_catalogue(settings.catalogue, scale=1.0, seed=2)
    table = articles_table(catalogue, build_appeal(catalogue, settings.appeal, n_weeks=20, seed=2), settings.catalogue, seed=2)
    for inner, outer in (
        ("product_type_no", "product_type_name"), ("department_no", "section_no"), ("section_no", "index_group_no"),
        ("section_no", "index_code"), ("index_code", "index_name"), ("product_code", "prod_name"),
        ("product_code", "department_no"), ("colour_group_code", "colour_group_name"),
        ("product_type_no", "garment_group_no"),
    ):  # fmt: skip
        per = table.group_by(inner).agg(pl.col(outer).n_unique())
        assert per[outer].max() == 1, (inner, outer)


def test_every_level_is_a_range_of_neighbouring_articles(make_simulation):
    catalogue = build_catalogue(make_simulation().catalogue, scale=1.0, seed=3)
    section = catalogue.style_section[catalogue.style]
    for level, starts in (
        (catalogue.product, catalogue.product_start),
        (catalogue.style, catalogue.style_start),
        (section, catalogue.section_start),
    ):
        assert (np.diff(level) >= 0).all()
        for value in np.unique(level):
            assert (level[starts[value] : starts[value + 1]] == value).all()
            assert (level == value).sum() == starts[value + 1] - starts[value]


def test_styles_weigh_what_they_sell_over_the_weeks_of_the_data(make_simulation):
    settings = make_simulation(appeal__shock_spread=0.0)
    catalogue = build_catalogue(settings.catalogue, scale=1.0, seed=3)
    appeal = build_appeal(catalogue, settings.appeal, n_weeks=30, seed=3)
    none = np.zeros(catalogue.n_articles)
    mean = sum(week_weights(appeal, none, settings.appeal, week) for week in range(30)) / 30
    per_style = np.bincount(catalogue.style, mean, minlength=catalogue.n_styles)
    sold = per_style > 0
    assert sold.mean() > 0.9
    np.testing.assert_allclose(per_style[sold], catalogue.style_share[sold])
    group = np.bincount(catalogue.section_group[catalogue.style_section], catalogue.style_share)
    np.testing.assert_allclose(group, np.array([0.642, 0.039, 0.224, 0.056, 0.040]) / 1.001)


def test_nothing_sells_before_its_launch_or_after_its_end(make_simulation):
    settings = make_simulation().appeal
    catalogue = build_catalogue(make_simulation().catalogue, scale=1.0, seed=3)
    appeal = build_appeal(catalogue, settings, n_weeks=30, seed=3)
    for week in (0, 10, 29):
        weights = week_weights(appeal, np.zeros(catalogue.n_articles), settings, week)
        on_sale = (appeal.launch <= week) & (week + 0.5 - appeal.launch < settings.end_lives * appeal.life)
        assert ((weights > 0) == on_sale).all()
        assert 0 < on_sale.sum() < catalogue.n_articles
