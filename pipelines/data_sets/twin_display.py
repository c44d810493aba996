"""What `lookbook data twin` prints.

Input: Twin. Output: rich tables, which become plain text where there is no terminal, or one JSON object.
"""

import json

from rich.table import Table

from lookbook.data.simulate.twin.comparison import TOLERANCE, Comparison
from lookbook.evaluation.simulated.oracle import Way
from lookbook.pipelines.data_sets.twin import LADDER_FACTOR, Twin
from lookbook.pipelines.terminal.table import console, table


def show_twin(twin: Twin, *, json_lines: bool) -> None:
    if json_lines:
        print(json.dumps(twin.as_dict()))
        return
    out = console()
    out.print(figure_table(twin))
    out.print(ladder_table(twin))
    for line in summary(twin):
        out.print(line)


def figure_table(twin: Twin) -> Table:
    """One row per figure; what cannot be compared at this scale has no H&M value."""
    title = f"Twin against H&M, scale {twin.scale:g}: {twin.folder}"
    made = table("figure", "H&M", "twin", "ratio", f"within {TOLERANCE:.0%}", title=title)
    for row in twin.figures:
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        made.add_row(row.figure, "" if row.hm is None else _number(row.hm), _number(row.twin), ratio, _yes(row.within))
    return made


def ladder_table(twin: Twin) -> Table:
    headings = ("method", "H&M", "twin", "95 % interval", f"within factor {LADDER_FACTOR}")
    made = table(*headings, title="The ladder of simple methods, MAP@12 of the last week")
    for row in twin.ladder:
        made.add_row(row.rung, f"{row.hm_map:.4f}", f"{row.map:.4f}", f"[{row.low:.4f}, {row.high:.4f}]", _yes(row.within))
    return made


def summary(twin: Twin) -> list[str]:
    """How many figures agree, the names of those that do not, and how far the last rung is from the best possible."""
    compared = [row for row in twin.figures if row.within is not None]
    apart = [_apart(row) for row in compared if not row.within]
    lines = [f"{len(compared) - len(apart)} of {len(compared)} figures are within {TOLERANCE:.0%} of H&M's."]
    if apart:
        lines.append(f"Not: {'; '.join(apart)}.")
    for named in twin.ways:
        way = named.way
        lines.append(
            f"Best possible MAP, knowing the true probabilities: {way.oracle:.4f}. From {named.baseline!r} ({way.baseline:.4f}) to "
            f"there, {named.recommender!r} ({way.recommender:.4f}) covers {_covered(way)} of the way "
            f"({way.n_customers:,} customers)."
        )
    return lines


def _covered(way: Way) -> str:
    if way.covered is None:
        return "an unknown part"
    interval = "" if way.low is None else f" [{way.low:.2f}, {way.high:.2f}]"
    return f"{way.covered:.2f}{interval}"


def _apart(row: Comparison) -> str:
    return f"{row.figure} ({row.ratio:.2f})"


def _yes(within: bool | None) -> str:
    return "" if within is None else "yes" if within else "no"


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
