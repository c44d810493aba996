"""What articles look like, if a source asks for it.

Input: a table that a stage made of the pictures of a data set. Output: Pictures, which a History shows.
"""

from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True)
class Pictures:
    """vectors: ARTICLE_PICTURES. digest: of all that they were computed from."""

    digest: str
    vectors: pl.LazyFrame
