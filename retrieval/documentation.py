"""docs/sources.md from the code: what each candidate source does, what it learns, and its settings.

Input: SOURCES. Output: Markdown. `make docs` writes it, a test keeps it fresh.
"""

import inspect
from dataclasses import fields

from lookbook.retrieval.registry import SOURCES
from lookbook.retrieval.source import CandidateSource

INTRODUCTION = """# Candidate sources

Each source retrieves candidate articles for a customer; the candidates of all are merged, one row per customer and
article, with every source's score and rank. This page is made by `make docs` from the files in `retrieval/sources/`. What each
setting does stands beside its default in `pipelines/settings/default.toml`. `lookbook run --sources A,B` and `--drop A` choose
sources.
"""


def sources_page() -> str:
    """The whole page."""
    return INTRODUCTION + "".join(_section(source) for source in SOURCES.values())


def _section(source: type[CandidateSource]) -> str:
    module = inspect.getmodule(source)
    about = inspect.cleandoc((module.__doc__ or "") if module else "").split("\n\n")[0]
    settings = ", ".join(f"`{field.name}`" for field in fields(source))  # type: ignore[arg-type]
    start = "warm, from the week before" if source.warm_start else "from the history alone"
    lines = [
        f"\n## {source.name}\n",
        f"{about}\n",
        f"{_text(source)}\n",
        f"- learns ({start}): {_text(source.learn)}",
        f"- evidence, the purchases that lead to an article: {_text(source.evidence)}",
        f"- settings: {settings}",
        f"- code: `{source.__module__.removeprefix('lookbook.').replace('.', '/')}.py`\n",
    ]
    return "\n".join(lines)


def _text(documented: object) -> str:
    return " ".join(inspect.cleandoc(documented.__doc__ or "").split())


if __name__ == "__main__":
    print(sources_page(), end="")
