"""articles.csv: 25 columns with as many distinct values as H&M's.

Input: Catalogue, Appeal. Output: one row per article, in the order of the raw ids, with the article's number.
"""

from collections.abc import Sequence
from itertools import islice, product

import numpy as np
import polars as pl

from lookbook.data.simulate.settings import CatalogueSettings
from lookbook.data.simulate.streams import stream
from lookbook.data.simulate.world.appeal import Appeal
from lookbook.data.simulate.world.catalogue import Catalogue, Ints
from lookbook.data.simulate.world.words import (
    COLOURS,
    CUTS,
    DETAILS,
    EXTENTS,
    FABRICS,
    GROUPS,
    INDEX_CODES,
    INDEXES,
    NAMES,
    NOUNS,
    PATTERNS,
    PRODUCT_GROUPS,
    SHADES,
    VALUES,
)  # fmt: skip

N_TYPES, N_GARMENT_GROUPS, N_DEPARTMENTS, N_DEPARTMENT_NAMES, N_PATTERNS = 132, 21, 299, 250, 30
N_COLOURS, N_COLOUR_MASTERS = 50, 20
PRODUCT_CODES = (108_775, 959_462)
PRODUCT_NAME_SHARE, DESCRIPTION_SHARE, NO_DESCRIPTION = 45_875 / 47_224, 43_404 / 47_224, 416 / 105_542
GROUP_INDEXES = ((0, 1, 2), (3, 4, 5, 6), (7,), (8,), (9,))


def articles_table(catalogue: Catalogue, appeal: Appeal, settings: CatalogueSettings, *, seed: int) -> pl.DataFrame:
    """The columns of articles.csv and `number`, the article in the catalogue; sorted by article_id."""
    rng = stream(seed, "attributes")
    of = catalogue.product
    kind = _types(catalogue, settings, rng)[of]
    department = _departments(catalogue, settings, rng)[of]
    section = catalogue.style_section[catalogue.style]
    group = catalogue.section_group[section]
    index = np.array([GROUP_INDEXES[g][i % len(GROUP_INDEXES[g])] for i, g in enumerate(catalogue.section_group)])[section]
    pattern = _each(_by_rank(catalogue.n_products, N_PATTERNS, 1.6, rng), N_PATTERNS, rng)[of]
    colour = _each(_by_rank(catalogue.n_articles, N_COLOURS, settings.colour_power, rng), N_COLOURS, rng)
    code = _product_codes(catalogue, appeal, rng)
    variant = np.arange(catalogue.n_articles) - catalogue.product_start[of] + 1
    columns = {
        "number": np.arange(catalogue.n_articles),
        "article_id": code[of] * 1000 + variant,
        "product_code": code[of],
        **_coded("product_type", kind, [100 + 3 * i for i in range(N_TYPES)], _names(CUTS, NOUNS, N_TYPES - 1), no=True),
        "product_group_name": pl.Series(PRODUCT_GROUPS).gather(kind % len(PRODUCT_GROUPS)),
        **_coded("graphical_appearance", pattern, range(1_010_001, 1_010_031), _names(EXTENTS, PATTERNS, N_PATTERNS), no=True),
        "colour_group_code": colour + 1,
        "colour_group_name": _text(_names(SHADES, COLOURS, N_COLOURS), colour),
        **_perceived(colour),
        **_coded("department", department, range(1000, 1000 + 7 * N_DEPARTMENTS, 7), _department_names(), no=True),
        "index_code": pl.Series(INDEX_CODES).gather(index),
        "index_name": pl.Series(INDEXES).gather(index),
        **_coded("index_group", group, (1, 4, 2, 3, 26), GROUPS, no=True),
        **_coded("section", section, range(2, 2 + len(catalogue.section_group)), _section_names(catalogue), no=True),
        **_coded("garment_group", kind % N_GARMENT_GROUPS, range(1001, 1022), _names(NOUNS, ("range",), N_GARMENT_GROUPS), no=True),
    }
    return _with_texts(pl.DataFrame(columns), catalogue, seed).sort("article_id")


def _types(catalogue: Catalogue, settings: CatalogueSettings, rng: np.random.Generator) -> Ints:
    """Product type of each product: one of the few of its style."""
    few = _each(_by_rank(catalogue.n_styles * settings.style_types, N_TYPES, 1.0, rng), N_TYPES, rng)
    which = rng.integers(0, settings.style_types, catalogue.n_products)
    return _each(few.reshape(catalogue.n_styles, -1)[catalogue.product_style, which], N_TYPES, rng)


def _departments(catalogue: Catalogue, settings: CatalogueSettings, rng: np.random.Generator) -> Ints:
    """Department of each product: that of its style, or with odd_department_share another one of its section."""
    n_sections = len(catalogue.section_group)
    section_of = np.sort(np.concatenate([np.arange(n_sections), rng.choice(catalogue.style_section, N_DEPARTMENTS - n_sections)]))
    first = np.searchsorted(section_of, np.arange(n_sections))
    count = np.bincount(section_of, minlength=n_sections)
    first_style = np.searchsorted(catalogue.style_section, np.arange(n_sections))
    in_section = np.arange(catalogue.n_styles) - first_style[catalogue.style_section]
    section = catalogue.style_section[catalogue.product_style]
    odd = rng.random(catalogue.n_products) < settings.odd_department_share
    turn: Ints = np.where(odd, rng.integers(0, N_DEPARTMENTS, catalogue.n_products), in_section[catalogue.product_style])
    return first[section] + turn % count[section]


