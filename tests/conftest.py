"""Markets that tests share: a builder from inline rows, and a small random one for contract tests."""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from lookbook.data.dataset import Dataset
from lookbook.data.movielens.files import GENRES_100K
from lookbook.data.plan.plan import Plan
from lookbook.data.schema import ARTICLES, LEVELS, PLAN, TRANSACTIONS

MakeDataset = Callable[..., Dataset]
Scramble = Callable[[Dataset, date], Dataset]
LAST_DAY = date(2020, 9, 22)
KINDS = ("display", "mailer")
WORDS = ("cotton", "wool", "silk", "wide", "narrow", "long", "short")


def build_dataset(
    transactions: pl.DataFrame, customers: pl.DataFrame | None = None, articles: pl.DataFrame | None = None
) -> Dataset:
    """A Dataset from frames that may lack optional columns: quantity 1, price 1.0, channel 0, attributes null."""
    defaults = {"quantity": 1, "price": 1.0, "channel": 0}
    given = transactions.with_columns(**{c: pl.lit(v) for c, v in defaults.items() if c not in transactions.columns})
    rows = given.select(pl.col(c).cast(t) for c, t in TRANSACTIONS.items()).sort("customer", "date", "article")
    if customers is None:
        customers = rows.select("customer").unique().sort("customer")
    if articles is None:
        articles = rows.select("article").unique().sort("article")
    for column, dtype in {"age": pl.Float32, "age_band": pl.UInt8}.items():
        if column not in customers.columns:
            customers = customers.with_columns(pl.lit(None, dtype=dtype).alias(column))
    missing = {c: t for c, t in ARTICLES.items() if c not in articles.columns}
    articles = articles.with_columns(pl.lit(None, dtype=t).alias(c) for c, t in missing.items())
    days = rows["date"]
    return Dataset(
        name="tiny",
        digest="0" * 64,
        first_day=days.min(),
        last_day=days.max(),
        transactions=rows.lazy(),
        customers=customers.with_columns(pl.col("customer").cast(pl.UInt32), pl.col("age_band").cast(pl.UInt8)).lazy(),
        articles=articles.select(pl.col(c).cast(t) for c, t in ARTICLES.items()).lazy(),
    )


