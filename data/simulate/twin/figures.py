"""The figures of a market in the H&M files that a twin is compared by.

Input: a converted Dataset and the raw folder. Output: a number for each name in YARDSTICKS.
"""

from datetime import date, timedelta
from pathlib import Path

import polars as pl

from lookbook.data.dataset import Dataset
from lookbook.data.reading.reader import read_text
from lookbook.data.reading.source_files import require_file
from lookbook.data.reading.tally import Tally
from lookbook.data.schema import PAIR
from lookbook.data.simulate.twin.yardsticks import CARDINALITIES
from lookbook.data.windows import HORIZON_DAYS, last_window

BLACK_FRIDAY, SPRING, CLOSED = date(2019, 11, 29), (date(2020, 3, 1), date(2020, 5, 31)), (2020, 4)
TOP_SHARE, TOP_ARTICLES = 0.074, 12
NAN = float("nan")

Figures = dict[str, float]


def market_figures(dataset: Dataset, folder: Path) -> Figures:
    """Every figure; NaN where the market has nothing to count."""
    rows = dataset.transactions
    return {
        **_sizes(dataset),
        **_weeks(rows, dataset.last_day),
        **_last_week(dataset),
        **_per_customer(rows, dataset.last_day),
        **_per_article(rows),
        **_repeats(rows),
        **_prices(rows),
        **_customers_file(folder),
        **_articles_file(dataset, folder),
    }


def _sizes(dataset: Dataset) -> Figures:
    tables = {"rows": dataset.transactions, "customers": dataset.customers, "articles": dataset.articles}
    return {name: _one(table.select(pl.len())) for name, table in tables.items()}


