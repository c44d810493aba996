import re
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.peers.page import market_parts, page, quality, tried
from benchmarks.peers.registry import NAMES
from benchmarks.peers.results import FILE, Judgement, Market, PeerResult, Point, Ran, load, save

ROOT = Path(__file__).parents[3]
COMMITTED = ROOT / "benchmarks" / "peers" / FILE
WEEKS = ("2020-09-16", "2020-09-09")
RAN = tuple(Ran(as_of, cpu_s, peak, 9.0, 0.2) for as_of, cpu_s, peak in zip(WEEKS, (2.0, 4.0), (500, 1200), strict=True))


def result(settings: dict[str, int], *grid: Point) -> PeerResult:
    return PeerResult(settings, grid, RAN, {"polars": "2.1.0"}, "2020-10-01T10:00+00:00", "abc1234")


@pytest.fixture
def market() -> Market:
    behind = Judgement((0.15, 0.14, 0.16), (0.01, 0.005, 0.015), (1.067, 1.03, 1.1))
    far = Judgement((0.05, 0.04, 0.06), (0.11, 0.1, 0.12), None)
    judged = {"far": far, "behind": behind, "lookbook": Judgement((0.16, 0.15, 0.17), None, None)}
    peers = {
        "far": result({"days": 7}, Point({"days": 7}, 0.06), Point({"days": 28}, 0.05)),
        "behind": result({"K": 2}, Point({"K": 2}, 0.155)),
        "lookbook": result({}),
    }
    return Market(12, WEEKS, ("2020-09-02",), "2 cores", 1000, 1900, peers, judged, judged)


def cells(markdown: str, first: str) -> list[str]:
    line = next(line for line in markdown.splitlines() if line.startswith(f"| {first} |"))
    return [cell.strip() for cell in line.strip("|").split("|")][1:]


def test_the_page_is_made_of_the_figures_in_the_repository():
    assert (ROOT / "docs" / "peers.md").read_text() == page(load(COMMITTED))


def test_a_page_has_no_gap(market):
    assert re.findall(r"[{}]|\bNone\b|\bnan\b", page({"shop": market})) == []


def test_lookbook_comes_first_and_then_the_best(market):
    lines = quality(market).splitlines()[2:]
    assert [line.split("|")[1].strip() for line in lines] == ["**lookbook**", "behind", "far"]


def test_a_row_says_quality_difference_and_cost_of_a_week(market):
    assert cells(quality(market), "behind") == [
        "0.1500 [0.1400, 0.1600]", "+0.0100 [+0.0050, +0.0150]", "1.067 × [1.030, 1.100]", "3.0", "1,200", "0.2", "2020-10-01",
    ]  # fmt: skip
    assert cells(quality(market), "far")[2] == ""
    assert cells(quality(market), r"**lookbook**")[1:3] == ["", ""]
    assert cells(quality(market), r"**lookbook**")[-1] == "2020-10-01, abc1234"


def test_chosen_settings_are_bold(market):
    assert [cells(line, "far") for line in tried(market).splitlines() if line.startswith("| far")] == [
        ["**days 7**", "0.0600"],
        ["days 28", "0.0500"],
    ]


def test_a_market_says_which_weeks_are_tested_and_which_chose_the_settings(market):
    about = list(market_parts("shop", market))[1]
    assert "2020-09-09, 2020-09-16, with 1,900 customer-weeks of 1,000 customers" in about
    assert "chosen on the weeks of 2020-09-02" in about


def test_a_market_says_which_peers_are_not_measured(market):
    assert any(part.startswith("Not measured on these weeks yet: script, rectools,") for part in market_parts("shop", market))
    everybody = replace(market, peers=dict.fromkeys(NAMES, result({})), pooled=dict.fromkeys(NAMES, market.pooled["far"]))
    parts = market_parts("shop", replace(everybody, newest=everybody.pooled))
    assert not any(part.startswith("Not measured") for part in parts)


def test_results_are_read_as_they_were_written(market, tmp_path):
    markets = {"shop": market, "other": replace(market, k=5)}
    save(markets, tmp_path / FILE)
    assert load(tmp_path / FILE) == markets
    assert load(tmp_path / "none.json") == {}
