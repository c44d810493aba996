"""How learning went: the embedding models pass by pass, the ranker tree by tree."""

from lookbook.report.chart import Column, Row, figure, small_multiples
from lookbook.report.fact import Fact
from lookbook.report.html import Child, Html, label, number, paragraph
from lookbook.report.plots import curves
from lookbook.report.section import Files, Section, file


def learning(files: Files) -> Section:
    shows = "How good the models were while they learned, and where learning was stopped."
    content = file(files, "report.json")["learning"]
    rows = content["sources"].rows()
    names = list(dict.fromkeys(row["source"].text for row in rows))
    drawings = [part for name in names for part in _source(name, [row for row in rows if row["source"].text == name])]
    trees = content["ranker"]["map_at_12"].rows()
    if trees:
        drawings.append(_ranker(trees))
    empty = [] if drawings else [paragraph("Nothing in this run keeps a learning curve.")]
    return Section("learning", "Learning curves", shows, _finding(content, trees), [small_multiples(drawings), *empty])


def _source(name: str, rows: list[Fact]) -> list[Html]:
    """Recall while the number of passes was sought, and the loss of every pass, week after week where each starts from the last."""
    weeks = list(dict.fromkeys(row["week"].text for row in rows))
    searched: list[Row] = [
        {"x": row["epoch"], "y": row["valid_recall"], "week": row["week"]} for row in rows if row["valid_recall"].value is not None
    ]
    losses: list[Row] = [
        {"x": place, "y": row["train_loss"], "kind": row["phase"].text, "week": row["week"], "epoch": row["epoch"]}
        for place, row in enumerate(rows, 1)
        if row["train_loss"].value is not None
    ]
    phases = list(dict.fromkeys(str(row["kind"]) for row in losses))
    drawings = []
    if searched:
        columns = [Column("week", "week"), Column("x", "pass", "d"), Column("y", "recall")]
        words = "A line over the passes; the number of passes with the highest recall was taken."
        title = f"{label(name)}: recall of the newest days"
        drawings.append(figure(curves("pass", "recall", form=".3f"), searched, columns, title=title, label=words))
    if losses:
        columns = [Column("week", "week"), Column("kind", "phase"), Column("epoch", "pass", "d"), Column("y", "loss")]
        words = f"A line over all passes of {len(weeks)} weeks, each of which starts from the vectors of the week before."
        title = f"{label(name)}: training loss, week after week"
        drawings.append(figure(curves("passes in all", "loss", kinds=phases), losses, columns, title=title, label=words))
    return drawings


def _ranker(trees: list[Fact]) -> Html:
    data: list[Row] = [{"x": place, "y": value} for place, value in enumerate(trees, 1)]
    return figure(
        curves("trees", "MAP@12", form=".3f", dots=False),
        data,
        [Column("x", "trees", "d"), Column("y", "MAP@12")],
        title="Ranker: MAP@12 on the newest training week",
        label="A line over the number of trees.",
    )


def _finding(content: Fact, trees: list[Fact]) -> list[Child]:
    chosen = content["ranker"]["trees"]
    if not chosen or not trees:
        return []
    at = trees[int(chosen.number) - 1] if 0 < chosen.number <= len(trees) else Fact(None, "")
    return [
        "The ranker was best on the newest training week with ", number(chosen, "d"), " trees: MAP@12 ", number(at, ".4f"),
        " among that week's sampled candidates, not to be compared with the test week's, where all candidates are ranked.",
    ]  # fmt: skip
