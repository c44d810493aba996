"""What `lookbook explain --customer` shows: one customer's list with its reasons, or one decision from retrieval to rank.

Input: CustomerCard, Decision. Output: rich tables, plain text where there is no terminal.
"""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from lookbook.evaluation.lost_labels import CUT, DISPLACED, NEVER_RETRIEVED, NOT_FOR_SALE, RECOMMENDED
from lookbook.pipelines.explain.pair import RANKED
from lookbook.pipelines.explain.reasons import ago, words
from lookbook.pipelines.explain.record import (
    Bought,
    Contribution,
    CustomerCard,
    Decision,
    Evidence,
    Purchase,
    Recommended,
    SourceSays,
)
from lookbook.pipelines.runs.records.files import as_line
from lookbook.pipelines.terminal.figures import count, decimals
from lookbook.pipelines.terminal.progress import Reporter
from lookbook.pipelines.terminal.table import WIDE, console, plain, table

PUSHES = 6
"""Contributions shown in each direction."""
VISIBLE = 0.005
"""Smaller contributions would be shown as 0.00."""
SHOWN_PURCHASES = 3
LOST = {
    NOT_FOR_SALE: "not for sale before (nobody had bought it)",
    NEVER_RETRIEVED: "never retrieved (no source suggested it)",
    CUT: "cut (the sources together put too many articles before it)",
    RANKED: "ranked too low",
    DISPLACED: "gave way to an article that is new to the customer (ranking.new_share)",
}
COUNTED_BACK = "Days before are counted back from the first day of that week."
MOST_BOUGHT = 30
"""Articles bought in the week that are traced in the text; JSON has all."""


def show_one(told: CustomerCard | Decision, folder: Path, reporter: Reporter, *, json_lines: bool) -> None:
    """Print what explain_pair.explain_one told of the run in `folder`: text, or one JSON object."""
    if json_lines:
        print(as_line({"run": folder, **vars(told)}))
        return
    out = console()
    if isinstance(told, Decision):
        show_pair(told, out)
    else:
        show_customer(told, out)
    out.print()
    out.print(reporter.reuse())
    out.print(f"The run is in {folder}", soft_wrap=True)


def show_customer(card: CustomerCard, out: Console) -> None:
    """Print the card of one customer (`explain_customer`)."""
    known, recommended = card.outcome_known, card.recommended
    out.print(f"Customer {plain(card.customer)}", f"{_segment(card)}; {_week(card)}", COUNTED_BACK, sep="\n", end="\n\n")
    last = card.last_purchases
    tables = [_recommended_table(recommended, known=known), *([_last_purchases_table(last)] if last else [])]
    if out.width >= WIDE and last:
        side = Table.grid(padding=(0, 2), expand=True)
        side.add_column(ratio=3)
        side.add_column(ratio=2)
        side.add_row(*tables)
        out.print(side)
    else:
        for place, made in enumerate(tables):
            out.print(*([""] if place else []), made, sep="\n")
    if known:
        _show_bought(out, card)


def show_pair(pair: Decision, out: Console) -> None:
    """Print one decision (`explain_pair`)."""
    out.print(f"Customer {plain(pair.customer)}", f"Article {_named(pair)}", _week(pair), COUNTED_BACK, sep="\n", end="\n\n")
    out.print(_outcome(pair))
    out.print(_own_purchases(pair), end="\n\n")
    sources = pair.sources
    out.print(_retrieved(pair, sources), _kept(pair), _ranked(pair), sep="\n", end="\n\n")
    if any(source.rank_without_limit is not None for source in sources):
        _show_sources(out, sources)
    if pair.contributions is not None:
        _show_pushes(out, pair, pair.contributions)


def _outcome(pair: Decision) -> str:
    if pair.stage == RECOMMENDED:
        found = f"Recommended at rank {pair.recommended_rank} of {pair.k}"
    else:
        found = f"Not recommended: {LOST[pair.stage]}"
    bought = "" if pair.bought is None else "; bought in that week" if pair.bought else "; not bought in that week"
    return f"{found}{bought}."


def _own_purchases(pair: Decision) -> str:
    if pair.days_ago is None:
        return "The customer had never bought it before."
    times = "once," if pair.times == 1 else f"on {pair.times} days, last"
    return f"The customer had bought it {times} {ago(pair.days_ago)}."


def _retrieved(pair: Decision, sources: Sequence[SourceSays]) -> str:
    by = sum(source.rank is not None for source in sources)
    found = count(pair.n_retrieved, "article")
    text = f"1. Retrieved: by {by} of {count(len(sources), 'source')}; all together found {found} for the customer."
    nearest = [source for source in sources if source.nearest]
    if nearest:
        near = nearest[0]
        text += f" Nearest: {words(near.source)}, number {near.rank_without_limit} where it stops at {near.limit}."
    elif not by:
        text += " No source has any link from the customer to it."
    return text


def _kept(pair: Decision) -> str:
    if pair.place is None:
        return "2. Kept: no, since no source retrieved it."
    limit = pair.max_candidates
    kept = "yes" if pair.place <= limit else "no, cut"
    return f"2. Kept: {kept}; place {pair.place} by what all sources say together, and the first {limit} are kept."


