"""The page of the peers: docs/peers.md.

`python -m benchmarks.peers.page`. Input: results.json and the text in page.md, which holds no figure. Output: peers.md.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from benchmarks.peers.registry import LOOKBOOK, NAMES, PEERS, POINTS, Settings
from benchmarks.peers.results import FILE, RESAMPLES, Judgement, Market, load

HERE = Path(__file__).parent
app = App(name="python -m benchmarks.peers.page", help=__doc__, help_format="plaintext")
Ends = tuple[float, float, float]


@app.default
def write(
    results: Annotated[Path, Parameter(help="Folder of results.json.")] = HERE,
    /,
    *,
    out: Annotated[Path, Parameter(help="The page.")] = HERE.parents[1] / "docs" / "peers.md",
) -> None:
    """Write the page."""
    write_page(results, out)


def write_page(results: Path, out: Path) -> None:
    out.write_text(page(load(results / FILE)))


def page(markets: Mapping[str, Market]) -> str:
    does = "\n".join(f"- `{peer.name}`: {peer.does}" for peer in PEERS)
    parts = "\n".join(part for name, market in markets.items() for part in market_parts(name, market))
    k = next((market.k for market in markets.values()), 12)
    return (HERE / "page.md").read_text().format(k=k, markets=parts, points=POINTS, resamples=RESAMPLES, does=does)


def market_parts(name: str, market: Market) -> Iterator[str]:
    yield f"## {name}\n"
    yield (
        f"Test weeks: those that begin on {days(market.weeks)}, with {market.n_customer_weeks:,} customer-weeks of "
        f"{market.n_customers:,} customers. Settings were chosen on the weeks of {days(market.validation)}. {market.machine}.\n"
    )
    yield quality(market) + "\n"
    if missing := [name for name in NAMES if name not in market.peers]:
        yield f"Not measured on these weeks yet: {', '.join(missing)}.\n"
    if len(market.weeks) > 1:
        yield f"The newest week alone, that of {market.weeks[0]}:\n"
        yield newest(market) + "\n"
    yield "Settings that were tried, with their MAP on the validation weeks; the chosen ones are bold:\n"
    yield tried(market) + "\n"
    yield "Versions:\n"
    yield versions(market) + "\n"


def quality(market: Market) -> str:
    """Best first; lookbook at the top."""
    names = ["", f"MAP@{market.k}", "lookbook minus it", "lookbook is", "CPU-s a week", "memory, MiB", "others", "measured"]
    rows = []
    for peer in ordered(market):
        result, judged = market.peers[peer], market.pooled[peer]
        others = sum(week.others for week in result.weeks) / len(result.weeks)
        cost = [f"{result.cpu_s:,.1f}", f"{result.peak_mb:,}", f"{others:.1f}"]
        rows.append([title(peer), *against(judged), *cost, f"{result.measured[:10]}{commit(peer, result.commit)}"])
    return table(names, rows)


def newest(market: Market) -> str:
    names = ["", f"MAP@{market.k}", "lookbook minus it", "lookbook is"]
    return table(names, [[title(peer), *against(market.newest[peer])] for peer in ordered(market)])


def tried(market: Market) -> str:
    rows = [
        [peer, bold(told(point.settings), point.settings == market.peers[peer].settings), f"{point.map:.4f}"]
        for peer in ordered(market)
        for point in market.peers[peer].grid
    ]
    return table(["", "settings", f"MAP@{market.k}"], rows)


def versions(market: Market) -> str:
    named = {peer: [f"{name} {version}" for name, version in market.peers[peer].versions.items()] for peer in ordered(market)}
    return "\n".join(f"- {peer}: {', '.join(names)}" for peer, names in named.items())


def days(weeks: Sequence[str]) -> str:
    """Oldest first."""
    return ", ".join(reversed(weeks))


def ordered(market: Market) -> list[str]:
    """lookbook, then the others, best first, ties by name."""
    return sorted(market.peers, key=lambda peer: (peer != LOOKBOOK, -market.pooled[peer].map[0], peer))


def title(peer: str) -> str:
    return bold(peer, peer == LOOKBOOK)


def commit(peer: str, head: str) -> str:
    """Of lookbook's own code; that of the peers is in their versions."""
    return f", {head}" if peer == LOOKBOOK and head else ""


def against(judged: Judgement) -> list[str]:
    return [
        interval(judged.map),
        interval(judged.difference, sign="+") if judged.difference else "",
        f"{judged.ratio[0]:.3f} × [{judged.ratio[1]:.3f}, {judged.ratio[2]:.3f}]" if judged.ratio else "",
    ]


def interval(ends: Ends, *, sign: str = "") -> str:
    value, low, high = (f"{end:{sign}.4f}" for end in ends)
    return f"{value} [{low}, {high}]"


def told(settings: Settings) -> str:
    return ", ".join(f"{name} {value}" for name, value in settings.items())


def bold(text: str, yes: bool) -> str:
    return f"**{text}**" if yes else text


def table(names: list[str], rows: list[list[str]]) -> str:
    """A Markdown table."""
    return "\n".join(f"| {' | '.join(line)} |" for line in [names, ["---"] * len(names), *rows])


if __name__ == "__main__":
    app()
