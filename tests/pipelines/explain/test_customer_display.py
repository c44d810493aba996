"""One customer's list and one decision as text, on terminals of several widths."""

import io

import pytest
from rich.console import Console

from lookbook.pipelines.explain.customer_display import show_customer, show_pair
from lookbook.pipelines.explain.record import CustomerCard, Decision
from lookbook.pipelines.runs.records.files import record_of

NAME = "Strap top, narrow [bold] straps with a name that is far too long for one line"
EVIDENCE = {"article": "0108775015", "name": NAME, "days_ago": 7, "strength": 0.5}
NO_LINK = {"rank": None, "score": None, "rank_without_limit": None, "nearest": False, "evidence": [], "about": "more."}
FOUND = {"rank": 44, "score": 0.5, "rank_without_limit": 44, "evidence": [EVIDENCE], "about": "what was bought."}
SOURCES = [
    {**NO_LINK, "source": "repurchase", "limit": 250, **FOUND},
    {**NO_LINK, "source": "same_product", "limit": 60, "rank_without_limit": 65},
    {**NO_LINK, "source": "popularity", "limit": 99},
]
ADDED = [(0.5, 1.0, "1", 0.4), (0.25, 0.0, "0", 0.2), (0.001, 0.1, "0.1", 0.0), (-0.3, None, "unknown (never sold)", -0.1)]
PAIR = {
    "customer": "71",
    "article": "0108775044",
    "name": NAME,
    "week": "2020-09-16",
    "outcome_known": True,
    "bought": True,
    "stage": "recommended",
    "k": 12,
    "max_candidates": 300,
    "times": 2,
    "days_ago": 1,
    "place": 5,
    "n_retrieved": 311,
    "rank": 3,
    "n_ranked": 300,
    "score": 1.451,
    "recommended_rank": 3,
    "start": 1.0,
    "contributions": [
        {
            "feature": f"f{n}",
            "meaning": f"Days since {n}",
            "value": value,
            "text": text,
            "contribution": added,
            "against_others": other,
        }
        for n, (added, value, text, other) in enumerate(ADDED)
    ],
    "sources": SOURCES,
}
NOT_RANKED = {"rank": None, "score": None, "recommended_rank": None, "start": None, "contributions": None}
NOT_RETRIEVED = {**NOT_RANKED, "place": None, "stage": "never retrieved", "sources": [{**SOURCES[1], "nearest": True}]}
CARD = {
    "week": "2020-09-16",
    "k": 12,
    "outcome_known": True,
    "customer": "71",
    "segment": "8-30",
    "recommended": [
        {"rank": 1, "article": "1", "name": NAME, "score": 1.0, "bought": True, "sources": [], "reason": "bought once"},
        {"rank": 2, "article": "2", "name": "2", "score": None, "bought": False, "sources": [], "reason": "fills up the list"},
    ],
    "bought": [
        {"article": "1", "name": NAME, "recommended_rank": 1, "lost_at": None, "rank": 1, "place": 4},
        {"article": "3", "name": "three", "recommended_rank": None, "lost_at": "ranked > 50", "rank": 60, "place": 70},
        {"article": "4", "name": "four", "recommended_rank": None, "lost_at": "cut", "rank": None, "place": 301},
        {"article": "5", "name": "five", "recommended_rank": None, "lost_at": "never retrieved", "rank": None, "place": None},
    ],
    "last_purchases": [{"article": "1", "name": NAME, "days_ago": 9, "times": 1}],
}  # fmt: skip


def told(show: object, content: dict[str, object], width: int) -> str:
    console = Console(file=io.StringIO(), width=width, highlight=False, markup=False)
    show(record_of(content, Decision if show is show_pair else CustomerCard), console)
    text = console.file.getvalue()
    assert max(map(len, text.splitlines())) <= width
    assert "…" not in text
    assert "[bold]" in text  # a name is never taken for a style
    return text


def lines(text: str) -> str:
    """The words of the text in their order, without the lines of tables."""
    return " ".join("".join(c if c.isalnum() or c in " .,:;=+-_()[]>" else " " for c in text).split())


@pytest.mark.parametrize("width", [80, 100, 140])
def test_a_list_and_a_decision_fit_the_terminal(width: int) -> None:
    told(show_customer, CARD, width)
    told(show_pair, PAIR, width)


