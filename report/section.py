"""A part of the page: what it shows in one sentence, what it says here in another, then tables and charts."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from lookbook.report.fact import Fact, root
from lookbook.report.html import Child, Html, code, paragraph, tag

EVERYBODY = "all"
"""The segment of all customers."""

Files = Mapping[str, Fact]
"""The JSON files behind the page, by name; what was not made yet is a Fact of None."""


@dataclass(frozen=True)
class Section:
    """mark: the anchor, unique on the page. shows: one sentence in plain words; "" where the title says it. says: the finding,
    computed from the files."""

    mark: str
    title: str
    shows: str
    says: Sequence[Child]
    body: Sequence[Html] = field(default_factory=list)

    def html(self) -> Html:
        heading = tag("h2", {"id": f"{self.mark}-title"}, self.title)
        says = [tag("p", {"class": "says"}, *self.says)] if self.says else []
        shows = [tag("p", {"class": "shows"}, self.shows)] if self.shows else []
        attributes = {"id": self.mark, "aria-labelledby": f"{self.mark}-title"}
        return tag("section", attributes, heading, *shows, *says, *self.body)


def file(files: Files, name: str) -> Fact:
    """A file, whether or not it was made."""
    return files.get(name, root(name, None))


def heading(text: str) -> Html:
    """The heading of a part of a section."""
    return tag("h3", {}, text)


def command(files: Files, words: str) -> str:
    """A command about this run, or one that begins with its settings and data, to be copied. words: without `lookbook`."""
    about_run = words.split(maxsplit=1)[0] in ("ablate", "backtest", "explain", "leaderboard", "report", "tune")
    flags = file(files, "report.json")["flags"]["run" if about_run else "settings"].rows()
    return " ".join(["lookbook", words, *([shlex.join(flag.text for flag in flags)] if flags else [])])


def to_fill(files: Files, words: str, what: str) -> Html:
    """What stands where a file is missing. words: the command that makes it, without `lookbook`."""
    make, then = code(command(files, words)), code(command(files, "report"))
    return tag("div", {"class": "missing"}, paragraph(f"{what} To fill this: ", make, ", then ", then, "."))


def segment_label(segment: str) -> str:
    """A segment of customers, who are divided by the days since their last purchase, as people read it."""
    names = {EVERYBODY: "everybody", "never": "never"}
    return names.get(segment, f"{segment.replace('<=', '≤ ').replace('>', '> ').replace('-', '–')} days")
