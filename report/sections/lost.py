"""What became of every purchase of the test week, by segment of customers."""

from lookbook.report.chart import Row, figure
from lookbook.report.fact import Fact
from lookbook.report.html import Child, Html, join, number, table, tag
from lookbook.report.plots import stacked_shares
from lookbook.report.section import EVERYBODY, Files, Section, file, segment_label, to_fill


def lost_labels(files: Files) -> Section:
    shows = "Every purchase of the test week by what became of it, from articles nobody could know to those that were recommended."
    rows = file(files, "importance.json")["lost_labels"].rows()
    if not rows:
        return Section(
            "lost", "Lost purchases", shows, [], [to_fill(files, "explain", "Purchases have not been traced for this run.")]
        )
    stages = list(dict.fromkeys(row["stage"].text for row in rows))
    segments = list(dict.fromkeys(row["segment"].text for row in rows))
    data: list[Row] = [
        {
            "group": segment_label(row["segment"].text),
            "part": row["stage"].text,
            "place": stages.index(row["stage"].text),
            "value": row["labels"],
            "share": row["share"],
        }
        for row in rows
    ]
    drawing = figure(
        stacked_shares([segment_label(segment) for segment in segments], stages),
        data,
        [],
        title="What became of the purchases, by days since the customer's last one",
        label="One full bar for each segment, cut into the stages in which purchases were lost.",
    )
    by_place = {(row["segment"].text, row["stage"].text): row for row in rows}
    cells: list[list[Child]] = [
        [segment_label(segment), *(_labels(by_place.get((segment, stage), Fact(None, ""))) for stage in stages)]
        for segment in segments
    ]
    numbers = table("Purchases by what became of them", ["last purchase", *stages], cells)
    return Section("lost", "Lost purchases", shows, _finding(rows), [drawing, numbers])


def _labels(row: Fact) -> Html:
    return join([number(row["labels"], ",.0f"), tag("small", {}, number(row["share"], ".1%"))])


def _finding(rows: list[Fact]) -> list[Child]:
    everybody = [row for row in rows if row["segment"].text == EVERYBODY]
    lost = [row for row in everybody if row["stage"].text != "recommended"]
    most = max(lost, key=lambda row: row["labels"].number, default=Fact(None, ""))
    if not most["labels"].value:
        return ["Every purchase was recommended."] if any(row["labels"].value for row in everybody) else ["Nobody bought anything."]
    return [f"The largest loss is “{most['stage'].text}”: ", number(most["share"], ".1%"), " of all purchases."]
