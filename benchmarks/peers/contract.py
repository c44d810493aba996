"""What a peer is given for one week: everything before it, who is asked for, and never what they bought then.

`python -m benchmarks.peers.contract TABLES WEEK AS_OF K`. Input: a converted data set. Output: the folder WEEK with
purchases.parquet (customer, article, date, quantity, price; only dates before AS_OF), articles.parquet and attributes.parquet (what
is known of articles and customers, without a date), customers.parquet (who is judged: who bought in the week) and week.json.
"""

import json
import sys
from datetime import date
from pathlib import Path

import polars as pl

from lookbook.data.dataset import Dataset
from lookbook.data.schema import TRANSACTIONS
from lookbook.data.windows import Window

PURCHASES = tuple(column for column in TRANSACTIONS if column != "channel")
ABOUT = "week.json"


def write_week(dataset: Dataset, window: Window, folder: Path, *, k: int) -> None:
    """Write the folder of the week that is to be predicted; `k` articles are asked for each customer. ABOUT is written last."""
    folder.mkdir(parents=True, exist_ok=True)
    history = dataset.before(window.as_of)
    date_of = (pl.lit(window.as_of) - pl.duration(days=pl.col("days_ago"))).cast(pl.Date)
    tables = {
        "purchases": history.transactions.with_columns(date=date_of).select(PURCHASES),
        "articles": history.articles,
        "attributes": history.customers,
        "customers": judged_customers(dataset, window),
    }
    for name, table in tables.items():
        table.collect(engine="streaming").write_parquet(folder / f"{name}.parquet")
    (folder / ABOUT).write_text(json.dumps({"as_of": str(window.as_of), "k": k}) + "\n")


def judged_customers(dataset: Dataset, window: Window) -> pl.LazyFrame:
    """customer: everybody who bought in the week, sorted; also who never did before."""
    return dataset.labels(window).select("customer").unique().sort("customer")


if __name__ == "__main__":
    write_week(Dataset.open(Path(sys.argv[1])), Window(date.fromisoformat(sys.argv[3])), Path(sys.argv[2]), k=int(sys.argv[4]))
