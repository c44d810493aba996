"""What is sold: groups, sections, styles, products and their variants (articles).

Input: CatalogueSettings. Output: Catalogue, whose articles are ordered by group, section, style, product, variant, so that
every level is a range of neighbouring articles. A style is what customers have a taste for; no file shows it.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lookbook.data.simulate.settings import CatalogueSettings
from lookbook.data.simulate.streams import stream

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

GROUP_SECTIONS = (20, 18, 7, 8, 4)
"""Sections of each index group: 57 in all. Groups: ladies, children, divided, men, sport."""


@dataclass(frozen=True)
class Catalogue:
    """Whole numbers from 0. `*_start`: first article of each, and the number of articles at the end.

    style_share: part of all sales that a style has in the long run. product, style: of each article.
    """

    product: Ints
    style: Ints
    product_style: Ints
    style_section: Ints
    section_group: Ints
    product_start: Ints
    style_start: Ints
    section_start: Ints
    style_share: Floats

    @property
    def n_articles(self) -> int:
        return len(self.product)

    @property
    def n_products(self) -> int:
        return len(self.product_style)

    @property
    def n_styles(self) -> int:
        return len(self.style_section)


def build_catalogue(settings: CatalogueSettings, *, scale: float, seed: int) -> Catalogue:
    """The catalogue of a market of `scale`: its products and articles shrink with scale ** scale_power."""
    rng = stream(seed, "catalogue")
    shrink = scale**settings.scale_power
    n_products = max(60, round(settings.products * shrink))
    n_articles = max(n_products, round(settings.articles * shrink))
    section_group = np.repeat(np.arange(5), GROUP_SECTIONS)
    style_section, style_share, article_share = _styles(settings, section_group, n_products, rng)
    product_style = np.sort(_each_then_by_share(article_share, n_products, rng))
    product = np.repeat(np.arange(n_products), _variants(n_products, n_articles, rng))
    style = product_style[product]
    return Catalogue(
        product=product,
        style=style,
        product_style=product_style,
        style_section=style_section,
        section_group=section_group,
        product_start=_starts(product, n_products),
        style_start=_starts(style, len(style_section)),
        section_start=_starts(style_section[style], len(section_group)),
        style_share=style_share,
    )


def _styles(
    settings: CatalogueSettings, section_group: Ints, n_products: int, rng: np.random.Generator
) -> tuple[Ints, Floats, Floats]:
    """Section, share of sales and share of products of each style; every section has one at least."""
    n_sections = len(section_group)
    n_styles = max(n_sections, min(settings.styles, n_products))
    group_articles = _normal(np.array(settings.group_article_shares))
    section_size = _within(rng.lognormal(0.0, 0.5, n_sections), section_group, group_articles)
    style_section = np.sort(_each_then_by_share(section_size, n_styles, rng))
    size = rng.lognormal(0.0, settings.style_spread, n_styles)
    group = section_group[style_section]
    sales = _within(size, group, _normal(np.array(settings.group_sales_shares)))
    return style_section, sales, _within(np.sqrt(size), group, group_articles)


def _variants(n_products: int, n_articles: int, rng: np.random.Generator) -> Ints:
    """Articles of each product: one, and a part of the others, few products having many."""
    liking = rng.gamma(0.6, 1.0, n_products)
    return 1 + rng.multinomial(n_articles - n_products, _normal(liking))


def _each_then_by_share(share: Floats, n: int, rng: np.random.Generator) -> Ints:
    """`n` draws of 0, 1, ... by `share`, of which the first ones are each once, so that none is missing."""
    each = np.arange(len(share))
    drawn = rng.choice(len(share), n - len(share), p=_normal(share)) if n > len(share) else each[:0]
    return np.concatenate([each, drawn])[:n]


def _within(size: Floats, group: Ints, share: Floats) -> Floats:
    """`size` scaled so that each group's sum is its share."""
    whole: Floats = np.bincount(group, size, minlength=len(share)).astype(np.float64)
    return size / whole[group] * share[group]


def _normal(weights: Floats) -> Floats:
    shares: Floats = weights / weights.sum()
    return shares


def _starts(level: Ints, n: int) -> Ints:
    return np.searchsorted(level, np.arange(n + 1))
