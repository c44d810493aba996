"""How the system does over several weeks, against simple recommenders that were refitted every week too."""

from lookbook.report.chart import Row, figure
from lookbook.report.fact import Fact
from lookbook.report.html import Child, Html, label, number, table, times, with_interval
from lookbook.report.plots import intervals
from lookbook.report.section import Files, Section, file, segment_label, to_fill

DIFFERENCE = ("difference", "difference_low", "difference_high")
MEAN = ("map", "low", "high")
VERDICTS = {"helps": "ahead of it", "hurts": "behind it", "cannot tell": "not told apart from it"}
UNITS = {"days since last purchase": segment_label, "purchase days in 90": segment_label}


def backtest(files: Files) -> Section:
    shows = "The same over several weeks, everything refitted for each of them, and what it takes: one week alone says little."
    content = file(files, "backtest.json")
    if not content:
        return Section("backtest", "Backtest", shows, [], [to_fill(files, "backtest", "No other week was judged yet.")])
    _, *others = content["methods"].rows()
    drawing = figure(
        intervals("MAP of lookbook - MAP of the other", form="+.3f", zero_line=True),
        [_point(row) for row in others],
        [],
        title="Lookbook against every other method, with 95 % intervals",
        label="One point for each method; to the right of the zero line lookbook is ahead of it.",
    )
    tables = [_methods(content, "methods", _weeks(content))]
    if len(content["weeks"].rows()) > 1:
        tables.append(_methods(content, "newest", f"The newest week alone, that of {content['weeks'].rows()[0].text}"))
    return Section("backtest", "Backtest", shows, _finding(content), [drawing, *tables, _segments(content)])


def _weeks(content: Fact) -> str:
    weeks = [week.text for week in content["weeks"].rows()]
    return f"All test weeks together, from that of {weeks[-1]} to that of {weeks[0]}"


def _point(row: Fact) -> Row:
    value, low, high = (row["lookbook"][name] for name in DIFFERENCE)
    return {"name": label(row["method"].text), "value": value, "low": low, "high": high}


def _finding(content: Fact) -> list[Child]:
    system, best, *_ = content["methods"].rows()
    return [
        "Over ", number(content["n_customer_weeks"], ",.0f"), " customer-weeks lookbook reaches MAP@", content["k"].text, " of ",
        with_interval(system, ".4f", MEAN), f". The best of the others, {label(best['method'].text)}, reaches ",
        number(best["map"], ".4f"), ": lookbook is ", times(best["lookbook"]), f", {VERDICTS[best['lookbook']['verdict'].text]}.",
    ]  # fmt: skip


def _methods(content: Fact, name: str, caption: str) -> Html:
    """CPU seconds and memory are of one week, from nothing but the converted data."""
    headings = ["method", f"MAP@{content['k'].text}", "lookbook − it", "lookbook is", "CPU seconds a week", "peak MB"]
    rows: list[list[Child]] = []
    for row in content[name].rows():
        compared = row["lookbook"]
        against: list[Child] = [with_interval(compared, "+.4f", DIFFERENCE), times(compared)] if compared else ["", ""]
        costs = [number(row["cpu_seconds"], ",.1f"), number(row["peak_memory_mb"], ",.0f")]
        rows.append([label(row["method"].text), with_interval(row, ".4f", MEAN), *against, *costs])
    return table(caption, headings, rows)


def _segments(content: Fact) -> Html:
    best = label(content["best_baseline"].text)
    headings = ["customers or labels", "customer-weeks", f"MAP@{content['k'].text}", f"of {best}", "lookbook − it", "lookbook is"]
    rows: list[list[Child]] = [
        [
            f"{row['by'].text}: {_name(row)}",
            number(row["n_customer_weeks"], ",.0f"),
            number(row["map"], ".4f"),
            number(row["baseline_map"], ".4f"),
            with_interval(row["lookbook"], "+.4f", DIFFERENCE),
            times(row["lookbook"]),
        ]
        for row in content["segments"].rows()
    ]
    return table(f"Lookbook against {best} by customers and labels", headings, rows)


def _name(row: Fact) -> str:
    return UNITS.get(row["by"].text, str)(row["segment"].text)
