"""The profile of a data set for people: short sections.

Input: the dict of profile.profile_of. Output: text on stdout.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from lookbook.data.windows import HORIZON_DAYS
from lookbook.pipelines.errors import SettingsError
from lookbook.pipelines.records.files import as_json
from lookbook.pipelines.terminal.figures import as_float, bars, box_plot, number, share, whole
from lookbook.pipelines.terminal.progress import Reporter
from lookbook.pipelines.terminal.table import console, lines, section, table

RECENT_WEEKS = 12
NAMED = 5
NAME_LENGTH = 24
TAIL_PERCENTS = (1, 5, 10, 20, 50)
LIFE_WEEKS = (0, 1, 2, 4, 8, 13, 26, 52, 104)
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")

Row = Mapping[str, object]


def show_profile(found: Row, reporter: Reporter, *, file: Path | None, json_lines: bool) -> None:
    """Print the profile on stdout, every section or one JSON object; with `file`, write it there as JSON too.

    Raises:
        SettingsError: `file` cannot be written.
    """
    if file is not None:
        _write(file, found)
    if json_lines:
        print(json.dumps(found, allow_nan=False))
        return
    out = console()
    _sections(out, found)
    out.print(f"\n{reporter.reuse()}")
    out.print(f"The profile is in {file}" if file else "--json prints all of it, --out FILE writes it.", soft_wrap=True)


def _write(file: Path, found: Row) -> None:
    try:
        file.write_text(as_json(found))
    except OSError as error:
        raise SettingsError(f"--out {file}: {error.strerror}; expected a file that may be written") from None


def _sections(out: Console, found: Row) -> None:
    _data_set(out, found)
    _columns(out, _rows(found["columns"]))
    _histograms(out, _rows(found["histograms"]), _rows(found["columns"]))
    _outliers(out, _rows(found["columns"]))
    _commonest(out, _rows(found["categories"]))
    _calendar(out, found)
    _articles(out, found)
    _customers(out, found)
    _policy(out, _dict(found["policy"]))


def _data_set(out: Console, found: Row) -> None:
    data, again = _dict(found["dataset"]), _dict(found["repurchase"])
    sizes = [whole(data[name]) for name in ("transactions", "customers", "articles")]
    without = [whole(_dict(found[f"purchases_per_{what}"])["without"]) for what in ("customer", "article")]
    weeks = len(_rows(found["weeks"]))
    out.print(f"data set {data['name']}: {data['first_day']} to {data['last_day']}, {weeks} weeks", style="bold")
    lines(
        out,
        f"{sizes[0]} transactions of {sizes[1]} customers and {sizes[2]} articles",
        f"never in a transaction: {without[0]} customers, {without[1]} articles",
        f"rows that repeat customer, article and day of another one: {share(again['repeated_share'])}",
        *(f"warning: {warning}" for warning in _texts(data["warnings"])),
    )


def _columns(out: Console, columns: Sequence[Row]) -> None:
    places = ("min", "q25", "median", "q75", "max")
    for name, rows in _by(columns, "table"):
        section(out, f"{name}: {whole(rows[0]['rows'])} rows")
        shown = table("column", "type", "missing", "distinct", *places)
        for row in rows:
            cells = (_narrow(row[place]) if row["role"] == "number" else "" for place in places)
            shown.add_row(str(row["column"]), str(row["type"]), share(row["missing_share"]), whole(row["distinct"]), *cells)
        out.print(shown)


def _histograms(out: Console, histograms: Sequence[Row], columns: Sequence[Row]) -> None:
    """Each a line of bars, one bar per bin, and a box plot below it."""
    section(out, "histograms, lowest to highest value, and box plots: median ┃, middle half ▒")
    described = dict(_by(columns, "table", "column"))
    shown = table("column", "rows", "range")
    shown.columns[1].justify = shown.columns[2].justify = "left"
    for name, bins in _by(histograms, "table", "column"):
        (places,) = described[name]
        drawn = f"{bars(row['rows'] for row in bins)}\n{box_plot(places, [row['low'] for row in bins])}"
        ends = f"{_narrow(places['min'])} to {_narrow(places['max'])}"
        shown.add_row(str(places["column"]), drawn, f"{ends}\n(log)" if bins[0]["scale"] == "log" else ends)
    out.print(shown)


def _outliers(out: Console, columns: Sequence[Row]) -> None:
    section(out, "outliers: beyond the whiskers of a box plot; over 3 sd from the mean")
    shown = table("column", "mean", "sd", "whiskers", "beyond", "share", "|z| > 3")
    for row in columns:
        if row["role"] == "number" and row["mean"] is not None:
            beyond = as_float(row["iqr_outliers"]) / (as_float(row["rows"]) - as_float(row["missing"]))
            shown.add_row(
                str(row["column"]),
                _narrow(row["mean"]),
                _narrow(row["sd"]),
                f"{_narrow(row['whisker_low'])}–{_narrow(row['whisker_high'])}",
                whole(row["iqr_outliers"]),
                share(beyond),
                whole(row["z_outliers"]),
            )
    out.print(shown)


def _commonest(out: Console, categories: Sequence[Row]) -> None:
    """The commonest values of each code, or number with few values, on one line."""
    known = [row for row in categories if row["share"] != 1 or row["kind"] != "missing"]
    if known:
        section(out, "commonest values, share of the rows (groups of articles: their best seller)")
    for name, rows in _by(known, "table", "column"):
        values = [row for row in rows if row["kind"] == "value"]
        others = [as_float(row["share"]) for row in (*values[NAMED:], *(row for row in rows if row["kind"] == "rest"))]
        shown = [f"{_called(row)} ({share(row['share'])})" for row in values[:NAMED]]
        shown += [f"others ({share(sum(others))})"] if others else []
        shown += [f"missing ({share(row['share'])})" for row in rows if row["kind"] == "missing"]
        lines(out, f"{name}: {', '.join(shown)}")


def _calendar(out: Console, found: Row) -> None:
    weeks = _rows(found["weeks"])
    shown_weeks = [week for week in weeks if week["days"] == HORIZON_DAYS][-(out.width - 4) :]
    if shown_weeks:
        _volume(out, shown_weeks)
    recent = weeks[-RECENT_WEEKS:]
    section(out, f"labels of the last {len(recent)} weeks; shares known from before the week")
    out.print(_labels(recent))
    section(out, "seasons")
    days = (f"{DAYS[int(as_float(row['weekday'])) - 1]} {share(row['share'])}" for row in _rows(found["weekdays"]))
    lines(out, ", ".join(days))
    shown = table("month", "days", "transactions", "customers", "revenue", "mean price")
    for row in _rows(found["months"]):
        counts = (whole(row[name]) for name in ("days", "rows", "customers"))
        shown.add_row(str(row["month"]), *counts, number(row["revenue"]), number(row["mean_price"]))
    out.print(shown)


def _volume(out: Console, weeks: Sequence[Row]) -> None:
    section(out, f"the last {len(weeks)} whole weeks, oldest first")
    titles = {
        "rows": "transactions",
        "customers": "customers",
        "articles": "articles",
        "new_articles": "articles never sold before",
    }
    for name, title in titles.items():
        values = [as_float(week[name]) for week in weeks]
        lines(out, f"{title}, {whole(min(values))} to {whole(max(values))} a week")
        out.print(f"    {bars(values)}")


def _labels(weeks: Sequence[Row]) -> Table:
    headings = ("per\ncustomer", "repur-\nchased", "cold\ncustomers", "cold\narticles", "sold in\n7 days", "sold in\n30 days")
    shares = ("repurchase_share", "cold_customer_share", "cold_article_share", "labels_sold_7d", "labels_sold_30d")
    shown = table("week of", "labels", *headings)
    for week in weeks:
        cells = (share(week[name]) for name in shares)
        shown.add_row(str(week["week"]), whole(week["labels"]), number(week["labels_per_customer"]), *cells)
    return shown


def _articles(out: Console, found: Row) -> None:
    sold, tail = _dict(found["purchases_per_article"]), _rows(found["long_tail"])
    heads = (f"{percent} % sell {share(tail[percent]['purchases_share'])}" for percent in TAIL_PERCENTS)
    lives = [row for row in _rows(found["life_cycle"]) if row["weeks_since_first_sale"] in LIFE_WEEKS and row["new_articles"]]
    ages = (f"{row['weeks_since_first_sale']}: {number(row['purchases_per_new_article'])}" for row in lives)
    section(out, "articles")
    lines(
        out,
        f"of the articles sold, the best {', '.join(heads)}; {sold['top_articles']} articles {share(sold['top_share'])}",
        f"transactions per article sold: {_quartiles(sold)}; Gini {number(sold['gini'])}",
        f"transactions of a new article by week of its life: {', '.join(ages) or 'no article is new'}",
    )


def _customers(out: Console, found: Row) -> None:
    bought, gaps, again = (_dict(found[name]) for name in ("purchases_per_customer", "gaps", "repurchase"))
    section(out, "customers")
    lines(
        out,
        f"transactions per customer: {_quartiles(bought)}",
        f"exactly one: {share(bought['one_share'])}; none in the last {bought['inactive_days']} days: "
        f"{share(bought['inactive_share'])}",
        f"articles per day of purchase: {_quartiles(_dict(found['basket_articles']))}",
        f"days between days of purchase: {_quartiles(gaps)}",
        f"the same, each customer's latest: {_quartiles(_dict(gaps['last']))}",
        f"repurchases: {share(again['repurchase_share']) or 'none'} of the {whole(again['later_purchases'])} purchases after "
        "a customer's first day",
        f"customer-article pairs bought on several days: {share(again['pairs_bought_again_share'])} of {whole(again['pairs'])}",
        f"days to the next purchase of the article: {_quartiles(_dict(again['interval']))}",
    )


def _policy(out: Console, policy: Row) -> None:
    rules = (
        f"{rule['treatment']}: {whole(rule['rows'])} {rule['table']} whose {rule['column']} is not {rule['expected']}"
        for rule in _rows(policy["rules"])
    )
    section(out, "what became of the rows")
    lines(
        out,
        *(f"read: {whole(rows)} {name}" for name, rows in _dict(policy["read"]).items()),
        *rules,
        *(f"repaired: {whole(count)} {what}" for what, count in _dict(policy["repaired"]).items()),
        f"kept: {whole(policy['kept'])} transactions",
        f"outliers: {policy['outliers']}",
    )


def _narrow(value: object) -> str:
    """A number where many stand side by side."""
    return number(value, powers_from=1e6)


def _by(rows: Sequence[Row], *names: str) -> Iterator[tuple[str, list[Row]]]:
    """Rows of equal `names`, in the order of their first row, and the values of these joined by dots."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(".".join(str(row[name]) for name in names), []).append(row)
    yield from groups.items()


def _called(row: Row) -> str:
    name = row["name"]
    if not isinstance(name, str):
        return number(row["value"])
    return name if len(name) <= NAME_LENGTH else f"{name[: NAME_LENGTH - 1]}…"


def _quartiles(row: Row) -> str:
    if not row["rows"]:
        return "none"
    places = " / ".join(number(row[name]) for name in ("q25", "median", "q75"))
    return f"quartiles {places}, mean {number(row['mean'])}, at most {number(row['max'])}"


def _rows(value: object) -> list[dict[str, object]]:
    return value if isinstance(value, list) else []


def _texts(value: object) -> list[str]:
    return [str(item) for item in value] if isinstance(value, (list, tuple)) else []


def _dict(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}
