"""How much each article is wanted in a week: launch, life cycle, season, chance.

Input: Catalogue, AppealSettings. Output: Appeal, and from it the weights of the articles in a week.
"""

import math
from dataclasses import dataclass

import numpy as np

from lookbook.data.simulate.settings import AppealSettings
from lookbook.data.simulate.streams import stream
from lookbook.data.simulate.world.catalogue import Catalogue, Floats, Ints

YEAR_WEEKS = 52.18
LAST_PART = 0.8
"""An article launched before the data has passed at most this part of its time on sale when the data begins."""


@dataclass(frozen=True)
class Appeal:
    """Per article. launch: week of the first sale, may be before the data (negative); life: weeks from launch to the peak;
    level: its weight at the peak; peak_season: week of the year in which it sells best."""

    launch: Ints
    life: Floats
    level: Floats
    peak_season: Floats


def build_appeal(catalogue: Catalogue, settings: AppealSettings, *, n_weeks: int, seed: int) -> Appeal:
    """Appeal such that each style's weights sum, over an average week of the data, to its share of sales."""
    rng = stream(seed, "appeal")
    products, articles = catalogue.n_products, catalogue.n_articles
    first = rng.integers(-settings.old_weeks, n_weeks, products)
    life = settings.life_weeks * rng.lognormal(0.0, settings.life_spread, products)
    evergreen = rng.random(products) < settings.evergreen_share
    life = np.where(evergreen, np.maximum(life, settings.evergreen_weeks), life)
    wanted = rng.normal(0.0, settings.product_spread, products) + evergreen * math.log(settings.evergreen_factor)
    is_first = np.diff(catalogue.product, prepend=-1) > 0
    late = (rng.random(articles) < settings.late_variant_share) & ~is_first
    delay = np.where(late, rng.exponential(2.0, articles) * life[catalogue.product] + 1, 0).astype(np.int64)
    within = first[catalogue.product] + delay < n_weeks
    launch = first[catalogue.product] + np.where(within, delay, 0)
    launch = np.maximum(launch, np.ceil(-LAST_PART * settings.end_lives * life[catalogue.product]).astype(np.int64))
    season = (launch + rng.normal(life[catalogue.product], 3.0)) % YEAR_WEEKS
    level = np.exp(wanted[catalogue.product] + rng.normal(0.0, settings.variant_spread, articles))
    raw = Appeal(launch, life[catalogue.product], level, season)
    mean = sum(base_weights(raw, settings, week) for week in range(n_weeks)) / n_weeks
    per_style = np.bincount(catalogue.style, mean, minlength=catalogue.n_styles)
    factor = np.divide(catalogue.style_share, per_style, out=np.zeros_like(per_style), where=per_style > 0)
    return Appeal(launch, raw.life, level * factor[catalogue.style], season)


def base_weights(appeal: Appeal, settings: AppealSettings, week: int) -> Floats:
    """Weights without chance: 0 before the launch and once sold out, a rise to the peak, a fall, then a low rest."""
    age = week - appeal.launch + 0.5
    lives = np.maximum(age, 0.0) / appeal.life
    curve = lives * np.exp(1.0 - lives) + settings.leftover_share * np.exp(-lives / settings.leftover_lives)
    on_sale = (age > 0) & (lives < settings.end_lives)
    season = np.cos(2 * np.pi * (week - appeal.peak_season) / YEAR_WEEKS)
    return np.where(on_sale, appeal.level * curve * np.exp(settings.season_strength * season), 0.0)


def first_shocks(n_articles: int, seed: int) -> Floats:
    """Standard normal numbers: the chance part before the first week."""
    return stream(seed, "shocks").standard_normal(n_articles)


def next_shocks(shocks: Floats, settings: AppealSettings, *, week: int, seed: int) -> Floats:
    """The chance part of a week from that of the week before: still standard normal, alike by shock_memory."""
    fresh = stream(seed, "shocks", week + 1).standard_normal(len(shocks))
    return settings.shock_memory * shocks + math.sqrt(1 - settings.shock_memory**2) * fresh


def week_weights(appeal: Appeal, shocks: Floats, settings: AppealSettings, week: int) -> Floats:
    """What each article weighs when somebody chooses in `week`; 0 = not on sale."""
    return base_weights(appeal, settings, week) * np.exp(settings.shock_spread * shocks)
