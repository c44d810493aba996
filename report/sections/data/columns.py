"""The columns of the data: what is missing, how numbers are spread, what was set aside."""

from lookbook.report.chart import Column, Row, figure, small_multiples
from lookbook.report.fact import Fact
from lookbook.report.html import Child, Html, folded, label, number, table
from lookbook.report.plots import bins, labelled_bars
from lookbook.report.section import heading

STATISTICS = {
    "missing_share": ("missing", ".1%"),
    "distinct": ("distinct", ",.0f"),
    "min": ("min", ",.6g"),
    "q25": ("lower quartile", ",.6g"),
    "median": ("median", ",.6g"),
    "q75": ("upper quartile", ",.6g"),
    "max": ("max", ",.6g"),
    "iqr_outliers": ("outliers (IQR)", ",.0f"),
    "z_outliers": ("outliers (|z| > 3)", ",.0f"),
}


def histogram(title: str, rows: list[Fact]) -> Html:
    """rows: low, high, rows and scale (value: one bar for each value; linear, log: of the axis)."""
    scale = rows[0]["scale"].text
    words = "One bar for each range of values."
    if scale == "value":
        values: list[Row] = [{"name": f"{row['low'].number:.10g}", "value": row["rows"]} for row in rows]
        shown = [Column("name", "value"), Column("value", "rows", ",.0f")]
        return figure(labelled_bars("rows"), values, shown, title=title, label=words)
    data: list[Row] = [{"low": row["low"], "high": row["high"], "rows": row["rows"]} for row in rows]
    shown = [Column("low", "from", ",.6g"), Column("high", "to", ",.6g"), Column("rows", "rows", ",.0f")]
    return figure(bins(log=scale == "log"), data, shown, title=title, label=words)


def histograms(profile: Fact) -> list[Html]:
    """One drawing for each column of numbers."""
    grouped: dict[str, list[Fact]] = {}
    for row in profile["histograms"].rows():
        grouped.setdefault(f"{row['table'].text}: {label(row['column'].text)}", []).append(row)
    drawings = [histogram(title, rows) for title, rows in grouped.items()]
    return [heading("Columns"), small_multiples(drawings)] if drawings else []


def columns(profile: Fact) -> list[Html]:
    rows = profile["columns"].rows()
    cells: list[list[Child]] = [
        [
            f"{row['table'].text}: {label(row['column'].text)}",
            row["type"].text,
            *(_value(row[key], form) for key, (_, form) in STATISTICS.items()),
        ]
        for row in rows
    ]
    headings = ["column", "type", *(name for name, _ in STATISTICS.values())]
    return [folded("Columns: missing values, ranges, outliers", table("Columns", headings, cells, texts=2))] if rows else []


def policy(profile: Fact) -> list[Html]:
    """What became of bad rows and of outliers."""
    rules = profile["policy"]["rules"].rows()
    if not profile["policy"]:
        return []
    cells: list[list[Child]] = [
        [
            f"{row['table'].text}: {label(row['column'].text)}",
            row["treatment"].text,
            row["expected"].text,
            number(row["rows"], ",d"),
        ]
        for row in rules
    ]
    cells.append(["outliers", profile["policy"]["outliers"].text, "", ""])
    return [table("What was done with bad rows and outliers", ["where", "what was done", "expected", "rows"], cells, texts=3)]


def _value(fact: Fact, form: str) -> Child:
    return fact.text if isinstance(fact.value, str) else number(fact, form)
