"""All lists judged alike, by lookbook's evaluator: one average precision for every customer, then means with paired intervals.

`python -m benchmarks.peers.judge ACTION ...` prints its answer as JSON:

    precisions TABLES K [AS_OF LISTS OUT]...     judge LISTS (customer, article, rank) on the week AS_OF
    mean OUT...                                  the mean of what that wrote (customer, average_precision)
    add PRECISIONS MARKET PEER [AS_OF OUT]...    put it in place of what PRECISIONS has of the peer
    compare PRECISIONS MARKET                    every peer over all weeks of the market, and over its newest
"""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path

import polars as pl

from benchmarks.peers.registry import LOOKBOOK
from benchmarks.peers.results import RESAMPLES, SEED, Judgement
from lookbook.data.dataset import Dataset
from lookbook.data.windows import Window
from lookbook.evaluation.metrics import customer_metrics
from lookbook.evaluation.variants import Judged, Mean, judge_variants

METRIC = "average_precision"


def precisions(dataset: Dataset, window: Window, lists: pl.LazyFrame, *, k: int) -> pl.DataFrame:
    """customer, average_precision of everybody who bought in the window; 0 without a list."""
    return customer_metrics(lists, dataset.labels(window), k=k).select("customer", METRIC).collect()


def replaced(known: pl.DataFrame | None, measured: pl.DataFrame) -> pl.DataFrame:
    """market, as_of, peer, customer, average_precision: what is `known`, but of the peers in `measured` what that has."""
    key = ["market", "peer"]
    rows = measured if known is None else pl.concat([known.join(measured, on=key, how="anti"), measured])
    return rows.sort("market", "peer", "as_of", "customer")


def compare(known: pl.DataFrame, market: str) -> dict[str, object]:
    """n_customers, n_customer_weeks, and Judgement by peer: pooled over all weeks, and of the newest week."""
    rows = known.filter(pl.col("market") == market)
    weeks = [
        {str(peer): table.select("customer", METRIC) for (peer,), table in week.group_by("peer", maintain_order=True)}
        for _, week in sorted(rows.group_by("as_of"), key=lambda each: str(each[0]), reverse=True)
    ]
    pooled = judge_variants(weeks, resamples=RESAMPLES, seed=SEED)
    newest = judge_variants(weeks[:1], resamples=RESAMPLES, seed=SEED)
    counts = {"n_customers": pooled.n_customers, "n_customer_weeks": pooled.n_customer_weeks}
    return {**counts, "pooled": _judgements(pooled), "newest": _judgements(newest)}


def _judgements(judged: Judged) -> Mapping[str, Mapping[str, object]]:
    return {peer: asdict(_judgement(judged, peer)) for peer in judged.variants}


def _judgement(judged: Judged, peer: str) -> Judgement:
    mean = _ends(judged.of(peer))
    if peer == LOOKBOOK or LOOKBOOK not in judged.variants:
        return Judgement(mean, None, None)
    ratio = judged.ratio(LOOKBOOK, peer)
    known = ratio.value is not None and ratio.low is not None and ratio.high is not None
    return Judgement(
        mean,
        _ends(judged.difference(LOOKBOOK, peer)),
        (float(ratio.value or 0), float(ratio.low or 0), float(ratio.high or 0)) if known else None,
    )


def _ends(mean: Mean) -> tuple[float, float, float]:
    return mean.value, mean.low, mean.high


def write_precisions(tables: Path, k: int, asked: Sequence[str]) -> None:
    dataset = Dataset.open(tables)
    for as_of, lists, out in zip(asked[::3], asked[1::3], asked[2::3], strict=True):
        window = Window(date.fromisoformat(as_of))
        precisions(dataset, window, pl.scan_parquet(lists, glob=False), k=k).write_parquet(out)


def add(file: Path, market: str, peer: str, asked: Sequence[str]) -> None:
    named = {"market": pl.lit(market), "peer": pl.lit(peer)}
    weeks = zip(asked[::2], asked[1::2], strict=True)
    measured = pl.concat([pl.read_parquet(found).with_columns(as_of=pl.lit(as_of), **named) for as_of, found in weeks])
    columns = ("market", "as_of", "peer", "customer", pl.col(METRIC).cast(pl.Float32))
    rows = replaced(pl.read_parquet(file) if file.exists() else None, measured.select(columns))
    partial = file.with_name(f"{file.name}.partial")
    rows.write_parquet(partial, compression_level=19)
    partial.rename(file)


def answer(action: str, words: Sequence[str]) -> object:
    match action, *words:
        case "precisions", tables, k, *asked:
            write_precisions(Path(tables), int(k), asked)
        case "mean", *files:
            return float(pl.concat([pl.read_parquet(file) for file in files])[METRIC].to_numpy().mean())
        case "add", file, market, peer, *asked:
            add(Path(file), market, peer, asked)
        case "compare", file, market:
            return compare(pl.read_parquet(file), market)
        case _:
            raise ValueError(f"unknown action {action!r}; known: precisions, mean, add, compare")
    return None


if __name__ == "__main__":
    print(json.dumps(answer(sys.argv[1], sys.argv[2:])))
