"""The first screen: how good the run is, what drives it, what to do next, and what the run warned of."""

from lookbook.report.fact import Fact
from lookbook.report.html import Child, Html, between, code, join, label, number, paragraph, sentence, tag, times, with_interval
from lookbook.report.section import Files, Section, command, file
from lookbook.report.sections.next_steps import next_steps
from lookbook.report.sections.results import SCARCE, Standing, standing_of

MOST = 3
"""Sources and feature groups named at once."""
VERDICTS = {
    "ahead": "Ahead of the best baseline",
    "behind": "Behind the best baseline",
    "cannot tell": "Too few customers to tell it from the best baseline",
}
"""What each `standing` of metrics.json is called."""
DIFFERENCE = ("difference", "difference_low", "difference_high")


def summary(files: Files) -> Section:
    cards = [_card("How good is it?", _quality(files)), _card("What drives it?", _drivers(files))]
    steps = tag("ol", {}, *(tag("li", {}, *step) for step in next_steps(files)))
    cards.append(_card("What to do next?", [steps]))
    body = [tag("div", {"class": "answers"}, *cards), *_warnings(files)]
    return Section("summary", "In short", "", [], body)


def _card(question: str, answer: list[Html]) -> Html:
    return tag("div", {"class": "answer"}, tag("h3", {}, question), *answer)


def _warnings(files: Files) -> list[Html]:
    warnings = file(files, "run.json")["warnings"].rows()
    listed = (tag("li", {}, sentence(warning.text)) for warning in warnings)
    return [tag("div", {"class": "missing"}, tag("strong", {}, "The run warned:"), tag("ul", {}, *listed))] if warnings else []


def _quality(files: Files) -> list[Html]:
    found = standing_of(files)
    if not found.cell:
        return [paragraph("This run judged no week.")]
    n, k = number(found.cell["n_customers"], ",.0f"), file(files, "run.json")["k"].text
    value = tag("p", {"class": "value"}, f"MAP@{k} ", with_interval(found.cell, ".4f"))
    scale = tag("small", {}, n, " customers with purchases. 1 would be: everybody's list begins with all that they bought.")
    told = [paragraph(*_against(found))] if found.verdict else []
    return [value, *told, paragraph(scale)]


def _against(found: Standing) -> list[Child]:
    """The verdict, and the ratio to the baseline unless that is of next to nothing."""
    best, difference = found.best, found.difference
    ratio = difference["ratio"]
    start: list[Child] = [tag("strong", {}, VERDICTS[found.verdict]), f", {label(found.baseline)}"]
    if ratio.value is None:
        return [*start, ", which found nothing."] if best.value == 0 else [*start, " (MAP ", number(best, ".4f"), ")."]
    if ratio.number >= SCARCE:
        return [*start, ", which found next to nothing (MAP ", number(best, ".6f"), ")."]
    return [*start, " (MAP ", number(best, ".4f"), "): ", times(difference), " its MAP."]


def _drivers(files: Files) -> list[Html]:
    parts = [*_sources(file(files, "ablation.json")), *_groups(file(files, "importance.json"))]
    if parts:
        return parts
    asked = paragraph("Not asked yet. What each source is worth: ", code(command(files, "ablate")), ".")
    return [asked, paragraph("What the ranker looks at: ", code(command(files, "explain")), ".")]


def _sources(content: Fact) -> list[Html]:
    """The sources without which MAP falls most, as far as that is more than chance."""
    rows = content["variants"].where("mode", "leave_one_out")
    first = [row for row in rows if row["budget"].value == rows[0]["budget"].value]
    helping = sorted((row for row in first if row["verdict"].text == "helps"), key=lambda row: -row["difference"].number)
    if not first:
        return []
    if not helping:
        return [paragraph("No single source is missed: without any one of them MAP falls by no more than chance explains.")]
    items = [join([label(row["left_out"].text), ": ", with_interval(row, ".4f", DIFFERENCE)]) for row in helping[:MOST]]
    return _listed("Sources, by what MAP loses without them", items)


def _groups(content: Fact) -> list[Html]:
    """The feature groups whose shuffling costs most, as far as that is more than chance."""
    rows = [row for row in content["importance"].where("level", "group") if row["method"].text == "permutation"]
    clear = sorted((row for row in rows if row["low"].number > 0), key=lambda row: -row["value"].number)
    if not rows:
        return []
    if not clear:
        return [paragraph("No feature group stands out: shuffling any one of them costs no more MAP than chance explains.")]
    items = [
        join([label(row["name"].text), ": ", number(row["value"], ".4f"), " ", between(row["low"], row["high"], ".4f")])
        for row in clear[:MOST]
    ]
    return _listed("Feature groups, by what MAP loses when they are shuffled", items)


def _listed(title: str, items: list[Html]) -> list[Html]:
    return [tag("p", {"class": "shows"}, title), tag("ol", {}, *(tag("li", {}, item) for item in items))]