def test_a_decision_is_told_in_the_order_in_which_it_was_made() -> None:
    text = lines(told(show_pair, PAIR, 140))
    parts = (
        "Recommended at rank 3 of 12; bought in that week.",
        "The customer had bought it on 2 days, last 1 day before.",
        "1. Retrieved: by 1 of 3 sources; all together found 311 articles",
        "2. Kept: yes; place 5",
        "3. Ranked: 3 of 300, score 1.45; the first 12 are recommended.",
        "repurchase 44 250",
        "same product would be 65 60",
        "popularity no link 99",
        "repurchase: what was bought. same product: more. popularity: more.",
        "+0.50 +0.40 1 Days since 0 +0.25 +0.20 0 Days since 1 What pushed its score down most",
        "-0.30 -0.10 unknown Days since 3; unknown: never sold",
        "Score 1.45 = 1.00 to start with, +0.45 from these, +0.00 from the other 1.",
    )
    places = [text.index(part) for part in parts]
    assert places == sorted(places)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"stage": "ranked", "recommended_rank": None, "rank": 60}, "Not recommended: ranked too low; bought in that week."),
        ({**NOT_RANKED, "stage": "cut", "place": 301}, "2. Kept: no, cut; place 301 by what all sources say together"),
        (NOT_RETRIEVED, "1. Retrieved: by 0 of 1 source; all together found 311 articles for the customer. Nearest: same product, "
                        "number 65 where it stops at 60."),
        ({**NOT_RETRIEVED, "sources": [SOURCES[2]]}, "No source has any link from the customer to it."),
        ({"place": 300}, "2. Kept: yes; place 300 by what all sources say together, and the first 300 are kept."),
        (NOT_RETRIEVED, "2. Kept: no, since no source retrieved it. 3. Ranked: no."),
        ({**NOT_RANKED, "stage": "recommended", "recommended_rank": 9, "place": None}, "3. Ranked: no; the list was filled up"),
        ({"times": 0, "days_ago": None}, "The customer had never bought it before."),
        ({"times": 1, "days_ago": 3}, "The customer had bought it once, 3 days before."),
        ({**NOT_RETRIEVED, "stage": "not for sale before"}, "Not recommended: not for sale before (nobody had bought it); bought"),
        (NOT_RETRIEVED, "Not recommended: never retrieved (no source suggested it); bought in that week."),
        ({**NOT_RANKED, "stage": "cut"}, "Not recommended: cut (the sources together put too many articles before it); bought"),
        ({"bought": None, "outcome_known": False}, "at rank 3 of 12. The customer had bought it"),
    ],
)  # fmt: skip
def test_what_became_of_an_article_is_said_in_words(changed: dict[str, object], said: str) -> None:
    assert said in lines(told(show_pair, {**PAIR, **changed}, 140))


def test_sources_are_listed_unless_none_of_them_leads_to_the_article() -> None:
    assert "What each source says" in told(show_pair, {**PAIR, **NOT_RETRIEVED}, 140)
    assert "What each source says" not in told(show_pair, {**PAIR, **NOT_RETRIEVED, "sources": [SOURCES[2]]}, 140)


@pytest.mark.parametrize(("segment", "said"), [("<=7", "at most 7"), ("8-30", "8-30"), (">90", "more than 90")])
def test_how_lately_a_customer_bought_is_said_in_words(segment: str, said: str) -> None:
    assert f"Customer 71\nlast purchase {said} days before; week" in told(show_customer, {**CARD, "segment": segment}, 140)


def test_a_list_stands_next_to_the_last_purchases_and_above_what_was_bought() -> None:
    text = told(show_customer, CARD, 140)
    assert "Recommended, best first" in text.splitlines()[4]
    assert "Bought before, latest first" in text.splitlines()[4]
    assert "Bought before" not in told(show_customer, CARD, 80).splitlines()[4]
    words = lines(text)
    assert "Customer 71 last purchase 8-30 days before; week of 2020-09-16 (the test week)" in words
    assert "Bought in the week: 4 articles (1 recommended, 1 ranked > 50, 1 cut, 1 never retrieved)" in words
    for said in ("recommended at rank 1", "three (3) ranked 60, too low", "four (4) cut at place 301", "five (5) never retrieved"):
        assert said in words


def test_a_long_list_of_purchases_is_cut_with_a_word_about_the_rest() -> None:
    many = [{**CARD["bought"][3], "article": str(n), "name": f"number {n}"} for n in range(40)]
    text = lines(told(show_customer, {**CARD, "bought": many}, 140))
    assert "number 29" in text
    assert "number 30" not in text
    assert "and 10 more (all of them with --json)" in text


def test_after_the_data_nothing_is_said_about_what_was_bought() -> None:
    text = lines(told(show_customer, {**CARD, "outcome_known": False, "bought": [], "segment": "never", "last_purchases": []}, 140))
    assert "Bought before" not in text
    assert "Customer 71 no purchase before; week of 2020-09-16 (the week after the data)" in text
    assert "Bought in the week" not in text
    assert " yes " not in text