def _product_codes(catalogue: Catalogue, appeal: Appeal, rng: np.random.Generator) -> Ints:
    """Distinct numbers of six digits; a product launched later tends to have a higher one."""
    low, high = PRODUCT_CODES
    codes: Ints = low + np.sort(rng.choice(high - low, catalogue.n_products, replace=False)).astype(np.int64)
    launch = appeal.launch[catalogue.product_start[:-1]] + rng.normal(0.0, 5.0, catalogue.n_products)
    return codes[np.argsort(np.argsort(launch, kind="stable"), kind="stable")]


def _perceived(colour: Ints) -> dict[str, Ints | pl.Series]:
    value, master = (colour * 3) % len(VALUES), colour % N_COLOUR_MASTERS
    return {
        **_coded("perceived_colour_value", value, range(len(VALUES)), VALUES, no=False),
        **_coded("perceived_colour_master", master, range(N_COLOUR_MASTERS), COLOURS, no=False),
    }


def _with_texts(table: pl.DataFrame, catalogue: Catalogue, seed: int) -> pl.DataFrame:
    """`table` with article_id as text, prod_name and detail_desc; both are of the product, some are shared by two."""
    rng = stream(seed, "texts")
    n = catalogue.n_products
    named, described = (np.arange(n) % max(1, round(n * share)) for share in (PRODUCT_NAME_SHARE, DESCRIPTION_SHARE))
    kind = table["product_type_name"].gather(catalogue.product_start[:-1])
    texts = pl.DataFrame({
        "prod_name": pl.select(pl.concat_str(
            kind.gather(named), pl.lit(" "), pl.Series(NAMES).gather(named % len(NAMES)),
            pl.lit(" "), pl.Series(named // len(NAMES) + 1),
        )).to_series(),
        "detail_desc": pl.select(pl.concat_str(
            kind.gather(described), pl.lit(" in "), pl.Series(FABRICS).gather(described % len(FABRICS)), pl.lit(", with "),
            pl.Series(DETAILS).gather(described % len(DETAILS)), pl.lit(' and a "'), pl.Series(described + 1), pl.lit('" label.'),
        )).to_series(),
    })[catalogue.product]  # fmt: skip
    silent = pl.Series(rng.random(catalogue.n_articles) < NO_DESCRIPTION)
    return table.hstack(texts).with_columns(
        article_id="0" + pl.col("article_id").cast(pl.String),
        detail_desc=pl.when(~silent).then("detail_desc"),
    ).select("number", *ARTICLE_COLUMNS)  # fmt: skip


ARTICLE_COLUMNS = (
    "article_id", "product_code", "prod_name", "product_type_no", "product_type_name", "product_group_name",
    "graphical_appearance_no", "graphical_appearance_name", "colour_group_code", "colour_group_name",
    "perceived_colour_value_id", "perceived_colour_value_name", "perceived_colour_master_id", "perceived_colour_master_name",
    "department_no", "department_name", "index_code", "index_name", "index_group_no", "index_group_name", "section_no",
    "section_name", "garment_group_no", "garment_group_name", "detail_desc",
)  # fmt: skip


def _section_names(catalogue: Catalogue) -> list[str]:
    """One name for each section but two, which share theirs."""
    plus = [" Plus" * (i // len(NAMES)) for i in range(len(catalogue.section_group))]
    names = [f"{GROUPS[group]} {NAMES[i % len(NAMES)]}{plus[i]}" for i, group in enumerate(catalogue.section_group)]
    return [*names[:-1], names[-2]]


def _department_names() -> list[str]:
    return [f"{NOUNS[i % len(NOUNS)]} {NAMES[i // len(NOUNS)]}" for i in range(N_DEPARTMENT_NAMES)]


def _names(first: Sequence[str], second: Sequence[str], n: int) -> list[str]:
    return [f"{a} {b}".strip() for a, b in islice(product(first, second), n)]


def _coded(name: str, value: Ints, codes: Sequence[int], names: Sequence[str], *, no: bool) -> dict[str, Ints | pl.Series]:
    """The number and the name of a level; names fewer than codes are given out twice."""
    return {f"{name}_{'no' if no else 'id'}": np.array(codes)[value], f"{name}_name": _text(names, value)}


def _text(names: Sequence[str], value: Ints) -> pl.Series:
    return pl.Series(names).gather(value % len(names))


def _by_rank(n: int, kinds: int, power: float, rng: np.random.Generator) -> Ints:
    """`n` draws of 0 .. kinds - 1, the first most often."""
    share = np.arange(1, kinds + 1, dtype=np.float64) ** -power
    return rng.choice(kinds, n, p=share / share.sum())


def _each(drawn: Ints, kinds: int, rng: np.random.Generator) -> Ints:
    """`drawn`, with every kind put somewhere if there is room for all."""
    if len(drawn) >= kinds:
        drawn[rng.choice(len(drawn), kinds, replace=False)] = np.arange(kinds)
    return drawn
