"""Features that retrieval already put into PAIRS: each source's score and rank, and what the sources say together.

Input: the columns of PAIRS. Output: their names and documentation. Null in `<source>_rank` is the flag "not retrieved", so
there is no flag column: a tree splits on missing directly.
"""

from collections.abc import Iterable, Mapping

from lookbook.data.schema import PAIR

_TOGETHER = {
    "n_sources": "Number of sources that retrieved the article for the customer, at least 1.",
    "rrf": "Reciprocal-rank fusion over the sources: sum of 1 / (`rrf_constant` + rank); higher is better.",
}


def pair_feature_docs(columns: Iterable[str]) -> Mapping[str, str]:
    """Documentation of every feature among the columns of PAIRS: of all but the keys, in their order.

    Raises:
        ValueError: a column is neither `<source>_score`, `<source>_rank` nor one of the declared ones.
    """
    return {name: _TOGETHER.get(name) or _source_doc(name) for name in columns if name not in PAIR}


def _source_doc(name: str) -> str:
    source, _, what = name.rpartition("_")
    match what:
        case "score":
            return f"Score of the source {source}, on its own scale, higher is better; null = it did not retrieve the pair."
        case "rank":
            return f"Rank among what the source {source} retrieved for the customer, 1 = best; null = it did not retrieve the pair."
        case _:
            raise ValueError(f"unknown column of pairs {name!r}; known: <source>_score, <source>_rank, {', '.join(_TOGETHER)}")
