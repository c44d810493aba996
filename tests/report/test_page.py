"""The whole page: its numbers are those of the files, it needs nothing else, and no name can break it."""

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser

import pytest

from lookbook.report.fact import Fact, root
from lookbook.report.page import page
from lookbook.report.sections.candidates import funnel
from lookbook.report.sections.studies.ablation import ablation

NASTY = 'Milk </script><script>alert("1")</script> & <b>more</b> \u2028'


class Read(HTMLParser):
    """elements: (name, attributes, text directly in it), in the order in which they start."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str], list[str]]] = []
        self.open: list[tuple[str, dict[str, str], list[str]]] = []
        self.feed(markup)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, {key: value or "" for key, value in attrs}, []))
        if tag != "meta":
            self.open.append(self.elements[-1])

    def handle_endtag(self, tag):
        assert self.open.pop()[0] == tag, "elements are closed in the order in which they were opened"

    def handle_data(self, data):
        if self.open:
            self.open[-1][2].append(data)

    def named(self, tag: str) -> list[tuple[dict[str, str], str]]:
        return [(attributes, "".join(text)) for name, attributes, text in self.elements if name == tag]


@pytest.fixture(scope="module")
def read(text):
    return Read(text)


def pointed_at(contents: dict[str, object], origin: str) -> object:
    name, _, pointer = origin.partition("#")
    value = contents[name]
    for part in pointer.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        value = value[int(key)] if isinstance(value, list) else value[key]
    return value


def facts(contents: dict[str, object]) -> dict[str, Fact]:
    return {name: root(name, content) for name, content in contents.items()}


def numbers(read: Read) -> Iterator[tuple[str, float, str]]:
    """(origin, exact value, text) of every number on the page."""
    for _, attributes, text in read.elements:
        if "data-value" in attributes:
            yield attributes["data-from"], json.loads(attributes["data-value"]), "".join(text)


def leaves(content: object) -> Iterator[object]:
    if isinstance(content, (dict, list)):
        for part in content.values() if isinstance(content, dict) else content:
            yield from leaves(part)
    else:
        yield content


def specifications(read: Read) -> list[dict[str, object]]:
    return [json.loads(text) for attributes, text in read.named("script") if attributes.get("class") == "specification"]


def test_every_number_is_the_one_in_its_file_and_is_rounded_rightly(read, pristine):
    shown = [found for found in numbers(read) if " " not in found[0]]
    assert len(shown) > 1000
    for origin, exact, text in shown:
        assert exact == pointed_at(pristine, origin), origin
        digits = re.sub(r"[^0-9.e]", "", text.replace("−", ""))
        rounded = float(digits) * (-1 if "−" in text else 1) / (100 if "%" in text else 1)
        step = 10.0 ** -len(digits.partition(".")[2]) / (100 if "%" in text else 1)
        assert abs(rounded - exact) <= max(step * 0.51, abs(exact) * 1e-3 if "e" in text else 0), (origin, exact, text)


def test_every_file_has_numbers_on_the_page(read, pristine):
    files = {origin.partition("#")[0] for origin, *_ in numbers(read)}
    assert files == set(pristine)


def test_a_number_that_changes_in_a_file_changes_on_the_page(contents):
    contents["ablation.json"]["variants"][0]["difference"] = 0.0123456789
    assert 'data-value="0.0123456789"' in ablation(facts(contents)).html().markup


def test_what_is_recommended_is_counted_from_precision_where_labels_were_not_traced(contents):
    del contents["importance.json"]
    counted = {origin: exact for origin, exact, _ in numbers(Read(funnel(facts(contents)).html().markup)) if "×" in origin}
    start = "metrics.json#/metrics/lookbook/all/precision/value × k × n_customers"
    assert counted == {start: 120, f"{start} / n_labels": 120 / 1000}  # 0.2 x 12 x 50 of 1000


def test_the_charts_draw_the_values_of_the_files(read, pristine):
    known = set(map(repr, (leaf for leaf in leaves(pristine) if isinstance(leaf, (int, float)))))
    counters = {"x", "place"}
    drawings = specifications(read)
    assert len(drawings) > 25
    for drawing in drawings:
        rows = drawing["datasets"]["rows"]
        assert rows
        for row in rows:
            strange = {name for name, value in row.items() if isinstance(value, (int, float)) and repr(value) not in known}
            assert strange <= counters or row == {"name": "bought in the test week", "value": 1000, "share": 1.0}


def test_no_name_can_end_an_element_or_run(contents):
    contents["run.json"]["dataset"] = NASTY
    contents["metrics.json"]["metrics"][NASTY] = contents["metrics.json"]["metrics"]["popularity"]
    contents["metrics.json"]["differences"][NASTY] = contents["metrics.json"]["differences"]["popularity"]
    contents["profile.json"]["columns"][0]["column"] = NASTY
    read = Read(page(contents))
    code = [text for attributes, text in read.named("script") if "type" not in attributes]
    assert len(code) == 2
    assert not any("alert" in script and "Milk" in script for script in code)
    assert read.named("b") == []
    assert sum(NASTY.replace("_", " ") in "".join(text) for _, _, text in read.elements) > 20


def test_nothing_is_loaded_from_anywhere(read):
    places = [value for _, attributes, _ in read.elements for key, value in attributes.items() if key in ("src", "href", "srcset")]
    assert all(place.startswith("#") for place in places)
    assert {name for name, *_ in read.elements} & {"link", "img", "iframe", "object", "embed", "base", "form"} == set()
    style = "".join(text for _, text in read.named("style"))
    assert "url(" not in style
    assert "@import" not in style
    assert not any("http" in json.dumps(drawing) for drawing in specifications(read))


def test_only_the_scripts_of_the_page_may_run_and_none_may_be_made_from_text(read):
    policy = next(a["content"] for a, _ in read.named("meta") if a.get("http-equiv") == "Content-Security-Policy")
    code = [text for attributes, text in read.named("script") if "type" not in attributes]
    sums = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in code]
    assert f"script-src 'sha256-{sums[0]}' 'sha256-{sums[1]}';" in policy
    assert policy.startswith("default-src 'none';")
    assert "unsafe-eval" not in policy


def test_the_library_stands_on_the_page_once_and_the_page_stays_small(text):
    assert text.count("vegaEmbed=") + text.count("vegaEmbed =") == 1
    assert len(text.encode()) < 2_000_000


def test_the_same_files_give_the_same_bytes(text, contents):
    assert page(contents) == text


def test_a_page_with_nothing_but_the_run_says_which_commands_fill_it(text, contents):
    about = {key: value for key, value in contents["run.json"].items() if key != "test_week"}
    bare = page({"run.json": about})
    assert len(Read(bare).named("section")) == 17
    assert "<title>lookbook: tiny &amp; small</title>" in bare
    for command in ("run", "ablate", "ablate --shapley", "backtest", "leaderboard", "explain", "tune", "data profile"):
        assert f"<code>lookbook {command}</code>" in bare
        assert f"<code>lookbook {command}</code>" not in text


def test_every_entry_of_the_contents_leads_to_a_section_and_every_mark_is_unique(read):
    marks = [attributes["id"] for _, attributes, _ in read.elements if "id" in attributes]
    assert len(marks) == len(set(marks))
    links = [attributes["href"].removeprefix("#") for attributes, _ in read.named("a")]
    assert set(links) <= set(marks)
    assert [attributes["id"] for attributes, _ in read.named("section")] == links[1:]


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    parts = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_text_stands_out_from_the_page_in_light_dark_and_print(read):
    style = "".join(text for _, text in read.named("style"))
    themes = [dict(re.findall(r"--(\w+): (#\w+)", block)) for block in re.findall(r":root \{(.*?)\}", style, re.DOTALL)]
    assert len(themes) == 3
    for colours in themes:
        for page_of in ("page", "tint"):
            for ink in {"ink", "soft", "link", "good"} & set(colours):
                light, dark = sorted((luminance(colours[ink]), luminance(colours[page_of])), reverse=True)
                assert (light + 0.05) / (dark + 0.05) >= 4.5, (ink, colours[ink], colours[page_of])
    used = set(re.findall(r"(?<![-\w])color: var\(--(\w+)\)", style))
    assert used <= {"ink", "soft", "link", "good"}


def test_every_chart_can_be_read_without_seeing_it(read):
    charts = [attributes for attributes, _ in read.named("div") if attributes.get("class") == "chart"]
    assert all(chart["role"] == "img" and len(chart["aria-label"]) > 20 for chart in charts)
    assert len(read.named("caption")) == len(read.named("table"))


def test_a_source_that_no_code_names_is_in_every_section_about_sources(text):
    sections = re.split(r"<section ", text)[1:]
    with_it = {re.match(r'id="(\w+)"', section)[1] for section in sections if "brand new source" in section}
    assert {"results", "leaderboard", "sources", "ablation", "shapley", "learning"} <= with_it


def test_settings_that_differ_from_the_defaults_come_first(text):
    changed = text.index("Settings that differ from the defaults")
    assert text.index("<code>run.seed</code>") > changed
    assert text.index("<code>retrieval.sources</code>") > text.index("<summary>All settings</summary>")
