"""Markup from texts that may hold anything: text is escaped, markup is kept.

A number is shown rounded and carries its exact value (data-value) and the place it comes from (data-from).
"""

import html
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from lookbook.report.fact import Fact

NOTHING = "–"
"""Stands where a value is unknown."""


@dataclass(frozen=True)
class Html:
    """Markup that is safe to put into a page as it is."""

    markup: str


Child = str | Html


def tag(name: str, attributes: Mapping[str, str], *children: Child) -> Html:
    """One element; strings among `children` are text, and are escaped like the values of `attributes`."""
    inside = "".join(child.markup if isinstance(child, Html) else html.escape(child) for child in children)
    written = "".join(f' {key}="{html.escape(value)}"' for key, value in attributes.items())
    return Html(f"<{name}{written}>{inside}</{name}>")


def join(parts: Iterable[Child], between: str = "") -> Html:
    """The parts one after the other, with the text `between` them."""
    kept = [part.markup if isinstance(part, Html) else html.escape(part) for part in parts]
    return Html(html.escape(between).join(kept))


def label(name: str) -> str:
    """A name of a source, variant or group as people read it."""
    return name.replace("_", " ")


def listed(names: Sequence[str]) -> str:
    """At least one name: "a", "a and b", "a, b and c"."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def sentence(text: str) -> str:
    """Text with its first letter in upper case, whatever name it starts with."""
    return f"{text[:1].upper()}{text[1:]}"


def number(fact: Fact, form: str) -> Html:
    """The number in `fact` rounded by the format `form` (".4f", ",.0f", "+.4f", ".1%"); a dash where there is none."""
    if not isinstance(fact.value, (int, float)) or isinstance(fact.value, bool):
        return tag("span", {"class": "none", "role": "img", "aria-label": "unknown"}, NOTHING)
    text = format(fact.value, form).replace("-", "−")
    if not any(digit in text for digit in "123456789"):
        text = text.lstrip("−+")
    return tag("span", {"class": "n", "data-value": json.dumps(fact.value), "data-from": fact.origin}, text)


def between(low: Fact, high: Fact, form: str) -> Html:
    """An interval, "[0.10, 0.20]"; nothing where it is unknown."""
    if low.value is None or high.value is None:
        return Html("")
    return tag("span", {"class": "interval"}, "[", number(low, form), ", ", number(high, form), "]")


def with_interval(row: Fact, form: str, names: tuple[str, str, str] = ("value", "low", "high")) -> Html:
    """A value and its interval, whose keys in `row` are `names`."""
    value, low, high = (row[name] for name in names)
    return join([number(value, form), between(low, high, form)], " ")


def times(difference: Fact) -> Html:
    """How many times one value is another, and the interval: "1.066 × [0.963, 1.172]", with fewer digits for larger ratios.

    difference: ratio, ratio_low, ratio_high. Nothing where there is no ratio.
    """
    ratio = difference["ratio"]
    if ratio.value is None:
        return Html("")
    form = ".3f" if ratio.number < 10 else ".1f" if ratio.number < 100 else ",.0f"
    interval = between(difference["ratio_low"], difference["ratio_high"], form)
    value = join([number(ratio, form), " ×"])
    return join([value, interval], " ") if interval.markup else value


def table(caption: str, headings: Sequence[Child], rows: Iterable[Sequence[Child]], *, texts: int = 1) -> Html:
    """A table that scrolls inside the page; the first cell of a row names it. texts: leading columns that hold no numbers.

    headings: all "" where the names of the rows say enough; such a table has no head.
    """
    kinds = ["text" if place < texts else "number" for place in range(len(headings))]
    names = (tag("th", {"scope": "col", "class": kind}, name) for kind, name in zip(kinds, headings, strict=True))
    head = [tag("thead", {}, tag("tr", {}, *names))] if any(headings) else []
    body = [tag("tr", {}, *_cells(row, kinds)) for row in rows]
    inner = tag("table", {}, tag("caption", {}, tag("span", {}, caption)), *head, tag("tbody", {}, *body))
    return tag("div", {"class": "scroll", "tabindex": "0", "role": "region", "aria-label": caption}, inner)


def _cells(row: Sequence[Child], kinds: Sequence[str]) -> list[Html]:
    first, *rest = row
    named = tag("th", {"scope": "row", "class": "text"}, first)
    return [named, *(tag("td", {"class": kind}, cell) for kind, cell in zip(kinds[1:], rest, strict=True))]


def folded(summary: str, *children: Child) -> Html:
    """What is shown when asked for, and in print."""
    return tag("details", {}, tag("summary", {}, summary), *children)


def paragraph(*children: Child) -> Html:
    return tag("p", {}, *children)


def code(text: str) -> Html:
    return tag("code", {}, text)
