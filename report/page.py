"""The report: one HTML file that needs nothing else, from the JSON files that a run and the commands about it leave.

Input: JSON files by name. Output: the text of report.html. Nothing is computed here but sentences: every number is one of a
file, and says which (data-value, data-from).
"""

import base64
import hashlib
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from lookbook.report.chart import THEME, tag_free
from lookbook.report.fact import root
from lookbook.report.html import Html, join, tag
from lookbook.report.section import Files, Section, file
from lookbook.report.sections.candidates import funnel, sources
from lookbook.report.sections.customers import customers
from lookbook.report.sections.data.profile import data_profile
from lookbook.report.sections.importance import dependence, importance
from lookbook.report.sections.learning import learning
from lookbook.report.sections.lost import lost_labels
from lookbook.report.sections.results import results, segments
from lookbook.report.sections.settings import settings
from lookbook.report.sections.studies.ablation import ablation, shapley
from lookbook.report.sections.studies.backtest import backtest
from lookbook.report.sections.studies.leaderboard import leaderboard
from lookbook.report.sections.studies.tuning import tuning
from lookbook.report.sections.summary import summary

HERE = Path(__file__).parent
OUTCOME = (results, segments, backtest, leaderboard, funnel, lost_labels, sources, ablation, shapley)
INSIDE = (importance, dependence, customers, learning, tuning, data_profile, settings)


def page(contents: Mapping[str, object]) -> str:
    """The whole page. contents: parsed JSON by file name; a section whose file is missing says which command makes it."""
    files = {name: root(name, content) for name, content in contents.items()}
    short = summary(files)
    sections = [section(files) for section in (*OUTCOME, *INSIDE)]
    main = tag("main", {"id": "content"}, *(part.html() for part in sections))
    body = tag(
        "body",
        {},
        tag("a", {"class": "skip", "href": "#content"}, "Skip to the results"),
        _header(files, short),
        tag("div", {"class": "page"}, _contents([short, *sections]), main),
        Html(f'<script type="application/json" id="theme">{tag_free(json.dumps(THEME))}</script>'),
        *(Html(f"<script>{script}</script>") for script in _scripts()),
    )
    return f'<!doctype html>\n<html lang="en">\n{_head(files).markup}\n{body.markup}\n</html>\n'


@cache
def _scripts() -> tuple[str, str]:
    """Vega, Vega-Lite and Vega-Embed as one script, and the page's own."""
    import vl_convert

    library = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")
    return library.replace("</script", "<\\/script"), (HERE / "draw.js").read_text()


def _head(files: Files) -> Html:
    """Nothing may be loaded from anywhere, and only the page's own scripts may run."""
    sums = (base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in _scripts())
    allowed = " ".join(f"'sha256-{digest}'" for digest in sums)
    policy = (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
    )
    about = file(files, "run.json")
    week = f", week of {about['test_week'].text}" if about["test_week"] else ""
    return tag(
        "head",
        {},
        Html('<meta charset="utf-8">'),
        Html('<meta name="viewport" content="width=device-width, initial-scale=1">'),
        Html('<meta name="color-scheme" content="light dark">'),
        Html(f'<meta http-equiv="Content-Security-Policy" content="{policy}">'),
        tag("title", {}, f"lookbook: {about['dataset'].text}{week}"),
        Html(f"<style>{(HERE / 'style.css').read_text()}</style>"),
    )


def _header(files: Files, short: Section) -> Html:
    """Above everything else, so that the answers come first on a phone too."""
    about = file(files, "run.json")
    week = f"Test week from {about['test_week'].text}" if about["test_week"] else "No test week"
    facts = (about["dataset"].text, week, f"run finished {about['finished'].text[:10]}")
    return tag("header", {}, tag("h1", {}, "lookbook report"), tag("p", {"class": "shows"}, join(facts, " · ")), short.html())


def _contents(sections: list[Section]) -> Html:
    links = (tag("li", {}, tag("a", {"href": f"#{section.mark}"}, section.title)) for section in sections)
    return tag("nav", {"aria-label": "Contents"}, tag("ol", {}, *links))
