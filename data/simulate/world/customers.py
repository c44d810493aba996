"""customers.csv: raw ids and what the retailer knows of each customer.

Input: People. Output: one row per customer, in the order of the ids, which are sorted.
"""

import numpy as np
import polars as pl

from lookbook.data.simulate.streams import stream
from lookbook.data.simulate.world.catalogue import Floats, Ints
from lookbook.data.simulate.world.people import People

ID_BYTES = 32
NEWS_SHARE, ACTIVE_OF_NEWS, NO_AGE, NO_NEWS_KNOWN = 0.349, 0.973, 0.0116, 0.0117
CLUB = {"ACTIVE": 1_272_491, "PRE-CREATE": 92_960, "LEFT CLUB": 467, None: 6_062}
FREQUENT = "Regularly"
PLACEHOLDER_SHARE, POSTAL_CODES_PER_CUSTOMER = 120_303 / 1_371_980, 0.266
"""FN is 1 or empty, and those who get news are mostly Active; postal codes: one placeholder, the others shared by few."""


def customers_table(people: People, *, seed: int) -> pl.DataFrame:
    """The columns of customers.csv, sorted by customer_id; row n is customer n."""
    rng = stream(seed, "customers")
    news = rng.random(people.n) < NEWS_SHARE
    active = news & (rng.random(people.n) < ACTIVE_OF_NEWS)
    club = rng.choice(len(CLUB), people.n, p=_shares(list(CLUB.values())))
    unknown_age, unknown_news, rare = rng.random((3, people.n))
    frequency = np.select([unknown_news < NO_NEWS_KNOWN, rare < 0.0006, rare > 1 - 2e-6, news], [0, 1, 2, 3], 4)
    return pl.DataFrame({
        "customer_id": random_ids(people.n, rng).sort(),
        "FN": pl.Series(np.where(news, 1.0, np.nan), nan_to_null=True),
        "Active": pl.Series(np.where(active, 1.0, np.nan), nan_to_null=True),
        "club_member_status": pl.Series(list(CLUB), dtype=pl.String).gather(club),
        "fashion_news_frequency": pl.Series([None, "Monthly", "None", FREQUENT, "NONE"]).gather(frequency),
        "age": pl.Series(np.where(unknown_age < NO_AGE, np.nan, people.age), nan_to_null=True),
        "postal_code": _postal_codes(people.n, rng),
    })  # fmt: skip


def random_ids(n: int, rng: np.random.Generator) -> pl.Series:
    """`n` texts of 64 hexadecimal digits."""
    text = np.frombuffer(rng.bytes(ID_BYTES * n).hex().encode(), dtype=f"S{2 * ID_BYTES}")
    return pl.Series(text.astype(f"U{2 * ID_BYTES}"), dtype=pl.String)


def _postal_codes(n: int, rng: np.random.Generator) -> pl.Series:
    """The first code is the placeholder."""
    codes = random_ids(max(2, round(n * POSTAL_CODES_PER_CUSTOMER)), rng)
    chosen: Ints = rng.integers(1, len(codes), n)
    chosen[rng.random(n) < PLACEHOLDER_SHARE] = 0
    return codes.gather(chosen)


def _shares(counts: list[int]) -> Floats:
    return np.array(counts) / sum(counts)
