"""The page docs/features.md, made from the registry so that it cannot disagree with the code.

Input: GROUPS. Output: Markdown. `make docs` writes it, a test keeps it fresh.
"""

import polars as pl

from lookbook.features.feature import Feature, FeatureGroup
from lookbook.features.plan import plan
from lookbook.features.registry import GROUPS
from lookbook.features.source import pair_feature_docs

INTRODUCTION = """# Features

What the ranker sees of every (customer, article) pair. This page is made by `make docs`; a feature is declared, with its
documentation, in one line in `features/`.

Words: a *purchase* is one article in one basket, however many pieces; a *basket* is what a customer bought in one day.
`days_ago` counts back from `as_of`, and 1 is the day before, so "days_ago 1..7" is the last week known. Prices are in the
currency of the data set. Null means unknown and stays null: NaN and infinity do not occur. Every feature is Float32
unless its type is given.
"""

SOURCES = """
## source

Columns that retrieval leaves in the pairs: two for every source in use (a rank is UInt16), `n_sources` (UInt8) and `rrf`.
"""

PLANNED = """
Only with `--plan` ([plan.md](plan.md)), for each kind that the plan of the data set has.
"""

ATTRIBUTES = """
## customer_attributes

One feature `customer_<column>` for each column that the data set adds to its customers: the attribute as the data set codes
it, null = unknown. Computed once for each customer.
"""


def features_page() -> str:
    """The page as Markdown, ending in one newline."""
    sources = _table(
        [(name, doc) for name, doc in pair_feature_docs(["<source>_score", "<source>_rank", "n_sources", "rrf"]).items()]
    )
    sections = [_section(group) for group in GROUPS]
    return INTRODUCTION + SOURCES + sources + "".join(sections) + _section(plan(["<kind>"])) + PLANNED + ATTRIBUTES


def _section(group: FeatureGroup) -> str:
    return f"\n## {group.name}\n\n{_where(group)}\n" + _table([(feature.name, _text(feature)) for feature in group.features])


def _where(group: FeatureGroup) -> str:
    """In words: for what a group has a value, from whose history, and what it cannot do without."""
    keys = " and ".join(f"`{key}`" for key in group.keys)
    whose = "everybody's history" if group.scope == "all" else "the customer's own history"
    what = f"One value for each {keys}, from {whose}." if group.keys else "Computed for each pair."
    needs = ", ".join(f"`{name}`" for name in sorted(group.requires))
    return f"{what} Left out unless a source in use learns {needs}." if needs else what


def _text(feature: Feature) -> str:
    dtype = "" if feature.dtype == pl.Float32 else f" ({feature.dtype})"
    fill = "" if feature.fill is None else f" Never null: {feature.fill} where nothing is known."
    return feature.doc + fill + dtype


def _table(rows: list[tuple[str, str]]) -> str:
    lines = [f"| `{name}` | {doc.replace('<', '&lt;')} |" for name, doc in rows]
    return "\n".join(["", "| feature | meaning |", "|---|---|", *lines, ""])


if __name__ == "__main__":
    print(features_page(), end="")
