"""The data in short: volume by week and weekday, the long tail, repurchase, life cycle."""

from lookbook.report.chart import Column, Row, figure, small_multiples
from lookbook.report.fact import Fact
from lookbook.report.html import Child, Html, number, sentence, table
from lookbook.report.plots import curves, labelled_bars, over_time
from lookbook.report.section import Files, Section, file, to_fill
from lookbook.report.sections.data.columns import columns, histogram, histograms, policy

WEEKLY = {
    "rows": ("purchases", None),
    "customers": ("customers who bought", None),
    "new_articles": ("articles sold for the first time", None),
    "repurchase_share": ("share that the same customer had bought before", ".0%"),
    "cold_customer_share": ("share of customers who had never bought", ".0%"),
    "cold_article_share": ("share of articles that had never been sold", ".0%"),
    "labels_sold_7d": ("share of purchases of articles that sold in the 7 days before", ".0%"),
    "labels_sold_30d": ("share of purchases of articles that sold in the 30 days before", ".0%"),
}
"""What is drawn by week: its title, and the format of its axis; None for counts."""
DAYS = 7
"""Of a whole week."""
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MEASURES = {
    "purchases_per_customer": "Purchases per customer",
    "purchases_per_article": "Purchases per article",
    "gaps": "Days between a customer's purchases",
    "basket_articles": "Articles bought on one day",
    "repurchase_interval": "Days until a customer buys an article again",
}
FIGURES = {
    "purchases_per_customer": (
        ("one_share", "customers with one purchase, of all who bought", ".1%"),
        ("inactive_days", "days without a purchase after which a customer counts as inactive", ",d"),
        ("inactive_share", "customers inactive at the end, of all who bought", ".1%"),
    ),
    "purchases_per_article": (
        ("top_articles", "articles taken as the best-selling ones", ",d"),
        ("top_share", "purchases of the best-selling articles, of all purchases", ".1%"),
        ("gini", "Gini coefficient of the sales of the articles: 0 where all sell alike, near 1 where few sell all", ".2f"),
    ),
    "repurchase": (
        ("repurchase_share", "purchases of an article bought on an earlier day, of all after the customer's first day", ".1%"),
        ("pairs_bought_again_share", "articles of a customer bought on several days, of all that the customer bought", ".1%"),
    ),
}
"""Numbers shown beside the distributions: key, what it is, format."""


def data_profile(files: Files) -> Section:
    shows = "What the data look like: how much is sold when, how often customers return to an article, and what is missing."
    profile = file(files, "profile.json")
    if not profile:
        return Section("data", "Data", shows, [], [to_fill(files, "data profile", "The data have not been profiled.")])
    weekly = [_weekly(profile, name) for name in WEEKLY if name in dict(profile["weeks"][0].items())]
    forms = [*weekly, *_weekdays(profile), *_long_tail(profile), *_life_cycle(profile), *_measures(profile)]
    body = [small_multiples(forms), *_figures(profile), *histograms(profile), *columns(profile), *policy(profile)]
    return Section("data", "Data", shows, _finding(profile), body)


def _weekly(profile: Fact, name: str) -> Html:
    title, form = WEEKLY[name]
    rows: list[Row] = [{"x": row["week"], "y": row[name]} for row in profile["weeks"].rows()]
    shown = [Column("x", "week"), Column("y", title, ".1%" if form else ",.0f")]
    return figure(over_time(title, form=form), rows, shown, title=f"{sentence(title)}, by week", label="A line over the weeks.")


def _weekdays(profile: Fact) -> list[Html]:
    rows: list[Row] = [
        {"name": WEEKDAYS[int(row["weekday"].number) - 1], "value": row["rows_per_day"]} for row in profile["weekdays"].rows()
    ]
    shown = [Column("name", "weekday"), Column("value", "purchases", ",.0f")]
    title = "Purchases on a day, by weekday"
    return [figure(labelled_bars("purchases"), rows, shown, title=title, label="One bar for each weekday.")] if rows else []


def _long_tail(profile: Fact) -> list[Html]:
    rows: list[Row] = [{"x": row["articles_share"], "y": row["purchases_share"]} for row in profile["long_tail"].rows()]
    shown = [Column("x", "share of the articles", ".1%"), Column("y", "share of the purchases", ".1%")]
    drawing = curves(
        "share of the articles sold, best-selling first", "share of the purchases", form=".0%", across=".0%", zero=True, dots=False
    )
    words = "A line over the articles, the best-selling ones first."
    return [figure(drawing, rows, shown, title="Long tail of the articles", label=words)] if rows else []


def _life_cycle(profile: Fact) -> list[Html]:
    rows: list[Row] = [{"x": row["weeks_since_first_sale"], "y": row["purchases_share"]} for row in profile["life_cycle"].rows()]
    shown = [Column("x", "weeks since the first sale", "d"), Column("y", "share of the purchases", ".2%")]
    drawing = curves("weeks since the article's first sale", "share of the purchases", form=".0%", zero=True, dots=False)
    return [figure(drawing, rows, shown, title="Life cycle of the articles", label="A line over the weeks.")] if rows else []


def _measures(profile: Fact) -> list[Html]:
    found = {title: profile[name]["histogram"] or profile[name] for name, title in MEASURES.items()}
    return [histogram(title, bins.rows()) for title, bins in found.items() if bins.rows()]


def _figures(profile: Fact) -> list[Html]:
    rows: list[list[Child]] = [
        [what, number(profile[part][name], form)]
        for part, listed in FIGURES.items()
        for name, what, form in listed
        if profile[part][name]
    ]
    return [table("In figures", ["what", "value"], rows)] if rows else []


def _finding(profile: Fact) -> list[Child]:
    weeks = profile["weeks"].rows()
    shares = [row["repurchase_share"] for row in weeks if row["repurchase_share"].value is not None]
    first, last = profile["dataset"]["first_day"], profile["dataset"]["last_day"]
    said: list[Child] = [f"The data go from {first.text} to {last.text}. "] if first and last else []
    if weeks and weeks[0]["days"].number < DAYS:
        said += ["The first week is cut: the data hold ", number(weeks[0]["days"], "d"), f" of its {DAYS} days. "]
    if shares:
        said += [
            "In the last week, ",
            number(shares[-1], ".0%"),
            " of what was bought had been bought before by the same customer. ",
        ]
    tail = next((row for row in profile["long_tail"].rows() if row["articles_share"].number >= 0.1), None)
    if tail:
        start: list[Child] = ["The best-selling ", number(tail["articles_share"], ".0%"), " of the articles sold make "]
        said += [*start, number(tail["purchases_share"], ".0%"), " of the sales."]
    return said
