"""Where the labels of a week were lost: not sold before, never retrieved, cut, ranked too low, or recommended after all.

Input: LABELS and what each stage of the system kept. Output: TRACED_LABELS, LOST_LABELS.
"""

import polars as pl

from lookbook.data.schema import PAIR, Schema
from lookbook.evaluation.segments import segment_members

NEAR = 50
"""A label on a rank up to this one was nearly recommended."""

NOT_FOR_SALE = "not for sale before"
NEVER_RETRIEVED = "never retrieved"
CUT = "cut"
DISPLACED = "gave way to new"
RECOMMENDED = "recommended"

TRACED_LABELS: Schema = {
    "customer": pl.UInt32,
    "article": pl.UInt32,
    "stage": pl.String,
    "rank": pl.UInt32,
    "place": pl.UInt32,
}
"""One row per label, sorted. stage: the first of these that holds, one of `stage_names`: recommended, displaced (one of the best k
that the customer had bought before gave its place to a new one), on a rank up to or beyond NEAR, cut (retrieved but not ranked),
never retrieved (though sold before), not for sale before (nobody had bought it yet).
rank: among what is recommended and ranked to the customer, null = not ranked; place: among all that was retrieved for the
customer, null = not retrieved."""

LOST_LABELS: Schema = {"segment": pl.String, "stage": pl.String, "labels": pl.UInt32, "share": pl.Float64}
"""One row per segment (everybody first) and stage, in the order of `stage_names`. labels: of the segment's customers that ended
at this stage; share: of all labels of the segment, so that they add up to 1."""


def stage_names(k: int, *, displaced: bool = False) -> tuple[str, ...]:
    """The stages in the order in which a label passes them; `k`: length of the recommended list. displaced: with DISPLACED."""
    nearly = (f"ranked {k + 1}-{NEAR}",) if k < NEAR else ()
    return NOT_FOR_SALE, NEVER_RETRIEVED, CUT, _far(k), *nearly, *((DISPLACED,) if displaced else ()), RECOMMENDED


def trace_labels(
    labels: pl.LazyFrame,
    *,
    recommended: pl.LazyFrame,
    ranked: pl.LazyFrame,
    retrieved: pl.LazyFrame,
    sold: pl.LazyFrame,
    k: int,
) -> pl.LazyFrame:
    """TRACED_LABELS.

    Args:
        labels: LABELS of the customers whose lists the other tables hold.
        recommended: RECOMMENDATIONS; fallback articles count, though no source retrieved them.
        ranked: customer, article, rank of all that was scored.
        retrieved: customer, article, place of all that any source retrieved, before the cut.
        sold: articles (column `article`, unique) that were sold before the week.
        k: length of the recommended list.
    """
    return (
        labels.select(PAIR)
        .join(recommended.select(*PAIR, given="rank"), on=PAIR, how="left", validate="1:1")
        .join(ranked.select(*PAIR, among="rank"), on=PAIR, how="left", validate="1:1")
        .join(retrieved.select(*PAIR, "place"), on=PAIR, how="left", validate="1:1")
        .join(sold.select("article", sold=True), on="article", how="left", validate="m:1")
        .with_columns(stage=_stage(k), rank=pl.coalesce("given", "among"))
        .select(pl.col(column).cast(dtype) for column, dtype in TRACED_LABELS.items())
        .sort(PAIR)
    )


def lost_labels(traced: pl.DataFrame, segments: pl.DataFrame, *, k: int) -> pl.DataFrame:
    """LOST_LABELS from TRACED_LABELS and the SEGMENTED customers with labels. DISPLACED has rows only where a label is."""
    stages = pl.DataFrame({"stage": stage_names(k, displaced=DISPLACED in traced["stage"])})
    labels = pl.col("labels").fill_null(0).cast(pl.UInt32)
    parts = [
        stages.join(
            traced.join(members, on="customer", how="semi").group_by("stage").agg(labels=pl.len()),
            on="stage",
            how="left",
            validate="1:1",
            maintain_order="left",
        ).select(pl.lit(segment).alias("segment"), "stage", labels)
        for segment, members in segment_members(segments)
    ]
    share = pl.col("labels") / pl.col("labels").sum().over("segment")
    return pl.concat(parts).with_columns(share=share).select(pl.col(c).cast(t) for c, t in LOST_LABELS.items())


def _stage(k: int) -> pl.Expr:
    among = pl.col("among")
    return (
        pl.when(pl.col("given").is_not_null())
        .then(pl.lit(RECOMMENDED))
        .when(among <= k)
        .then(pl.lit(DISPLACED))
        .when(among <= NEAR)
        .then(pl.lit(f"ranked {k + 1}-{NEAR}"))
        .when(among.is_not_null())
        .then(pl.lit(_far(k)))
        .when(pl.col("place").is_not_null())
        .then(pl.lit(CUT))
        .when(pl.col("sold").is_not_null())
        .then(pl.lit(NEVER_RETRIEVED))
        .otherwise(pl.lit(NOT_FOR_SALE))
    )


def _far(k: int) -> str:
    return f"ranked > {max(k, NEAR)}"
