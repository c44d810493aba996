"""Articles that are none: postage, vouchers, manual codes. Their purchases are dropped and counted, and nobody is recommended them.

Input: data.exclude_articles and the file that data.exclude_articles_file names. Output: tables without them.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from lookbook.data.errors import SourceFileError, Where
from lookbook.data.reading.tally import Tally
from lookbook.data.settings import DataSettings

DROPPED = "transactions: article_excluded"


@dataclass(frozen=True)
class ExcludedArticles:
    """entries: ids, or patterns in which * stands for any characters. seen: ids of the data that were excluded; grows."""

    entries: tuple[str, ...]
    seen: set[str] = field(default_factory=set)

    @staticmethod
    def of(settings: DataSettings) -> "ExcludedArticles":
        """Of the settings; a line of the file is an entry, blank ones are none.

        Raises:
            SourceFileError: the file cannot be read.
        """
        file = Path(settings.data_dir) / settings.exclude_articles_file
        try:
            listed = file.read_text(encoding="utf-8-sig").splitlines() if settings.exclude_articles_file else []
        except (OSError, UnicodeDecodeError) as error:
            raise SourceFileError(f"the file of excluded articles cannot be read: {error}", Where(file)) from None
        return ExcludedArticles((*settings.exclude_articles, *(line.strip() for line in listed if line.strip())))

    def without(self, batch: pl.DataFrame, tally: Tally) -> pl.DataFrame:
        """Raw purchases without those of excluded articles, which are counted as dropped."""
        kept = self.kept(batch)
        dropped = batch.height - kept.height
        tally.read["transactions"] += dropped
        tally.dropped[DROPPED] += dropped
        return kept

    def kept(self, table: pl.DataFrame) -> pl.DataFrame:
        """The rows of a table with article_id (text, null = kept) whose article is not excluded."""
        if not self.entries:
            return table
        ids = table["article_id"].unique().drop_nulls().to_frame()
        pattern = "|".join(f"(?:{_regex(entry)})" for entry in self.entries)
        found = ids.filter(pl.col("article_id").str.strip_chars().str.contains(f"^(?:{pattern})$"))
        self.seen.update(found["article_id"].str.strip_chars())
        return table.join(found, on="article_id", how="anti", nulls_equal=False, maintain_order="left")

    def warn_unmatched(self, tally: Tally) -> None:
        """Of the entries that no article of the data fits."""
        for entry in self.entries:
            if not any(re.fullmatch(_regex(entry), article) for article in self.seen):
                tally.warn(f"exclude_articles: no article fits {entry!r}")


def _regex(entry: str) -> str:
    return ".*".join(re.escape(part) for part in entry.split("*"))