def _weeks(rows: pl.LazyFrame, last_day: date) -> Figures:
    weeks = (
        rows.select("customer", "date", week=(pl.lit(last_day) - pl.col("date")).dt.total_days() // HORIZON_DAYS)
        .group_by("week")
        .agg(buyers=pl.col("customer").n_unique(), first=pl.col("date").min(), last=pl.col("date").max())
        .collect(engine="streaming")
    )
    spring = weeks.filter(pl.col("first").is_between(*SPRING))
    black_friday = weeks.filter(pl.lit(BLACK_FRIDAY).is_between("first", "last"))
    days = rows.group_by(weekday=pl.col("date").dt.weekday()).len().sort("len", "weekday", descending=[True, False])
    order = days.collect(engine="streaming")["weekday"].to_list()
    return {
        "weekly buyers, mean": _float(weeks["buyers"].mean()),
        "weekly buyers, standard deviation": _float(weeks["buyers"].std()),
        "weekly buyers, lowest of spring 2020": _float(spring["buyers"].min()),
        "weekly buyers, Black Friday 2019": _float(black_friday["buyers"].max()),
        "rank of Saturday among the weekdays": float(order.index(6) + 1) if 6 in order else NAN,
        "rank of Wednesday among the weekdays": float(order.index(3) + 1) if 3 in order else NAN,
    }


def _last_week(dataset: Dataset) -> Figures:
    window = last_window(dataset.last_day)
    labels = dataset.labels(window).collect(engine="streaming").lazy()
    past = dataset.before(window.as_of).transactions
    n_rows = dataset.transactions.filter(pl.col("date") >= window.as_of).select(pl.len())
    mine = past.join(labels.select("customer").unique(), on="customer", how="semi").collect(engine="streaming").lazy()
    ago = mine.group_by(PAIR).agg(pl.col("days_ago").min())
    product = dataset.articles.select("article", product=pl.col("product").fill_null(pl.col("article") + 2**31))
    products = mine.join(product, on="article").select("customer", "product").unique().with_columns(known=pl.lit(value=True))
    pairs = (
        labels.join(ago, on=PAIR, how="left")
        .join(product, on="article")
        .join(products, on=["customer", "product"], how="left")
        .collect()
    )
    buyers = (
        labels.select("customer").unique().join(mine.group_by("customer").agg(pl.col("days_ago").min()), on="customer", how="left")
    )
    latest = buyers.collect()["days_ago"]
    sold = past.group_by("article").agg(pl.col("days_ago").min())
    articles = labels.select("article").unique().join(sold, on="article", how="left").collect(engine="streaming")["days_ago"]
    again = pairs["days_ago"]
    return {
        "last week: buyers": float(len(latest)),
        "last week: rows": _one(n_rows),
        "last week: pairs": float(pairs.height),
        "last week: pairs per buyer": pairs.height / len(latest),
        "last week: articles": float(len(articles)),
        "last week: its articles sold in the 7 days before": _share(articles <= 7),
        "last week: its articles sold in the 30 days before": _share(articles <= 30),
        "last week: buyers who never bought before": _share(latest.is_null()),
        "last week: buyers without a purchase in 90 days": 1 - _share(latest <= 90),
        "last week: pairs bought in the 38 days before": _share(again <= 38),
        "last week: pairs bought in the 90 days before": _share(again <= 90),
        "last week: pairs ever bought before": _share(again.is_not_null()),
        "last week: pairs new, but the product bought before": _share(again.is_null() & pairs["known"].is_not_null()),
    }


def _per_customer(rows: pl.LazyFrame, last_day: date) -> Figures:
    dates = pl.col("date").unique().sort(descending=True)
    per = (
        rows.group_by("customer")
        .agg(purchases=pl.len(), last=pl.col("date").max(), gap=(dates.first() - dates.slice(1, 1).first()).dt.total_days())
        .collect(engine="streaming")
    )
    gap = "days between a customer's last two dates"
    return {
        "purchases per customer, mean": _float(per["purchases"].mean()),
        **_quartiles("purchases per customer", per["purchases"]),
        "purchases per customer, most": _float(per["purchases"].max()),
        "customers with one purchase": _share(per["purchases"] == 1),
        "customers inactive for more than 180 days": _share(per["last"] < last_day - timedelta(days=180)),
        **_quartiles(gap, per["gap"].drop_nulls()),
    }


def _per_article(rows: pl.LazyFrame) -> Figures:
    sales = rows.group_by("article").len().collect(engine="streaming")["len"].sort(descending=True)
    return {
        "purchases per article, mean": _float(sales.mean()),
        **_quartiles("purchases per article", sales),
        "purchases per article, most": _float(sales.max()),
        "sales of the top 7.4 % of articles": _float(sales.head(round(TOP_SHARE * len(sales))).sum()) / _float(sales.sum()),
        "sales of the top 12 articles": _float(sales.head(TOP_ARTICLES).sum()) / _float(sales.sum()),
    }


def _repeats(rows: pl.LazyFrame) -> Figures:
    """The transactions are sorted by customer, so that customers can be counted apart."""
    pairs = rows.group_by(PAIR).agg(rows=pl.len(), dates=pl.col("date").n_unique())
    counted = pairs.select(
        pairs=pl.len(), rows=pl.col("rows").sum(), dates=pl.col("dates").sum(), once=(pl.col("dates") == 1).sum()
    ).collect(engine="streaming")
    n_pairs, n_rows, n_dates, once = (float(value) for value in counted.row(0))
    return {"pairs on one date only": once / n_pairs, "rows that repeat date, customer and article": 1 - n_dates / n_rows}


def _prices(rows: pl.LazyFrame) -> Figures:
    """Means over whole millionths, so that they do not depend on the order of the rows."""
    months = (
        rows.group_by(year=pl.col("date").dt.year(), month=pl.col("date").dt.month())
        .agg(
            n=pl.len(), total=(pl.col("price").cast(pl.Float64) * 1e6).round().cast(pl.Int64).sum(),
            online=(pl.col("channel") == 2).sum(), low=pl.col("price").min(), high=pl.col("price").max(),
        )
        .collect(engine="streaming")
    )  # fmt: skip
    mean = months["total"] / months["n"] / 1e6
    closed = months.filter((pl.col("year") == CLOSED[0]) & (pl.col("month") == CLOSED[1]))
    return {
        "price, mean": _float(months["total"].sum()) / _float(months["n"].sum()) / 1e6,
        "price, lowest": _float(months["low"].min()),
        "price, highest": _float(months["high"].max()),
        "price, lowest monthly mean": _float(mean.min()),
        "price, highest monthly mean": _float(mean.max()),
        "share of rows online": _float(months["online"].sum()) / _float(months["n"].sum()),
        "share of rows online, April 2020": _float(closed["online"].sum()) / _float(closed["n"].sum()) if closed.height else NAN,
    }


def _customers_file(folder: Path) -> Figures:
    table = _raw(folder, "customers", ("FN", "Active", "age", "postal_code"))
    codes = table["postal_code"].drop_nulls().value_counts()["count"]
    empty = {f"{name} empty": table[name].null_count() / table.height for name in ("FN", "Active", "age")}
    return {**empty, "postal codes": float(len(codes)), "customers of the commonest postal code": _float(codes.max())}


def _articles_file(dataset: Dataset, folder: Path) -> Figures:
    table = _raw(folder, "articles", ("article_id", *CARDINALITIES))
    groups = table.select("index_group_name", "article_id").sort("article_id")["index_group_name"]
    per_group = (
        dataset.transactions.group_by("article").len()
        .join(dataset.articles.select("article").with_columns(group=groups), on="article")
        .group_by("group").agg(pl.col("len").sum()).sort("group")
        .collect(engine="streaming")
    )  # fmt: skip
    sales = {name: n / _float(per_group["len"].sum()) for name, n in per_group.iter_rows()}
    return {
        "detail_desc empty": table["detail_desc"].null_count() / table.height,
        **{f"distinct {name}": float(table[name].drop_nulls().n_unique()) for name in CARDINALITIES},
        **{f"sales of {group}": sales.get(group, NAN) for group in ("Ladieswear", "Divided", "Menswear", "Sport", "Baby/Children")},
    }


def _raw(folder: Path, stem: str, columns: tuple[str, ...]) -> pl.DataFrame:
    return pl.concat(read_text(require_file(folder, stem), {name: name for name in columns}, tally=Tally()))


def _quartiles(name: str, values: pl.Series) -> Figures:
    parts = {"lower quartile": 0.25, "median": 0.5, "upper quartile": 0.75}
    return {f"{name}, {part}": _float(values.quantile(q, interpolation="nearest")) for part, q in parts.items()}


def _share(flags: pl.Series) -> float:
    """Share of true among all values; null counts as false."""
    return float(flags.sum()) / len(flags) if len(flags) else NAN


def _one(frame: pl.LazyFrame) -> float:
    return _float(frame.collect(engine="streaming").item())


def _float(value: object) -> float:
    return float(value) if isinstance(value, (int, float)) else NAN
