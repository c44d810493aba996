"""How results are laid out on stdout: one console, one form of tables, lines, intervals, and text that is safe to print.

Everything fits WIDTH columns; from WIDE on, intervals stand beside their values and more columns are shown.
"""

import os
import textwrap
import unicodedata
from collections.abc import Callable, Sequence
from typing import Literal

from rich import box
from rich.console import Console
from rich.style import Style
from rich.table import Table
from rich.text import Text

WIDTH, WIDE = 80, 140
HARD_SPACE = "\N{NO-BREAK SPACE}"
JOINERS = "\u200c\u200d"
"""They only shape the letters, or the emoji, beside them; Persian names need them."""
LONG_ID = 24
"""Ids of more characters are cut in the middle where there is little room."""


class PlainConsole(Console):
    """Shows text as it is: no markup, no names of emoji, and nothing that a terminal obeys, wherever it comes from. All text passes
    `render_str`, whether it is printed or laid out in a table."""

    def __init__(self, *, stderr: bool = False, width: int | None = None) -> None:
        super().__init__(stderr=stderr, width=width, highlight=False, markup=False, emoji=False)

    def render_str(
        self,
        text: str,
        *,
        style: str | Style = "",
        justify: Literal["default", "left", "center", "right", "full"] | None = None,
        overflow: Literal["fold", "crop", "ellipsis", "ignore"] | None = None,
        emoji: bool | None = None,
        markup: bool | None = None,
        highlight: bool | None = None,
        highlighter: Callable[[str | Text], Text] | None = None,
    ) -> Text:
        return Text(plain_lines(text), style=style, justify=justify, overflow=overflow)


def console() -> PlainConsole:
    """For stdout: as wide as the terminal or as COLUMNS says, else WIDTH."""
    return PlainConsole(width=None if Console().is_terminal or "COLUMNS" in os.environ else WIDTH)


def section(out: Console, title: str) -> None:
    """A blank line and a heading."""
    out.print(f"\n{title}", style="bold")


def lines(out: Console, *texts: str) -> None:
    """Each line indented, what is over the width below it and further in; a number stays with its percent sign."""
    for text in texts:
        kept = text.replace(" %", f"{HARD_SPACE}%")
        for part in textwrap.wrap(kept, out.width, initial_indent="  ", subsequent_indent="    "):
            out.print(part.replace(HARD_SPACE, " "), soft_wrap=True)


def table(*headings: str, title: str = "", left: Sequence[str] | None = None, fold: bool = True) -> Table:
    """An empty table. left: headings of text columns, None = the first one; the others are figures, which are never broken.

    fold: text that has no room goes on in the next line; else the column is as wide as its text.
    """
    made = Table(
        title=title or None, title_justify="left", title_style="bold", caption_justify="left", caption_style="",
        box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0),
    )  # fmt: skip
    texts = headings[:1] if left is None else left
    for heading in headings:
        text = heading in texts
        made.add_column(heading, justify="left" if text else "right", no_wrap=not (text and fold), overflow="fold")
    return made


def interval(value: float | None, low: float | None, high: float | None, *, width: int, digits: int = 4, sign: str = "") -> str:
    """A value with its interval, beside it or below it; nothing without the value, no interval without its ends."""
    if value is None:
        return ""
    shown = f"{value:{sign}.{digits}f}"
    if low is None or high is None:
        return shown
    return f"{shown}{' ' if width >= WIDE else chr(10)}[{low:{sign}.{digits}f}, {high:{sign}.{digits}f}]"


def plain(text: str) -> str:
    """Text of data with nothing in it that a terminal obeys: control characters and marks of writing direction are escaped."""
    if text.isprintable():
        return text
    return "".join(each if _harmless(each) else each.encode("unicode_escape").decode() for each in text)


def plain_lines(text: str) -> str:
    """Plain text of several lines."""
    return "\n".join(map(plain, text.split("\n")))


def short_id(text: str, *, width: int) -> str:
    """An id; a long one without its middle where the output is narrow."""
    shown = plain(text)
    return shown if width >= WIDE or len(shown) <= LONG_ID else f"{shown[:12]}…{shown[-8:]}"


def _harmless(character: str) -> bool:
    return character in JOINERS or unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
