"""Convert what an adapter read of a plan into the canonical table on disk.

Input: RawPlan, the article ids of a converted data set. Output: a folder that `Plan.open` reads: plan.parquet (PLAN), quarantine/,
plan.json (written last).
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import polars as pl

from lookbook.data.conversion.parse import trim
from lookbook.data.conversion.quarantine import Gate, Intake
from lookbook.data.conversion.raw_tables import RawPlan
from lookbook.data.conversion.rules import PlanRules
from lookbook.data.conversion.summary import counts
from lookbook.data.durable import whole_folder
from lookbook.data.errors import DataError, Where
from lookbook.data.plan.dates import with_days
from lookbook.data.plan.plan import PlanSummary
from lookbook.data.reading.source_files import file_digest
from lookbook.data.reading.tally import Tally
from lookbook.data.schema import PLAN


def convert_plan(read: Callable[[Intake], RawPlan], folder: Path, *, dataset: Path, limit: float) -> PlanSummary:
    """Write the plan that `read` gives to `folder`, which appears only when complete. dataset: the folder of the converted data set
    whose articles are planned. limit: share of the rows that may be quarantined.

    Raises:
        DataError: nothing is left behind then.
    """
    with whole_folder(folder) as partial:
        (partial / "quarantine").mkdir()
        intake = Intake(Tally(), partial / "quarantine", limit)
        raw = read(intake)
        rows = _admitted(raw, pl.read_parquet(dataset / "article_ids.parquet", glob=False), intake)
        rows.write_parquet(partial / "plan.parquet")
        summary = _summary(raw, rows, intake.tally, file_digest(partial / "plan.parquet"))
        (partial / "plan.json").write_text(json.dumps(asdict(summary), indent=1, ensure_ascii=False) + "\n")
    return summary


def _admitted(raw: RawPlan, ids: pl.DataFrame, intake: Intake) -> pl.DataFrame:
    """PLAN, sorted by all of its columns, each row once."""
    gate = Gate("plan", raw.file, raw.columns, PlanRules, frozenset(), intake)
    parts = []
    for batch in raw.batches():
        rows = gate.admit(_parsed(batch, raw, intake.tally))
        coded = rows.join(ids, on="article_id", how="left", validate="m:1", maintain_order="left")
        gate.set_aside(coded.filter(pl.col("article").is_null()).select(rows.columns), "article_in_the_data")
        parts.append(coded.drop_nulls("article").select(pl.col(column).cast(dtype) for column, dtype in PLAN.items()))
    gate.close()
    table = pl.concat(parts).unique().sort(*PLAN)
    if not table.height:
        raise DataError("no row of the plan is left after the checks", Where(raw.file), expected="at least one, of a known article")
    return table


def _parsed(batch: pl.DataFrame, raw: RawPlan, tally: Tally) -> pl.DataFrame:
    """The rows of a batch of RAW_PLAN, with a value and a `*_text` for all but the ids. What cannot be read is null."""
    codes = {kind: code for code, kind in enumerate(raw.kind_texts, 1)}
    texts = with_days(trim(batch, ("article_id",), "plan", tally), raw.dating)
    shares, kinds = (pl.col(f"{column}_text").str.strip_chars() for column in ("share", "kind"))
    read = texts.rename({column: f"{column}_text" for column in ("share", "kind")}).with_columns(
        customer_id=pl.lit(None, dtype=pl.String),
        share=shares.cast(pl.Float64, strict=False),
        kind=kinds.replace_strict(codes, default=None, return_dtype=pl.UInt8),
    )
    if raw.known_days is None:
        return read
    return read.with_columns(known_from=pl.col("first_day") - pl.duration(days=raw.known_days))


def _summary(raw: RawPlan, rows: pl.DataFrame, tally: Tally, digest: str) -> PlanSummary:
    return PlanSummary(
        digest=hashlib.sha256(f"{digest}\0{json.dumps(raw.kinds)}".encode()).hexdigest(),
        kinds=list(raw.kinds),
        rows=rows.height,
        articles=rows["article"].n_unique(),
        first_day=str(rows["first_day"].min()),
        last_day=str(rows["last_day"].max()),
        read=counts(tally.read),
        dropped=counts(tally.dropped),
        quarantined=counts(tally.quarantined),
        repaired=counts(tally.repaired),
        warnings=sorted(tally.warnings),
    )