def random_market(seed: int = 7, n_customers: int = 60, n_articles: int = 80, n_rows: int = 3000, n_days: int = 120) -> Dataset:
    """Customers with favourites who buy again, popular and rare articles, some attributes null; the last day has a purchase."""
    rng = np.random.default_rng(seed)
    customer = rng.integers(0, n_customers - 3, n_rows)  # the last three never buy
    taste = rng.integers(0, n_articles, (n_customers, 8))
    popular = np.minimum(rng.geometric(0.08, n_rows) - 1, n_articles - 5)  # the last few articles hardly sell
    article = np.where(rng.random(n_rows) < 0.6, taste[customer, rng.integers(0, 8, n_rows)], popular)
    day = np.sort(rng.integers(0, n_days, n_rows))
    transactions = pl.DataFrame(
        {
            "customer": customer,
            "article": article,
            "date": [LAST_DAY - timedelta(days=int(n_days - 1 - d)) for d in day],
            "quantity": rng.integers(1, 4, n_rows),
            "price": np.round(rng.lognormal(1.0, 0.5, n_rows), 2),
            "channel": rng.integers(0, 3, n_rows),
        }
    )
    age = rng.uniform(16, 80, n_customers)
    customers = pl.DataFrame(
        {
            "customer": np.arange(n_customers),
            "age": [None if i % 5 == 0 else float(a) for i, a in enumerate(age)],
            "age_band": [None if i % 5 == 0 else int(a // 15) for i, a in enumerate(age)],
            "member": rng.integers(0, 2, n_customers).astype(float),
        }
    ).with_columns(pl.col("age", "member").cast(pl.Float32))
    sizes = dict(zip(LEVELS, (30, 12, 5, 4, 8, 6), strict=True))
    levels = {level: [None if i % 17 == 0 else int(i * 31 % n) + 1 for i in range(n_articles)] for level, n in sizes.items()}
    words = {
        "name": [f"article {i}" for i in range(n_articles)],
        "text": [None if i % 13 == 0 else " ".join(WORDS[i % n] for n in (3, 5, 7)) for i in range(n_articles)],
    }
    articles = pl.DataFrame({"article": np.arange(n_articles), **words, **levels})
    return build_dataset(transactions, customers, articles)


def random_plan(seed: int = 11, n_articles: int = 80, n_rows: int = 1500, n_days: int = 140) -> Plan:
    """Promotions of up to three weeks up to 20 days after LAST_DAY, known up to 12 days before they begin or up to 5 days later;
    rows of one article and kind overlap, some are planned in no store."""
    rng = np.random.default_rng(seed)
    first = [LAST_DAY + timedelta(days=20 - int(back)) for back in rng.integers(0, n_days, n_rows)]
    rows = pl.DataFrame(
        {
            "article": rng.integers(0, n_articles, n_rows),
            "kind": rng.integers(1, len(KINDS) + 1, n_rows),
            "first_day": first,
            "last_day": [day + timedelta(days=int(more)) for day, more in zip(first, rng.integers(0, 21, n_rows), strict=True)],
            "share": np.maximum(rng.uniform(-0.1, 1, n_rows), 0),
            "known_from": [day - timedelta(days=int(n)) for day, n in zip(first, rng.integers(-5, 13, n_rows), strict=True)],
        }
    )
    return Plan(KINDS, f"plan {seed}", rows.select(pl.col(c).cast(t) for c, t in PLAN.items()).lazy())


def replanned_from(plan: Plan, day: date) -> Plan:
    """The random plan with as many other rows in place of those known on `day` or later, known on the same days."""
    later = pl.col("known_from") >= day
    known_from = plan.rows.filter(later).select("known_from").collect()
    others = random_plan(seed=5, n_rows=known_from.height).rows.drop("known_from").collect()
    noise = pl.concat([others, known_from], how="horizontal").select(*PLAN)
    return replace(plan, digest="replanned", rows=pl.concat([plan.rows.filter(~later), noise.lazy()]))


def scrambled_from(dataset: Dataset, day: date) -> Dataset:
    """The random market with as many rows of noise in place of those dated `day` or later, on the same days in another order; if it
    has a plan, also in place of what was planned then."""
    future = pl.col("date") >= day
    rows = dataset.transactions.filter(future).collect()
    rng = np.random.default_rng(3)
    noise = rows.with_columns(
        pl.Series("customer", rng.integers(0, 60, rows.height), dtype=pl.UInt32),
        pl.Series("article", rng.integers(0, 80, rows.height), dtype=pl.UInt32),
        pl.Series("price", rng.uniform(1, 9, rows.height), dtype=pl.Float32),
        pl.Series("channel", rng.integers(0, 3, rows.height), dtype=pl.UInt8),
        date=pl.col("date").shuffle(seed=3),
        quantity=pl.col("quantity") * 7,
    )
    mixed = pl.concat([dataset.transactions.filter(~future), noise.lazy()]).sort("customer", "date", "article")
    plan = replanned_from(dataset.plan, day) if dataset.plan else None
    return replace(dataset, digest="scrambled", transactions=mixed, plan=plan)


@pytest.fixture
def scramble_from() -> Scramble:
    return scrambled_from


@pytest.fixture(scope="session")
def make_dataset() -> MakeDataset:
    return build_dataset


@pytest.fixture(scope="session")
def market() -> Dataset:
    return random_market()


@pytest.fixture(scope="session")
def planned_market(market: Dataset) -> Dataset:
    """`market`, whose retailer plans promotions."""
    return replace(market, plan=random_plan())


HM_CUSTOMERS = {
    # a name to read the tests by (its SHA-256 is the id): FN, Active, club_member_status, fashion_news_frequency, age
    "ada": "1,1,ACTIVE,Regularly,24",
    "bo": ",,ACTIVE,NONE,51",
    "cleo": "1,1,ACTIVE,Monthly,33",
    "dan": ",,PRE-CREATE,NONE,",
    "eva": ",,ACTIVE,None,19",
    "finn": "1,,ACTIVE,Regularly,47",
    "gro": ",,LEFT CLUB,NONE,62",
    "hal": ",,ACTIVE,,29",
    "ida": "1,1,ACTIVE,Regularly,22",
    "jon": ",,,NONE,38",
    "kim": ",,ACTIVE,NONE,55",
    "never": ",,ACTIVE,NONE,27",
}
HM_TASTES = {
    # what each customer buys (numbers of articles), every how many weeks; `never` never bought
    "ada": ((1, 2, 3), 1),
    "bo": ((4, 5), 1),
    "cleo": ((1, 6, 7), 1),
    "dan": ((8,), 2),
    "eva": ((2, 9, 10), 1),
    "finn": ((4, 11), 2),
    "gro": ((12, 13), 3),
    "hal": ((14, 1), 1),
    "ida": ((2, 3, 15), 1),
    "jon": ((16, 5), 2),
    "kim": ((4, 17, 18), 1),
}
HM_ARTICLE_HEADER = (
    "article_id,product_code,prod_name,product_type_no,product_type_name,product_group_name,graphical_appearance_no,"
    "graphical_appearance_name,colour_group_code,colour_group_name,perceived_colour_value_id,perceived_colour_value_name,"
    "perceived_colour_master_id,perceived_colour_master_name,department_no,department_name,index_code,index_name,"
    "index_group_no,index_group_name,section_no,section_name,garment_group_no,garment_group_name,detail_desc"
)


def hm_customer(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


def hm_article(number: int) -> str:
    """Two neighbouring numbers are two colours of one product."""
    return f"{108775 + number // 2:07}{1 + number % 2:03}"


def write_hm_folder(folder: Path, last_day: date = LAST_DAY, weeks: int = 14) -> Path:
    """Four files in exactly the form of the Kaggle competition: 12 customers, 20 articles, purchases in `weeks` weeks."""
    customers = [f"{hm_customer(name)},{fields},{hm_customer('post' + name)}" for name, fields in HM_CUSTOMERS.items()]
    articles = [
        f"{hm_article(n)},{hm_article(n)[1:7]},Strap top {n},{253 + n % 4},Vest top,Garment Upper body,1010016,Solid,"
        f"{9 + n % 2:02},Black,4,Dark,5,Black,{1676 + n % 3},Jersey Basic,{'ABD'[n % 3]},Ladieswear,1,Ladieswear,"
        f'{16 + n % 2},Womens Basics,1002,Jersey Basic,"Jersey top, ""narrow"" straps, number {n}."'
        for n in range(20)
    ]
    sales = [
        f"{last_day - timedelta(days=7 * week + (3 * n + week) % 7)},{hm_customer(name)},{hm_article(n)},"
        f"{0.0135 + n / 1000:.16f},{1 + n % 2}"
        for name, (taste, every) in HM_TASTES.items()
        for week in range(0, weeks, every)
        for n in taste
    ]
    sample = [f"{hm_customer(name)},{' '.join(hm_article(n) for n in range(12))}" for name in sorted(HM_CUSTOMERS, reverse=True)]
    tables = {
        "transactions_train": ("t_dat,customer_id,article_id,price,sales_channel_id", sorted(sales)),
        "customers": ("customer_id,FN,Active,club_member_status,fashion_news_frequency,age,postal_code", sorted(customers)),
        "articles": (HM_ARTICLE_HEADER, articles),
        "sample_submission": ("customer_id,prediction", sample),
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, (header, rows) in tables.items():
        (folder / f"{name}.csv").write_text("\n".join([header, *rows, ""]))
    return folder


@pytest.fixture(scope="session")
def write_hm() -> Callable[..., Path]:
    return write_hm_folder


@pytest.fixture
def hm_folder(tmp_path: Path) -> Path:
    """A folder that a test may change: see `write_hm_folder`."""
    return write_hm_folder(tmp_path / "hm")


def write_movielens_set(
    folder: Path,
    form: str,
    *,
    ratings: Iterable[tuple[int, int, float, int]],
    movies: Mapping[int, tuple[str, str]],
    users: Mapping[int, tuple[int, str, str]],
    tags: Iterable[tuple[int, int, str, int]] = (),
) -> Path:
    """Files in exactly the form of ml-100k, ml-1m or, for any other name, ml-25m. ratings: user, movie, stars, seconds. movies:
    title and genres joined by |. users: age, gender, occupation. tags: user, movie, tag, seconds."""
    if form == "ml-100k":
        files = {
            "u.data": [f"{user}\t{movie}\t{stars:g}\t{moment}" for user, movie, stars, moment in ratings],
            "u.item": [
                f"{movie}|{title}|01-Jan-1995||http://us.imdb.com/M/title-exact?{title[:9]}|"
                + "|".join(str(int(genre in genres.split("|"))) for genre in GENRES_100K)
                for movie, (title, genres) in movies.items()
            ],
            "u.user": [f"{user}|{age}|{gender}|{work}|85711" for user, (age, gender, work) in users.items()],
        }
    elif form == "ml-1m":
        files = {
            "ratings.dat": [f"{user}::{movie}::{stars:g}::{moment}" for user, movie, stars, moment in ratings],
            "movies.dat": [f"{movie}::{title}::{genres}" for movie, (title, genres) in movies.items()],
            "users.dat": [f"{user}::{gender}::{age}::{work}::48067" for user, (age, gender, work) in users.items()],
        }
    else:
        quoted = {movie: '"{}"'.format(title.replace('"', '""')) for movie, (title, _) in movies.items()}
        files = {
            "ratings.csv": ["userId,movieId,rating,timestamp", *(f"{u},{m},{s:.1f},{t}" for u, m, s, t in ratings)],
            "movies.csv": ["movieId,title,genres", *(f"{m},{quoted[m]},{genres}" for m, (_, genres) in movies.items())],
            "tags.csv": ["userId,movieId,tag,timestamp", *(f'{u},{m},"{tag}",{t}' for u, m, tag, t in tags)],
        }
    folder.mkdir(parents=True, exist_ok=True)
    for name, lines in files.items():
        encoding = "utf-8" if name.endswith(".csv") else "latin-1"
        (folder / name).write_bytes("\n".join([*lines, ""]).encode(encoding))
    return folder


@pytest.fixture(scope="session")
def write_movielens() -> Callable[..., Path]:
    return write_movielens_set
