"""Training examples: which pairs were bought, and which of the others are kept as negatives.

Input: PAIRS (or FEATURES) of one week and its LABELS. Output: the same rows with `label`, negatives sampled.
"""

import polars as pl

from lookbook.data.schema import PAIR


def label_pairs(pairs: pl.LazyFrame, labels: pl.LazyFrame) -> pl.LazyFrame:
    """`pairs` with label UInt8: 1 = the customer bought the article in the window. Rows and their order are kept."""
    bought = labels.select("customer", "article", label=pl.lit(1, dtype=pl.UInt8))
    return pairs.join(bought, on=PAIR, how="left", validate="m:1", maintain_order="left").with_columns(pl.col("label").fill_null(0))


def sample_negatives(labelled: pl.LazyFrame, *, negatives_per_positive: int, seed: int) -> pl.LazyFrame:
    """All positives, and for each customer at most `negatives_per_positive` negatives per positive; order is kept.

    Customers without a positive are dropped: LightGBM counts such a query group as perfectly ranked. The choice depends on
    customer, article and seed alone, never on the other rows' order or on which shard the customer is in.
    """
    positives = pl.col("label").sum().over("customer").cast(pl.UInt32)
    chance = pl.when(pl.col("label") == 0).then(_mix(seed))
    return (
        labelled.filter(positives > 0)
        .with_columns(_turn=chance.rank("ordinal").over("customer"), _positives=positives)
        .filter((pl.col("label") == 1) | (pl.col("_turn") <= pl.col("_positives") * negatives_per_positive))
        .drop("_turn", "_positives")
    )


def sample_customers(examples: pl.LazyFrame, *, share: float, seed: int) -> pl.LazyFrame:
    """All examples of about a `share` (0 to 1) of the customers, in their order. Who is kept depends on customer and seed alone:
    the same customers in every week, and those of a smaller share are among those of a larger one."""
    if share >= 1:
        return examples
    return examples.filter(_mix(seed, pl.lit(0, dtype=pl.UInt64)) < pl.lit(int(share * (1 << 64)), dtype=pl.UInt64))


def _mix(seed: int, article: pl.Expr | None = None) -> pl.Expr:
    """A well-mixed UInt64 of (customer, article, seed): the finaliser of SplitMix64 (Steele et al., 2014), wrapping."""

    def shift_xor(value: pl.Expr, bits: int) -> pl.Expr:
        return value ^ (value // pl.lit(1 << bits, dtype=pl.UInt64))

    def times(value: pl.Expr, factor: int) -> pl.Expr:
        return value * pl.lit(factor, dtype=pl.UInt64)

    second = pl.col("article").cast(pl.UInt64) if article is None else article
    pair = times(pl.col("customer").cast(pl.UInt64), 1 << 32) + second
    start = pair ^ pl.lit((seed * 0x9E3779B97F4A7C15) % (1 << 64), dtype=pl.UInt64)
    return shift_xor(times(shift_xor(times(shift_xor(start, 30), 0xBF58476D1CE4E5B9), 27), 0x94D049BB133111EB), 31)
