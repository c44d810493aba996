"""Write a simulated fashion retailer in the files of the H&M competition.

Input: SimulateSettings, scale, seed. Output: a folder with transactions_train (sorted by day, then customer), customers, articles,
sample_submission, propensities.parquet (propensities.py) and, written last, simulation.json.
"""

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import polars as pl

from lookbook.data.durable import whole_folder
from lookbook.data.errors import DataError, Where
from lookbook.data.simulate.behaviour.propensities import PROPENSITIES, sampled_propensities
from lookbook.data.simulate.market import Market, Trade, build_market, trade_weeks
from lookbook.data.simulate.settings import SimulateSettings
from lookbook.data.simulate.weeks import calendar
from lookbook.data.simulate.world.articles import articles_table
from lookbook.data.simulate.world.catalogue import Floats
from lookbook.data.simulate.world.customers import customers_table
from lookbook.data.simulate.world.prices import paid_prices, usual_prices, week_prices
from lookbook.data.simulate.writing import Format, Writer, write_table, writer

SAMPLE_LENGTH = 12
SMALLEST_SCALE, LARGEST_SCALE = 0.001, 1.0
PROPENSITY_FILE = "propensities.parquet"
Step = Callable[[str], AbstractContextManager[object]]


@dataclass(frozen=True)
class Simulated:
    """What was written."""

    folder: Path
    rows: int
    customers: int
    articles: int


def simulate(settings: SimulateSettings, folder: Path, *, scale: float, seed: int, form: Format, step: Step) -> Simulated:
    """Write the market to `folder`, which appears only when complete.

    Args:
        scale: customers and weekly buyers against the settings; the catalogue shrinks by catalogue.scale_power.
        seed: same seed, scale and settings give the same bytes.
        step: opened round the work of each week (n_steps in all) and told the first day of the week.

    Raises:
        DataError: `folder` holds something already, or scale is out of range; nothing is written then.
    """
    if not SMALLEST_SCALE <= scale <= LARGEST_SCALE:
        raise DataError(f"scale {scale} is not allowed", expected=f"{SMALLEST_SCALE} to {LARGEST_SCALE}")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise DataError(
            "the folder to write is not empty", Where(folder), expected="a new or an empty folder", fix="choose another"
        )
    with whole_folder(folder) as partial:
        done = _write(settings, partial, scale=scale, seed=seed, form=form, step=step)
    return Simulated(folder, done.rows, done.customers, done.articles)


def n_steps(settings: SimulateSettings) -> int:
    """Weeks that are simulated: those of the data and the one after it."""
    return len(calendar(settings, scale=1.0, seed=0))


def _write(settings: SimulateSettings, folder: Path, *, scale: float, seed: int, form: Format, step: Step) -> Simulated:
    market = build_market(settings, scale=scale, seed=seed)
    articles = articles_table(market.catalogue, market.appeal, settings.catalogue, seed=seed)
    customers = customers_table(market.people, seed=seed)
    write_table(articles.drop("number"), folder, "articles", form)
    write_table(customers, folder, "customers", form)
    sample = " ".join(articles["article_id"].head(SAMPLE_LENGTH))
    write_table(customers.select("customer_id", prediction=pl.lit(sample)), folder, "sample_submission", form)
    customer_ids, article_ids = customers["customer_id"], articles.sort("number")["article_id"]
    with writer(folder, "transactions_train", form) as file:
        rows, propensities = _trade(market, customer_ids, article_ids, file, step)
    propensities.write_parquet(folder / PROPENSITY_FILE)
    about = {"scale": scale, "seed": seed, "rows": rows, "settings": asdict(settings)}
    (folder / "simulation.json").write_text(json.dumps(about, indent=1) + "\n")
    return Simulated(folder, rows, market.people.n, market.catalogue.n_articles)


def _trade(market: Market, customer_ids: pl.Series, article_ids: pl.Series, file: Writer, step: Step) -> tuple[int, pl.DataFrame]:
    """Write every week of the data; PROPENSITIES of the last one and of the week after."""
    usual = usual_prices(market.catalogue, market.settings.price, seed=market.seed)
    n_weeks, rows = len(market.weeks) - 1, 0
    propensities = [pl.DataFrame(schema=PROPENSITIES)]
    trades = trade_weeks(market)
    for week in market.weeks:
        with step(f"week of {week.days[0]}"):
            trade = next(trades)
            if week.number >= n_weeks - 1:
                propensities.append(sampled_propensities(market, trade, customer_ids, article_ids))
            if week.number < n_weeks:
                sold = week_rows(market, trade, usual, customer_ids, article_ids)
                file.write(sold)
                rows += sold.height
    return rows, pl.concat(propensities)


def week_rows(market: Market, trade: Trade, usual: Floats, customer_ids: pl.Series, article_ids: pl.Series) -> pl.DataFrame:
    """Rows of transactions_train, sorted by day, then customer; an item taken twice is two rows."""
    settings, visits, week = market.settings.price, trade.visits, trade.week
    item = np.repeat(np.arange(len(trade.items.visit)), trade.items.copies)
    visit = trade.items.visit[item]
    price = week_prices(usual, market.appeal, week.days[-1], week.number, settings)[trade.items.article]
    paid = paid_prices(price, settings, week=week.number, seed=market.seed)
    order = np.argsort(visits.day[visit], kind="stable")
    item, visit = item[order], visit[order]
    return pl.DataFrame({
        "t_dat": pl.Series(week.days, dtype=pl.Date).gather(visits.day[visit]),
        "customer_id": customer_ids.gather(visits.customer[visit]),
        "article_id": article_ids.gather(trade.items.article[item]),
        "price": paid[item],
        "sales_channel_id": np.where(visits.store[visit], 1, 2).astype(np.int8),
    })  # fmt: skip
