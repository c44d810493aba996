"""What an article costs in a week, and what a customer pays.

Input: Catalogue, Appeal, PriceSettings. Output: prices in the unit of the H&M files, 1/59,000 being the smallest step.
"""

from datetime import date

import numpy as np

from lookbook.data.simulate.settings import PriceSettings
from lookbook.data.simulate.streams import stream
from lookbook.data.simulate.world.appeal import Appeal
from lookbook.data.simulate.world.catalogue import Catalogue, Floats

STEPS = 59_000
"""Price steps in one unit; a price is a whole number of steps, one at least."""


def usual_prices(catalogue: Catalogue, settings: PriceSettings, *, seed: int) -> Floats:
    """Price of each article before any cut: log-normal by product, in part by its style."""
    rng = stream(seed, "prices")
    by_style = rng.standard_normal(catalogue.n_styles)[catalogue.product_style]
    own = rng.standard_normal(catalogue.n_products)
    share = settings.type_share
    product = settings.median * np.exp(settings.spread * (np.sqrt(share) * by_style + np.sqrt(1 - share) * own))
    prices: Floats = product[catalogue.product]
    return prices


def week_prices(usual: Floats, appeal: Appeal, day: date, week: int, settings: PriceSettings) -> Floats:
    """Prices of a week: cut once an article has passed its peak for long, and in the months of sales."""
    lives = (week - appeal.launch + 0.5) / appeal.life
    old = np.clip(lives / settings.markdown_lives - 1, 0.0, 1.0)
    return usual * (1 - settings.markdown * old) * (1 - settings.sale_months[day.month - 1])


def paid_prices(price: Floats, settings: PriceSettings, *, week: int, seed: int) -> Floats:
    """What is paid for each item: its price, less by an offer, or one step; rounded to whole steps."""
    rng = stream(seed, "prices", week + 1)
    offered, token = rng.random((2, len(price))) < np.array([[settings.offer_share], [settings.token_share]])
    steps = np.maximum(np.rint(price * np.where(offered, 1 - settings.offer, 1.0) * STEPS), 1.0)
    return np.where(token, 1.0, steps) / STEPS
