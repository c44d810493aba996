"""What was run: settings, data, versions, device, and what each stage took."""

from lookbook.report.chart import figure
from lookbook.report.fact import Fact
from lookbook.report.html import Child, Html, code, folded, number, paragraph, table
from lookbook.report.plots import labelled_bars
from lookbook.report.section import Files, Section, file


def settings(files: Files) -> Section:
    shows = (
        "The settings in force, the versions, and the time and memory of every stage: what it takes to get the same numbers again."
    )
    about, rows = file(files, "run.json"), file(files, "report.json")["settings"].rows()
    changed = [row for row in rows if row["value"].value != row["default"].value]
    differ = {0: "None", 1: "One"}.get(len(changed), str(len(changed)))
    verb = "differs from its default" if len(changed) == 1 else "differ from the defaults"
    says = [f"{differ} of the {len(rows)} settings {verb}. ", *_heaviest(about)]
    parts = [_changed(changed)] if changed else []
    cells: list[list[Child]] = [[_key(row), _value(row["value"])] for row in rows]
    every = folded("All settings", table("All settings", ["setting", "value"], cells, texts=2))
    return Section("settings", "Settings and costs", shows, says, [*parts, every, _machine(about), *_costs(about)])


def _heaviest(about: Fact) -> list[Child]:
    """The stages that took the most time and the most memory."""
    costs = dict(about["stages"].items())
    if not costs:
        return []
    longest = max(costs, key=lambda name: costs[name]["seconds_when_computed"].number)
    largest = max(costs, key=lambda name: costs[name]["peak_memory_mb"].number)
    return [
        f"The longest stage is {longest}, ", number(costs[longest]["seconds_when_computed"], ",.0f"), " seconds; the largest is ",
        f"{largest}, ", number(costs[largest]["peak_memory_mb"], ",.0f"), " MB of memory.",
    ]  # fmt: skip


def _changed(rows: list[Fact]) -> Html:
    cells: list[list[Child]] = [[_key(row), _value(row["value"]), _value(row["default"])] for row in rows]
    return table("Settings that differ from the defaults", ["setting", "value", "default"], cells, texts=3)


def _key(row: Fact) -> Html:
    return code(row["key"].text)


def _value(value: Fact) -> str:
    return value.text if value.text else "(empty)"


def _machine(about: Fact) -> Html:
    data = about["data"]
    rows: list[list[Child]] = [
        ["finished", about["finished"].text], ["device", about["device"].text],
        ["peak memory, MB", number(about["peak_memory_mb"], ",d")],
        ["data set", about["dataset"].text], ["days of data", f"{data['first_day'].text} to {data['last_day'].text}"],
        ["purchases", number(data["transactions"], ",d")], ["customers", number(data["customers"], ",d")],
        ["articles", number(data["articles"], ",d")], ["digest of the data", code(about["data_digest"].text)],
        ["digest of the settings", code(about["settings_digest"].text)],
    ]  # fmt: skip
    rows += [[f"{name} version", version.text] for name, version in about["versions"].items()]
    return table("What was run, on what", ["", ""], rows, texts=2)


def _costs(about: Fact) -> list[Html]:
    stages = list(about["stages"].items())
    if not stages:
        return [paragraph("This run kept no times.")]
    drawing = figure(
        labelled_bars("seconds when computed", form=",.1f"),
        [{"name": name, "value": cost["seconds_when_computed"]} for name, cost in stages],
        [],
        title="Seconds by stage, when it was computed",
        label="One bar for each stage.",
    )
    headings = ["stage", "seconds when computed", "seconds in this run", "computed", "reused", "peak MB"]
    names = {"seconds_when_computed": ",.1f", "seconds": ",.1f", "computed": ",d", "reused": ",d", "peak_memory_mb": ",d"}
    cells: list[list[Child]] = [[name, *(number(cost[part], form) for part, form in names.items())] for name, cost in stages]
    return [drawing, table("What each stage took", headings, cells)]
