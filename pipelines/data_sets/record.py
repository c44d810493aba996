"""What `lookbook data profile` tells as JSON, and `lookbook report` leaves as profile.json. The tables are those of data/profile,
whose schemas say what their columns are; shares are 0..1, null where there is nothing to share.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Place = float | str | None
"""Of a number; of a date, rounded down to the day; null where a column has no magnitude."""


@dataclass(frozen=True)
class ColumnRow:
    """A row of COLUMNS (data/profile/columns.py)."""

    table: str
    column: str
    type: str
    role: str
    missing: int
    missing_share: float | None
    rows: int
    distinct: int
    min: Place
    whisker_low: Place
    q25: Place
    median: Place
    q75: Place
    whisker_high: Place
    max: Place
    mean: Place
    sd: float | None
    iqr_outliers: int | None
    z_outliers: int | None


@dataclass(frozen=True)
class HistogramRow:
    """A row of HISTOGRAMS (data/profile/columns.py)."""

    table: str
    column: str
    scale: str
    low: float
    high: float
    rows: int


@dataclass(frozen=True)
class CategoryRow:
    """A row of CATEGORIES (data/profile/columns.py)."""

    table: str
    column: str
    kind: str
    value: float | None
    name: str | None
    rows: int
    share: float | None
    transactions_share: float | None


@dataclass(frozen=True)
class WeekRow:
    """A row of WEEKS (data/profile/weeks.py)."""

    week: str
    days: int
    rows: int
    customers: int
    articles: int
    revenue: float | None
    new_customers: int
    new_articles: int
    labels: int
    labels_per_customer: float | None
    repurchase_share: float | None
    cold_customer_share: float | None
    cold_article_share: float | None
    cold_label_share: float | None
    labels_sold_7d: float | None
    labels_sold_30d: float | None
    articles_sold_7d: float | None
    articles_sold_30d: float | None
    article_age_weeks: float | None


@dataclass(frozen=True)
class MonthRow:
    """A row of MONTHS (data/profile/weeks.py). month: 2020-09."""

    month: str
    days: int
    rows: int
    customers: int
    revenue: float | None
    mean_price: float | None


@dataclass(frozen=True)
class WeekdayRow:
    """A row of WEEKDAYS (data/profile/weeks.py)."""

    weekday: int
    days: int
    rows: int
    rows_per_day: float | None
    share: float | None
    revenue: float | None


@dataclass(frozen=True)
class LongTailRow:
    """A row of LONG_TAIL (data/profile/article_sales.py)."""

    articles: int
    articles_share: float | None
    purchases: int
    purchases_share: float | None


@dataclass(frozen=True)
class LifeCycleRow:
    """A row of LIFE_CYCLE (data/profile/article_sales.py)."""

    weeks_since_first_sale: int
    purchases: int
    purchases_share: float | None
    new_articles: int
    purchases_per_new_article: float | None


@dataclass(frozen=True)
class Bin:
    """As data.profile.distribution.Bin."""

    scale: str
    low: float
    high: float
    rows: int


@dataclass(frozen=True)
class Measured:
    """A measure of data/profile/counting.py: its Distribution, and the bins of it."""

    rows: int
    distinct: int
    min: float | None
    whisker_low: float | None
    q25: float | None
    median: float | None
    q75: float | None
    whisker_high: float | None
    max: float | None
    mean: float | None
    sd: float | None
    iqr_outliers: int | None
    z_outliers: int | None
    histogram: Sequence[Bin]


@dataclass(frozen=True)
class OfCustomers(Measured):
    """Transactions per customer with any. one_share: of those, with exactly one; without: customers without any; inactive_share: of
    those with any, without one in the last inactive_days."""

    one_share: float | None
    without: float
    inactive_days: int
    inactive_share: float | None


@dataclass(frozen=True)
class OfArticles(Measured):
    """Transactions per article that sold. without: articles that did not; gini, top_share: of transactions over the articles."""

    without: float
    gini: float | None
    top_articles: int
    top_share: float | None


@dataclass(frozen=True)
class Gaps(Measured):
    """Days between the days on which one customer buys. last: the latest such gap of each customer."""

    last: Measured


@dataclass(frozen=True)
class Repurchase:
    """FACTS (data/profile/tables.py) on purchases, and the days from a purchase to the same customer's next one of the article."""

    purchases: float
    repeated_share: float | None
    later_purchases: float
    repurchase_share: float | None
    pairs: float
    pairs_bought_again_share: float | None
    interval: Measured


@dataclass(frozen=True)
class DataSet:
    """What is known of the converted data set."""

    name: str
    digest: str
    first_day: str
    last_day: str
    transactions: int
    customers: int
    articles: int
    unknown_customers: int
    unknown_articles: int
    warnings: Sequence[str]


@dataclass(frozen=True)
class Rule:
    """Rows that broke a rule, and what was done with them: dropped or quarantined."""

    table: str
    rule: str
    treatment: str
    rows: int
    column: str
    expected: str


@dataclass(frozen=True)
class Policy:
    """What became of rows on their way in. read: rows by file; kept: transactions; repaired: values by what was done."""

    outliers: str
    fence_interquartile_ranges: float
    z_limit: float
    read: Mapping[str, int]
    kept: int
    rules: Sequence[Rule]
    repaired: Mapping[str, int]


@dataclass(frozen=True)
class Profile:
    """repurchase_interval: the bins of repurchase.interval."""

    columns: Sequence[ColumnRow]
    histograms: Sequence[HistogramRow]
    categories: Sequence[CategoryRow]
    weeks: Sequence[WeekRow]
    months: Sequence[MonthRow]
    weekdays: Sequence[WeekdayRow]
    long_tail: Sequence[LongTailRow]
    life_cycle: Sequence[LifeCycleRow]
    purchases_per_customer: OfCustomers
    purchases_per_article: OfArticles
    gaps: Gaps
    days_since_last_purchase: Measured
    basket_articles: Measured
    repurchase: Repurchase
    repurchase_interval: Sequence[Bin]
    dataset: DataSet
    policy: Policy
