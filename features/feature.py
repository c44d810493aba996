"""What a feature is, and how groups of features are joined onto pairs.

Input: PAIRS and Inputs. Output: FEATURES = PAIRS + one column per feature, same rows, same order.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import polars as pl
import polars.selectors as cs

from lookbook.data.dataset import History
from lookbook.data.schema import DataType


@dataclass(frozen=True)
class Inputs:
    """What feature tables are computed from.

    history: of all customers for a group of scope "all"; of one customer shard for scope "shard".
    tables: learned tables by name (article and customer embeddings; the `shared_tables` of the groups).
    """

    history: History
    tables: Mapping[str, pl.LazyFrame]


@dataclass(frozen=True)
class Feature:
    """One column for the ranker. `expr` is over the group's table (or, for a group without keys, over the pairs and all
    features before it). `doc` says what the number is, its unit and what null means. `fill`: value instead of null, also
    for a pair without a row in the group's table; None keeps null. Only groups with keys fill."""

    name: str
    expr: pl.Expr
    doc: str
    dtype: DataType = pl.Float32
    fill: float | int | None = None


@dataclass(frozen=True)
class FeatureGroup:
    """Features that share a table.

    keys: the one or two UInt32 columns joined on, of PAIRS or of earlier features, null matching nothing; () = no table, computed
    from columns present.
    table: one row per key, from Inputs. scope: "all" = from everybody's history, once per as_of (cached by the pipeline, shared
    by all shards); "shard" = from the history of the shard's customers.
    learn: what `table` of a group of scope "shard" needs to know of everybody: tables by name, from everybody's history, once per
    as_of; it finds them in Inputs.tables. No later group reads the features of one that learns.
    requires: names of learned tables without which the group is left out (its columns then do not exist).
    attach: for a group without keys, adds the columns its expressions read beyond those present; their names start with "_"
    and they are dropped again. Keeps rows and order.
    """

    name: str
    keys: tuple[str, ...]
    features: tuple[Feature, ...]
    table: Callable[[Inputs], pl.LazyFrame] | None
    scope: Literal["all", "shard"] = "shard"
    learn: Callable[[Inputs], Mapping[str, pl.LazyFrame]] | None = None
    requires: frozenset[str] = frozenset()
    attach: Callable[[pl.LazyFrame, Inputs], pl.LazyFrame] | None = None


def feature_table(group: FeatureGroup, inputs: Inputs) -> pl.LazyFrame:
    """Keys and features of one group, one row per key."""
    assert group.table is not None
    return group.table(inputs).select(*group.keys, *(_column(f) for f in group.features))


def shared_tables(groups: Sequence[FeatureGroup], inputs: Inputs) -> dict[str, pl.LazyFrame]:
    """What is the same for every shard, by name, from everybody's history: the tables of the groups of scope "all", and what others
    learn."""
    tables = {group.name: feature_table(group, inputs) for group in groups if group.scope == "all"}
    for group in groups:
        if group.learn is not None:
            tables |= group.learn(inputs)
    return tables


def add_features(pairs: pl.LazyFrame, inputs: Inputs, groups: Sequence[FeatureGroup]) -> pl.LazyFrame:
    """FEATURES: `pairs` with every feature of `groups` appended, in order; rows and their order are kept.

    A group of scope "all" is read from `inputs.tables[group.name]`: `inputs.tables` holds what `shared_tables` gave. Nearly every
    group reads the history of the shard: give one that is held (`History.held`).
    """
    for group in groups:
        if group.table is None:
            wide = group.attach(pairs, inputs) if group.attach else pairs
            pairs = wide.with_columns(*(_column(f) for f in group.features)).drop(cs.starts_with("_"))
            continue
        table = inputs.tables[group.name] if group.scope == "all" else feature_table(group, inputs)
        fills = [pl.col(f.name).fill_null(f.fill) for f in group.features if f.fill is not None]
        pairs = _join(pairs, table, group.keys).with_columns(*fills)
    return pairs


def _join(pairs: pl.LazyFrame, table: pl.LazyFrame, keys: tuple[str, ...]) -> pl.LazyFrame:
    """Left join. Two keys, both UInt32 and none a null that matches, are joined as one number: several times as fast."""
    if len(keys) == 1:
        return pairs.join(table, on=keys[0], how="left", validate="m:1", maintain_order="left")
    high, low = keys
    key = pl.col(high).cast(pl.UInt64) * 2**32 + pl.col(low)
    right = table.select(key.alias("_key"), pl.exclude(keys))
    return pairs.with_columns(_key=key).join(right, on="_key", how="left", validate="m:1", maintain_order="left").drop("_key")


def _column(feature: Feature) -> pl.Expr:
    """The feature's expression in its type; NaN and infinity, which come of a division by zero, become null."""
    value = feature.expr.cast(feature.dtype)
    known = pl.when(value.is_finite()).then(value) if feature.dtype == pl.Float32 else value
    return known.alias(feature.name)


def available(groups: Sequence[FeatureGroup], tables: set[str]) -> tuple[FeatureGroup, ...]:
    """The groups whose required learned tables are all in `tables`."""
    return tuple(group for group in groups if group.requires <= tables)
