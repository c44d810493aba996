"""Raw text ids to dense numbers, met in any order, numbered in sorted order at the end.

Input: columns of raw ids, batch by batch. Output: provisional codes, and the table that makes them final.
"""

import polars as pl


class IdMap:
    """Gives each distinct id a provisional code 0, 1, 2, ... (UInt32) when it is first met.

    A Polars categorical of its own categories holds the map, so a lookup costs one hash and no join.
    """

    def __init__(self, known: pl.Series | None) -> None:
        """known: the ids of a customers or articles table, distinct and without null; they get the first codes."""
        self._type = pl.Categorical(pl.Categories.random())
        self._held = pl.Series("id", [] if known is None else known, dtype=pl.String).cast(self._type)
        self.n_known = self._held.len()
        self._count = self.n_known

    def codes(self, ids: pl.Series) -> pl.Series:
        """The code of each id; an id not met before gets the next one. Runs of equal ids cost one lookup."""
        if ids.is_empty():
            return ids.cast(pl.UInt32)
        starts = (ids != ids.shift(1)).fill_null(True)
        codes = ids.filter(starts).cast(self._type).to_physical()
        highest = codes.max()
        assert isinstance(highest, int)
        self._count = max(self._count, highest + 1)
        return codes.gather(starts.cast(pl.UInt32).cum_sum() - 1)

    def forget_unknown(self) -> None:
        """Leave ids that were not known from the start out of the final numbers; their codes must not be used."""
        self._count = self.n_known

    def final(self, name: str) -> pl.DataFrame:
        """One row per id, sorted: `<name>` (dense UInt32 in the order of the sorted ids), `<name>_id`, `code`, `known`.

        Raises:
            ValueError: if the map is not one-to-one.
        """
        codes = pl.int_range(self._count, dtype=pl.UInt32, eager=True)
        table = (
            pl.DataFrame({f"{name}_id": codes.cat.to(self._type).cast(pl.String), "code": codes})
            .with_columns(known=pl.col("code") < self.n_known)
            .sort(f"{name}_id")
            .with_row_index(name)
        )
        if table[f"{name}_id"].n_unique() != table.height or table[f"{name}_id"].null_count():
            raise ValueError(f"the {name} ids do not map one-to-one to numbers")
        return table
