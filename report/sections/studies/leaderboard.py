"""Every known source and baseline alone, side by side: what it finds, what its lists are like, what it takes."""

from lookbook.report.chart import Row, figure
from lookbook.report.fact import Fact
from lookbook.report.html import Child, Html, label, listed, number, paragraph, sentence, table, with_interval
from lookbook.report.plots import intervals
from lookbook.report.section import Files, Section, file, to_fill

KINDS = ("source", "baseline")


def leaderboard(files: Files) -> Section:
    shows = (
        "Every known way to find articles by itself, whether or not this run uses it, on the customers who bought in the test week."
    )
    content = file(files, "leaderboard.json")
    if not content:
        return Section(
            "leaderboard", "Leaderboard", shows, [], [to_fill(files, "leaderboard", "No method was judged by itself yet.")]
        )
    judged = [row for row in content["methods"].rows() if row["map"]]
    chart = figure(
        intervals(f"MAP@{content['k'].text}", kinds=KINDS),
        [_point(row) for row in judged],
        [],
        title=f"MAP@{content['k'].text} of each method alone, with 95 % intervals",
        label="One point for each method, best first; a line shows its interval.",
    )
    tables = [_hits(content, judged), _lists(content, judged), *_troubled(content)]
    return Section("leaderboard", "Leaderboard", shows, _finding(content, judged), [*([chart] if judged else []), *tables])


def _point(row: Fact) -> Row:
    value, low, high = (row["map"][name] for name in ("value", "low", "high"))
    return {"name": _name(row), "kind": row["kind"].text, "value": value, "low": low, "high": high}


def _finding(content: Fact, judged: list[Fact]) -> list[Child]:
    if not judged:
        return ["No method could be judged."]
    best, most = judged[0], max(judged, key=lambda row: row["recall"]["value"].number)
    told: list[Child] = [
        sentence(_name(best)), f" has the highest MAP@{content['k'].text} alone, ", with_interval(best["map"], ".4f"), "; ",
        _name(most), f" finds the most in {content['depth'].text} places, ", number(most["recall"]["value"], ".1%"),
    ]  # fmt: skip
    beside = [name.text for name in content["beside"].rows()]
    told += [". Beside ", listed(list(map(label, beside))), ", "]
    others = [row for row in judged if row["kind"].text == "source" and row["method"].text not in beside and row["n_only"].number]
    if not others:
        return [*told, "no other source finds anything more."]
    other = max(others, key=lambda row: row["n_only"].number)
    return [
        *told, "the source that finds the most that none of them does is ", _name(other), ": ", number(other["n_only"], ",.0f"),
        " of ", number(content["n_labels"], ",.0f"), " labels.",
    ]  # fmt: skip


def _hits(content: Fact, judged: list[Fact]) -> Html:
    k, weeks = content["k"].text, [week.text for week in content["weeks"].rows()]
    headings = ["method", f"recall@{content['depth'].text}", f"MAP@{k}", f"NDCG@{k}", "CPU seconds a week", "peak MB"]
    rows: list[list[Child]] = [
        [
            _name(row),
            *(with_interval(row[name], ".4f") for name in ("recall", "map", "ndcg")),
            number(row["cpu_seconds"], ",.1f"),
            number(row["peak_memory_mb"], ",.0f"),
        ]
        for row in judged
    ]
    return table(f"What each finds alone in the week of {listed(weeks[::-1])}, and what it takes", headings, rows)


def _lists(content: Fact, judged: list[Fact]) -> Html:
    headings = ["method", "coverage", "novelty in bits", "new to the customer", "only it finds, of all labels", "labels"]
    rows: list[list[Child]] = [
        [
            _name(row),
            number(row["coverage"], ".1%"),
            with_interval(row["novelty"], ".2f"),
            *(with_interval(row[name], ".2%") for name in ("new", "only")),
            number(row["n_only"], ",.0f"),
        ]
        for row in judged
    ]
    return table(f"Their first {content['k'].text} places, and what no default source but itself finds", headings, rows)


def _troubled(content: Fact) -> list[Html]:
    """Those that found nothing or cannot work on these data."""
    return [paragraph(f"{sentence(_name(row))} {row['note'].text}.") for row in content["methods"].rows() if row["note"].text]


def _name(row: Fact) -> str:
    """A source and a baseline may share a name."""
    name = label(row["method"].text)
    return f"{name} (baseline)" if row["kind"].text == "baseline" else name
