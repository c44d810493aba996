"""The profile of a data set for people: short sections.

Input: Profile. Output: text on stdout.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from rich.console import Console
from rich.table import Table

from lookbook.data.windows import HORIZON_DAYS
from lookbook.pipelines.data_sets.record import CategoryRow, ColumnRow, HistogramRow, Measured, Place, Policy, Profile, WeekRow
from lookbook.pipelines.errors import SettingsError
from lookbook.pipelines.runs.records.files import as_json, as_line
from lookbook.pipelines.terminal.figures import bars, box_plot, count, number, share, whole
from lookbook.pipelines.terminal.progress import Reporter
from lookbook.pipelines.terminal.table import console, lines, section, table

RECENT_WEEKS = 12
NAMED = 5
NAME_LENGTH = 24
TAIL_PERCENTS = (1, 5, 10, 20, 50)
LIFE_WEEKS = (0, 1, 2, 4, 8, 13, 26, 52, 104)
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")

Row = TypeVar("Row", ColumnRow, HistogramRow, CategoryRow)


def show_profile(found: Profile, reporter: Reporter, *, file: Path | None, json_lines: bool) -> None:
    """Print the profile on stdout, every section or one JSON object; with `file`, write it there as JSON too.

    Raises:
        SettingsError: `file` cannot be written.
    """
    if file is not None:
        _write(file, found)
    if json_lines:
        print(as_line(found))
        return
    out = console()
    _sections(out, found)
    out.print(f"\n{reporter.reuse()}")
    out.print(f"The profile is in {file}" if file else "--json prints all of it, --out FILE writes it.", soft_wrap=True)


def _write(file: Path, found: Profile) -> None:
    try:
        file.write_text(as_json(found))
    except OSError as error:
        raise SettingsError(f"--out {file}: {error.strerror}; expected a file that may be written") from None


def _sections(out: Console, found: Profile) -> None:
    _data_set(out, found)
    _columns(out, found.columns)
    _histograms(out, found.histograms, found.columns)
    _outliers(out, found.columns)
    _commonest(out, found.categories)
    _calendar(out, found)
    _articles(out, found)
    _customers(out, found)
    _policy(out, found.policy)


def _data_set(out: Console, found: Profile) -> None:
    data, again = found.dataset, found.repurchase
    bought, sold = found.purchases_per_customer, found.purchases_per_article
    weeks = count(len(found.weeks), "week")
    out.print(f"data set {data.name}: {data.first_day} to {data.last_day}, {weeks}", style="bold")
    lines(
        out,
        f"{count(data.transactions, 'transaction')} of {count(data.customers, 'customer')} and {count(data.articles, 'article')}",
        f"never in a transaction: {count(int(bought.without), 'customer')}, {count(int(sold.without), 'article')}",
        f"rows that repeat customer, article and day of another one: {share(again.repeated_share)}",
        *(f"warning: {warning}" for warning in data.warnings),
    )


def _columns(out: Console, columns: Sequence[ColumnRow]) -> None:
    places = ("min", "q25", "median", "q75", "max")
    for name, rows in _by(columns, "table"):
        section(out, f"{name}: {count(rows[0].rows, 'row')}")
        shown = table("column", "type", "missing", "distinct", *places)
        for row in rows:
            cells = [_narrow(each) for each in (row.min, row.q25, row.median, row.q75, row.max)] if row.role == "number" else []
            shown.add_row(row.column, row.type, share(row.missing_share), whole(row.distinct), *cells)
        out.print(shown)


def _histograms(out: Console, histograms: Sequence[HistogramRow], columns: Sequence[ColumnRow]) -> None:
    """Each a line of bars, one bar per bin, and a box plot below it."""
    section(out, "histograms, lowest to highest value, and box plots: median ┃, middle half ▒")
    described = dict(_by(columns, "table", "column"))
    shown = table("column", "rows", "range")
    shown.columns[1].justify = shown.columns[2].justify = "left"
    for name, bins in _by(histograms, "table", "column"):
        (column,) = described[name]
        places = {place: value for place, value in vars(column).items() if isinstance(value, float)}
        drawn = f"{bars(row.rows for row in bins)}\n{box_plot(places, [row.low for row in bins])}"
        ends = f"{_narrow(column.min)} to {_narrow(column.max)}"
        shown.add_row(column.column, drawn, f"{ends}\n(log)" if bins[0].scale == "log" else ends)
    out.print(shown)


def _outliers(out: Console, columns: Sequence[ColumnRow]) -> None:
    section(out, "outliers: beyond the whiskers of a box plot; over 3 sd from the mean")
    shown = table("column", "mean", "sd", "whiskers", "beyond", "share", "|z| > 3")
    for row in columns:
        if row.role == "number" and row.iqr_outliers is not None:
            beyond = row.iqr_outliers / (row.rows - row.missing)
            shown.add_row(
                row.column,
                _narrow(row.mean),
                _narrow(row.sd),
                f"{_narrow(row.whisker_low)}–{_narrow(row.whisker_high)}",
                whole(row.iqr_outliers),
                share(beyond),
                whole(row.z_outliers),
            )
    out.print(shown)


def _commonest(out: Console, categories: Sequence[CategoryRow]) -> None:
    """The commonest values of each code, or number with few values, on one line."""
    known = [row for row in categories if row.share != 1 or row.kind != "missing"]
    if known:
        section(out, "commonest values, share of the rows (groups of articles: their best seller)")
    for name, rows in _by(known, "table", "column"):
        values = [row for row in rows if row.kind == "value"]
        others = [row.share or 0.0 for row in (*values[NAMED:], *(row for row in rows if row.kind == "rest"))]
        shown = [f"{_called(row)} ({share(row.share)})" for row in values[:NAMED]]
        shown += [f"others ({share(sum(others))})"] if others else []
        shown += [f"missing ({share(row.share)})" for row in rows if row.kind == "missing"]
        lines(out, f"{name}: {', '.join(shown)}")


def _calendar(out: Console, found: Profile) -> None:
    weeks = found.weeks
    shown_weeks = [week for week in weeks if week.days == HORIZON_DAYS][-(out.width - 4) :]
    if shown_weeks:
        _volume(out, shown_weeks)
    recent = weeks[-RECENT_WEEKS:]
    section(out, f"labels of the last {count(len(recent), 'week')}; shares known from before the week")
    out.print(_labels(recent))
    section(out, "seasons")
    days = (f"{DAYS[row.weekday - 1]} {share(row.share)}" for row in found.weekdays)
    lines(out, ", ".join(days))
    shown = table("month", "days", "transactions", "customers", "revenue", "mean price")
    for row in found.months:
        counts = (whole(each) for each in (row.days, row.rows, row.customers))
        shown.add_row(row.month, *counts, number(row.revenue), number(row.mean_price))
    out.print(shown)


def _volume(out: Console, weeks: Sequence[WeekRow]) -> None:
    section(out, f"the last {count(len(weeks), 'whole week')}, oldest first")
    shown = {
        "transactions": [week.rows for week in weeks],
        "customers": [week.customers for week in weeks],
        "articles": [week.articles for week in weeks],
        "articles never sold before": [week.new_articles for week in weeks],
    }
    for title, values in shown.items():
        lines(out, f"{title}, {whole(min(values))} to {whole(max(values))} a week")
        out.print(f"    {bars(values)}")


def _labels(weeks: Sequence[WeekRow]) -> Table:
    headings = ("per\ncustomer", "repur-\nchased", "cold\ncustomers", "cold\narticles", "sold in\n7 days", "sold in\n30 days")
    shown = table("week of", "labels", *headings)
    for week in weeks:
        shares = (
            week.repurchase_share,
            week.cold_customer_share,
            week.cold_article_share,
            week.labels_sold_7d,
            week.labels_sold_30d,
        )
        shown.add_row(week.week, whole(week.labels), number(week.labels_per_customer), *(share(each) for each in shares))
    return shown


def _articles(out: Console, found: Profile) -> None:
    sold, tail = found.purchases_per_article, found.long_tail
    heads = (f"{percent} % sell {share(tail[percent].purchases_share)}" for percent in TAIL_PERCENTS)
    lives = [row for row in found.life_cycle if row.weeks_since_first_sale in LIFE_WEEKS and row.new_articles]
    ages = (f"{row.weeks_since_first_sale}: {number(row.purchases_per_new_article)}" for row in lives)
    section(out, "articles")
    lines(
        out,
        f"of the articles sold, the best {', '.join(heads)}; {sold.top_articles} articles {share(sold.top_share)}",
        f"transactions per article sold: {_quartiles(sold)}; Gini {number(sold.gini)}",
        f"transactions of a new article by week of its life: {', '.join(ages) or 'no article is new'}",
    )


def _customers(out: Console, found: Profile) -> None:
    bought, gaps, again = found.purchases_per_customer, found.gaps, found.repurchase
    section(out, "customers")
    lines(
        out,
        f"transactions per customer: {_quartiles(bought)}",
        f"exactly one: {share(bought.one_share)}; none in the last {bought.inactive_days} days: {share(bought.inactive_share)}",
        f"articles per day of purchase: {_quartiles(found.basket_articles)}",
        f"days between days of purchase: {_quartiles(gaps)}",
        f"the same, each customer's latest: {_quartiles(gaps.last)}",
        f"repurchases: {share(again.repurchase_share) or 'none'} of the {whole(again.later_purchases)} purchases after "
        "a customer's first day",
        f"customer-article pairs bought on several days: {share(again.pairs_bought_again_share)} of {whole(again.pairs)}",
        f"days to the next purchase of the article: {_quartiles(again.interval)}",
    )


def _policy(out: Console, policy: Policy) -> None:
    rules = (
        f"{rule.treatment}: {whole(rule.rows)} {rule.table} whose {rule.column} is not {rule.expected}" for rule in policy.rules
    )
    section(out, "what became of the rows")
    lines(
        out,
        *(f"read: {whole(rows)} {name}" for name, rows in policy.read.items()),
        *rules,
        *(f"repaired: {whole(values)} {what}" for what, values in policy.repaired.items()),
        f"kept: {count(policy.kept, 'transaction')}",
        f"outliers: {policy.outliers}",
    )


def _narrow(value: Place) -> str:
    """A number where many stand side by side."""
    return value if isinstance(value, str) else number(value, powers_from=1e6)


def _by(rows: Sequence[Row], *names: str) -> Iterator[tuple[str, list[Row]]]:
    """Rows of equal `names`, in the order of their first row, and the values of these joined by dots."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(".".join(str(getattr(row, name)) for name in names), []).append(row)
    yield from groups.items()


def _called(row: CategoryRow) -> str:
    name = row.name
    if name is None:
        return number(row.value)
    return name if len(name) <= NAME_LENGTH else f"{name[: NAME_LENGTH - 1]}…"


def _quartiles(row: Measured) -> str:
    if not row.rows:
        return "none"
    places = " / ".join(number(place) for place in (row.q25, row.median, row.q75))
    return f"quartiles {places}, mean {number(row.mean)}, at most {number(row.max)}"
