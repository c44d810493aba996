"""What an ablation shows: every variant against the whole system, what each source finds and costs, how far sources overlap.

Input: the content of ablation.json. Output: rich tables, which become plain text where there is no terminal.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from rich.table import Table

from lookbook.pipelines.ablation.record import Ablation, Overlap, ShapleyRow, SourceRow, VariantRow, Whole
from lookbook.pipelines.ablation.rows import NOTHING, TOO_FEW
from lookbook.pipelines.runs.records.files import as_line
from lookbook.pipelines.terminal.figures import count
from lookbook.pipelines.terminal.progress import Reporter
from lookbook.pipelines.terminal.table import WIDE, console, interval, table

TITLES = {
    "leave_one_out": "One source left out",
    "alone": "One source alone",
    "features": "One feature group left out",
    "greedy": "Built up from the best source",
}

PARTS = {"leave_one_out": "the source", "alone": "the others", "features": "the group", "greedy": "the rest"}
"""What the verdict on a variant is about."""


def show_ablation(found: Ablation, folder: Path, reporter: Reporter, *, json_lines: bool) -> None:
    """Print an ablation on stdout: tables, or one JSON object."""
    if json_lines:
        print(as_line({"run": folder, "ablation": found}))
        return
    out = console()
    for made in ablation_tables(found, width=out.width):
        out.print(made)
        out.print()
    for line in conclusions(found):
        out.print(line, soft_wrap=True)
    out.print(reporter.reuse())
    again = found.source_stages_computed_by_variants
    stages = f"{count(again, 'stage')} of sources {'was' if again == 1 else 'were'} computed again."
    out.print(stages if again else "No source was computed again for a variant.")
    out.print(f"Results are in {folder / 'ablation.json'}", soft_wrap=True)


def ablation_tables(found: Ablation, *, width: int) -> list[Table]:
    kinds = list(dict.fromkeys((row.mode, row.budget) for row in found.variants))
    tables = [
        variant_table(
            found.full,
            [row for row in found.variants if (row.mode, row.budget) == kind],
            title=_title(*kind, weeks=found.weeks),
            part=PARTS[kind[0]],
            k=found.k,
            width=width,
        )
        for kind in kinds
    ]
    parts = shapley_table(found.shapley, k=found.k, width=width)
    return [*tables, source_table(found.sources, width=width), parts, overlap_table(found.overlap)]


def variant_table(whole: Whole, variants: Sequence[VariantRow], *, title: str, part: str, k: int, width: int) -> Table:
    """The whole system, then one row per variant. part: what is left out; visible: the smallest difference that this test could
    have seen."""
    wide = width >= WIDE
    headings = (part, "smallest\nvisible", "candidates", "recall") if wide else (f"{part};\nvisible",)
    made = table("variant", f"MAP@{k}", "whole - variant", *headings, title=title, fold=False)
    made.add_row(*_cells("whole system", whole, "", ("*" if whole.note else "", ""), wide=wide))
    for row in variants:
        difference = interval(row.difference, row.difference_low, row.difference_high, width=width, sign="+")
        verdict = NOTHING if row.note == NOTHING else f"{row.verdict}{'*' if row.note else ''}"
        visible = f"{row.smallest_visible:.4f}" if row.smallest_visible else ""
        made.add_row(*_cells(row.name, row, difference, (verdict, visible), wide=wide))
    if TOO_FEW in (whole.note, *(row.note for row in variants)):
        made.caption = "* too few examples to fit a ranker in some week: everybody got a fallback list"
    return made


def source_table(sources: Sequence[SourceRow], *, width: int) -> Table:
    """What each source retrieves, before the cut, and what it took to compute."""
    wide = width >= WIDE
    cost = ("positive\nrate", "learn\nseconds", "retrieve\nseconds", "peak\nMB") if wide else ("seconds",)
    headings = ("source", "per\ncustomer", "recall", "only it\nfound", *cost)
    made = table(*headings, title="Sources: candidates before the cut, cost", fold=False)
    for row in sources:
        rate = "" if row.positive_rate is None else f"{row.positive_rate:.4f}"
        took = (rate, f"{row.learn_seconds:.1f}", f"{row.retrieve_seconds:.1f}", f"{row.peak_memory_mb:g}")
        made.add_row(
            row.source,
            f"{row.candidates_per_customer:.1f}",
            interval(row.recall, row.low, row.high, width=width),
            f"{row.found_only:,}",
            *(took if wide else (f"{row.learn_seconds + row.retrieve_seconds:.1f}",)),
        )
    return made


def shapley_table(shapley: Sequence[ShapleyRow], *, k: int, width: int) -> Table:
    """What each source adds to recall before the cut and to MAP, averaged over all orders of adding them."""
    named = {"recall": "recall", "map": f"MAP@{k}"}
    parts = {(row.source, row.of): row for row in shapley}
    shown = [of for of in named if any(of == other for _, other in parts)]
    headings = ("source", *_twice(named[of] for of in shown))
    made = table(*headings, title="Shapley values: what each source adds, averaged over all orders", fold=False)
    for source in dict.fromkeys(source for source, _ in parts):
        rows = [parts[source, of] for of in shown]
        cells = (
            (interval(row.value, row.low, row.high, width=width), "" if row.share is None else f"{row.share:.0%}") for row in rows
        )
        made.add_row(source, *(cell for pair in cells for cell in pair))
    errors = [row.standard_error for row in shapley if row.standard_error is not None]
    if errors:
        made.caption = f"of MAP: orders were sampled, standard error up to {max(errors):.4f}"
    return made


def overlap_table(overlap: Sequence[Overlap]) -> Table:
    """Jaccard index of every two sources, which are numbered in the heading."""
    sources = list(dict.fromkeys(row.source for row in overlap))
    shared = {(row.source, row.other): row.jaccard for row in overlap}
    headings = ("source", *(str(place) for place in range(1, len(sources) + 1)))
    made = table(*headings, title="Overlap: candidates that both retrieved / that either did", fold=False)
    for place, source in enumerate(sources, start=1):
        cells = [shared[source, other] for other in sources]
        made.add_row(f"{place} {source}", *("" if cell is None else f"{cell:.2f}" for cell in cells))
    return made


def conclusions(found: Ablation) -> list[str]:
    """One sentence per build-up: what is in it, and why it ended."""
    lines = []
    for built in found.greedy:
        last = built.steps[-1]
        gain = f"{last.gain:+.4f} [{last.gain_low:+.4f}, {last.gain_high:+.4f}]"
        end = "no other source is left" if last.added else f"the best of the rest, {last.best}, changes MAP by {gain}"
        lines.append(f"Built up ({built.budget} budget): {', '.join(built.kept)}; then {end}.")
    return lines


def _cells(name: str, row: Whole | VariantRow, difference: str, verdict: tuple[str, str], *, wide: bool) -> tuple[str, ...]:
    """verdict: with the smallest visible difference."""
    reached = interval(row.map, row.low, row.high, width=WIDE if wide else 0)
    rest = (*verdict, f"{row.candidates_per_customer:.1f}", f"{row.recall:.4f}") if wide else ("\n".join(verdict),)
    return (name if wide else name.replace(" ", "\n", 1), reached, difference, *rest)


def _title(mode: str, budget: str | None, *, weeks: Sequence[str]) -> str:
    filled = {"fixed": ", freed places filled", "union": ", freed places left empty"}.get(budget or "", "")
    return f"{TITLES[mode]}{filled}; {'week' if len(weeks) == 1 else f'{len(weeks)} weeks up to that'} of {weeks[0]}"


def _twice(headings: Iterable[str]) -> Iterator[str]:
    """Each heading, and one for its share after it."""
    for heading in headings:
        yield from (heading, "share")
