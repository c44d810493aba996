"""TIFU-KNN and UP-CF on a public data set for the next basket, in the metrics of their papers.

`python -m benchmarks.next_basket --history FILE --future FILE` with the files of Li et al., "A next basket recommendation reality
check", ACM TOIS 2023, for instance tafeng_history.json and tafeng_future.json. Judged are all customers, and the last fifth of
them, as by the authors of TIFU-KNN; neighbours are all other customers, whose histories are known. Published for TIFU-KNN on
TaFeng: recall@10 of 0.1301, and 0.1277 in a reproduction. The parameters are those for TaFeng. Output: lines on stdout.
"""

import time
from dataclasses import dataclass
from math import log2
from pathlib import Path
from typing import Annotated

import polars as pl
from cyclopts import App, Parameter

from benchmarks.next_basket.baskets import NextBaskets, read_next_baskets
from lookbook.data.schema import PAIR
from lookbook.evaluation.baselines.baseline import Baseline, Known
from lookbook.evaluation.baselines.own import Popularity
from lookbook.evaluation.baselines.personal_top import PersonalTop
from lookbook.evaluation.baselines.registry import baseline_recommendations
from lookbook.evaluation.baselines.tifu_knn import TifuKnn
from lookbook.evaluation.baselines.up_cf import UpCf
from lookbook.evaluation.metrics import customer_metrics

K = 10
JUDGED: tuple[Baseline, ...] = (
    Popularity(),
    PersonalTop(window_days=0),
    TifuKnn(neighbours=300, basket_decay=0.9, group_decay=0.7, own_share=0.7, groups=7),
    UpCf(recent_baskets=10, locality=10, asymmetry=0.75, neighbours=2000),
)

app = App(name="python -m benchmarks.next_basket", help=__doc__, help_format="plaintext")


@dataclass(frozen=True)
class Level:
    """Means over customers. ndcg: divided by that of as many hits as the next basket has articles, even if these are more than K,
    as in the papers."""

    recall: float
    ndcg: float
    customers: int


@app.default
def next_basket(
    *,
    history: Annotated[Path, Parameter(help="JSON file with the baskets of each customer.")],
    future: Annotated[Path, Parameter(help="JSON file with the next basket of each customer.")],
) -> None:
    """Measure and print."""
    baskets = read_next_baskets(history, future)
    known = Known.of(baskets.history)
    customers = baskets.labels["customer"].unique().sort()
    fifth = customers.tail(-(-len(customers) // 5))
    print(f"{len(customers):,} customers, {known.popular.height:,} articles")
    for baseline in JUDGED:
        started = time.process_time()
        lists = baseline_recommendations(known, customers, [baseline], k=K)[baseline.name].collect()
        took = time.process_time() - started
        for name, who in (("all", customers), ("last fifth", fifth)):
            found = level(lists, baskets, who)
            print(
                f"{baseline.name}, {name}: recall@{K} {found.recall:.4f}, NDCG@{K} {found.ndcg:.4f}, {took:.1f} CPU-s", flush=True
            )


def level(lists: pl.DataFrame, baskets: NextBaskets, customers: pl.Series) -> Level:
    """Of RECOMMENDATIONS of K articles, over `customers` with a next basket."""
    labels = baskets.labels.join(customers.to_frame(), on="customer", how="semi")
    recall = customer_metrics(lists.lazy(), labels.lazy(), k=K).select("customer", "n_labels", "recall").collect()
    gains = [0.0]
    for rank in range(1, labels.height + 1):
        gains.append(gains[-1] + 1 / log2(rank + 1))
    hits = lists.join(labels, on=PAIR, how="semi").with_columns(gain=1 / (pl.col("rank") + 1.0).log(2))
    ndcg = (
        recall.join(hits.group_by("customer").agg(pl.col("gain").sum()), on="customer", how="left")
        .select(pl.col("gain").fill_null(0.0) / pl.col("n_labels").replace_strict(dict(enumerate(gains)), return_dtype=pl.Float64))
        .to_series()
    )
    return Level(float(recall["recall"].sum() / recall.height), float(ndcg.sum() / recall.height), recall.height)


if __name__ == "__main__":
    app()