def _ranked(pair: Decision) -> str:
    if pair.rank is not None:
        return f"3. Ranked: {pair.rank} of {pair.n_ranked}, score {decimals(pair.score, 2)}; the first {pair.k} are recommended."
    filled = pair.stage == RECOMMENDED
    return "3. Ranked: no; the list was filled up with what sells well." if filled else "3. Ranked: no."


def _show_sources(out: Console, sources: Sequence[SourceSays]) -> None:
    out.print(_source_table(sources))
    out.print(*(f"{words(source.source)}: {source.about}" for source in sources), sep="\n")
    out.print(
        "would be: its rank if the source did not stop; no link: nothing that the source learned leads from this customer to it.\n"
    )


def _source_table(sources: Sequence[SourceSays]) -> Table:
    led_by = "purchases that lead to it"
    made = table("source", "rank", "stops at", led_by, title="What each source says", left=("source", led_by))
    for source in sources:
        far = source.rank_without_limit
        rank = source.rank if source.rank is not None else "no link" if far is None else f"would be {far}"
        led = [f"{_named(row)}, {ago(row.days_ago)}" for row in source.evidence[:SHOWN_PURCHASES]]
        made.add_row(words(source.source), str(rank), str(source.limit), "\n".join(led))
    return made


def _show_pushes(out: Console, pair: Decision, added: Sequence[Contribution]) -> None:
    up = [row for row in added[:PUSHES] if row.contribution >= VISIBLE]
    down = [row for row in added[: -PUSHES - 1 : -1] if row.contribution <= -VISIBLE]
    for title, rows in (("What pushed its score up most", up), ("What pushed its score down most", down)):
        made = table("adds", "against\nothers", "value", "of", title=title, left=("of",))
        for row in rows:
            value = row.text.partition(" (")[0]
            made.add_row(f"{row.contribution:+.2f}", f"{row.against_others:+.2f}", value, _meaning(row))
        if rows:
            out.print(made)
    shown = {row.feature for row in (*up, *down)}
    rest = sum(row.contribution for row in added if row.feature not in shown)
    listed = sum(row.contribution for row in (*up, *down))
    out.print(
        f"Score {decimals(pair.score, 2)} = {decimals(pair.start, 2)} to start with, {listed:+.2f} from these, "
        f"{rest:+.2f} from the other {len(added) - len(shown)}.\n"
        "against others: how much more it adds here than to all that was ranked for the customer, on average."
    )


def _recommended_table(recommended: Sequence[Recommended], *, known: bool) -> Table:
    headings = ("", "recommended", "why", *(("bought",) if known else ()))
    made = table(*headings, title="Recommended, best first", left=("recommended", "why", "bought"))
    for row in recommended:
        cells = (str(row.rank), _named(row), plain(row.reason))
        made.add_row(*cells, *(("yes" if row.bought else "",) if known else ()))
    return made


def _last_purchases_table(last: Sequence[Purchase]) -> Table:
    made = table("article", "days before", "on days", title="Bought before, latest first", left=("article",))
    for row in last:
        made.add_row(_named(row), str(row.days_ago), str(row.times))
    return made


def _show_bought(out: Console, card: CustomerCard) -> None:
    bought = card.bought
    ends = Counter(row.lost_at or RECOMMENDED for row in bought)
    summary = ", ".join(f"{labels} {stage}" for stage, labels in ends.most_common())
    out.print(f"\nBought in the week: {count(len(bought), 'article')} ({summary})")
    made = table("article", "what became of it", left=("article", "what became of it"))
    for row in bought[:MOST_BOUGHT]:
        made.add_row(_named(row), _fate(row))
    out.print(made)
    if len(bought) > MOST_BOUGHT:
        out.print(f"and {len(bought) - MOST_BOUGHT} more (all of them with --json)")


def _fate(row: Bought) -> str:
    if row.recommended_rank is not None:
        return f"recommended at rank {row.recommended_rank}"
    if row.rank is not None:
        return f"ranked {row.rank}, {'too low' if row.lost_at != DISPLACED else DISPLACED}"
    return f"cut at place {row.place}" if row.place is not None else row.lost_at or RECOMMENDED


def _segment(card: CustomerCard) -> str:
    if card.segment == "never":
        return "no purchase before"
    days = card.segment.replace("<=", "at most ").replace(">", "more than ")
    return f"last purchase {days} days before"


def _week(told: CustomerCard | Decision) -> str:
    known = "the test week" if told.outcome_known else "the week after the data"
    return f"week of {told.week} ({known})"


def _named(row: Decision | Evidence | Recommended | Bought | Purchase) -> str:
    """The name and, since names repeat, the id."""
    return plain(row.name if row.name == row.article else f"{row.name} ({row.article})")


def _meaning(row: Contribution) -> str:
    """What the value is of; where it is unknown, also what that means."""
    _, _, why = row.text.partition(" (")
    return f"{row.meaning}; unknown: {why.removesuffix(')')}" if why else row.meaning
