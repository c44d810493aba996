"""Raw text ids to dense numbers, met in any order, numbered in sorted order at the end.

Input: columns of raw ids, batch by batch. Output: provisional codes, and the table that makes them final.
"""

import polars as pl

from lookbook.data.reading.tally import Tally

FLOAT = r"^[0-9]+\.0+$"
"""How an id looks that went through a program as a number with a point."""


def warn_of_numbers(ids: pl.Series, name: str, tally: Tally) -> None:
    """Of ids such as 12347.0, above all beside 12347: the same customer or article may have been split in two."""
    floats = ids.filter(ids.str.contains(FLOAT))
    if floats.is_empty():
        return
    whole = floats.str.replace(r"\.0+$", "")
    both = floats.filter(whole.is_in(ids.implode()))
    if len(both):
        pair = f"{both[0]!r} beside {both.str.replace(r'[.]0+$', '')[0]!r}"
        tally.warn(f"{len(both)} {name} ids are there as a number with a point too, such as {pair}: export the ids as text")
    else:
        tally.warn(f"{len(floats)} {name} ids look like numbers with a point, such as {floats[0]!r}: export the ids as text")


class IdMap:
    """Gives each distinct id a provisional code 0, 1, 2, ... (UInt32): the known ids first, another when it is first met.

    Polars categoricals of their own categories hold the map, so a lookup costs one hash and no join.
    """

    def __init__(self, known: pl.Series | None) -> None:
        """known: the ids of a customers or articles table, distinct and without null; they get the first codes."""
        ids = pl.Series("id", [] if known is None else known, dtype=pl.String)
        self.n_known = ids.len()
        self._known = ids.cast(pl.Categorical(pl.Categories.random()))
        self._others = pl.Series("id", [], dtype=pl.String).cast(pl.Categorical(pl.Categories.random()))
        self._n_others = 0

    def known_codes(self, texts: pl.Series) -> pl.Series:
        """The code of each text that is a known id; null for any other. Runs of equal texts cost one lookup."""
        if texts.is_empty() or not self.n_known:
            return pl.repeat(None, texts.len(), dtype=pl.UInt32, eager=True)
        starts = (texts != texts.shift(1)).fill_null(True)
        codes = texts.filter(starts).cast(self._known.dtype).to_physical()
        return codes.set(codes >= self.n_known, None).gather(starts.cast(pl.UInt32).cum_sum() - 1)

    def codes(self, ids: pl.Series) -> pl.Series:
        """The code of each id; an id not met before gets the next one."""
        codes = self.known_codes(ids)
        unknown = codes.is_null()
        if not unknown.any():
            return codes
        others = ids.filter(unknown).cast(self._others.dtype).to_physical()
        highest = others.max()
        assert isinstance(highest, int)
        self._n_others = max(self._n_others, highest + 1)
        return codes.scatter(unknown.arg_true(), others + self.n_known)

    def final(self, name: str) -> pl.DataFrame:
        """One row per id, sorted: `<name>` (dense UInt32 in the order of the sorted ids), `<name>_id`, `code`, `known`.

        Raises:
            ValueError: if the map is not one-to-one.
        """
        others = pl.int_range(self._n_others, dtype=pl.UInt32, eager=True).cat.to(self._others.dtype).cast(pl.String)
        table = (
            pl.DataFrame({f"{name}_id": self._known.cast(pl.String).append(others)})
            .with_row_index("code")
            .with_columns(known=pl.col("code") < self.n_known)
            .sort(f"{name}_id")
            .with_row_index(name)
        )
        if table[f"{name}_id"].n_unique() != table.height or table[f"{name}_id"].null_count():
            raise ValueError(f"the {name} ids do not map one-to-one to numbers")
        return table
