"""Run in a process of its own: print a digest of what each source learns and retrieves from the market in a folder, and why.

Arguments: the folder (transactions, customers, articles, households as Parquet), as_of, the settings of each source as JSON.
"""

import hashlib
import json
import sys
from datetime import date
from pathlib import Path

import polars as pl
from pydantic import TypeAdapter

from lookbook.data.dataset import History
from lookbook.retrieval.registry import SOURCES

folder, as_of, settings = Path(sys.argv[1]), date.fromisoformat(sys.argv[2]), json.loads(sys.argv[3])
tables = ("transactions", "customers", "articles", "households")
history = History(as_of, **{table: pl.scan_parquet(folder / f"{table}.parquet") for table in tables})
customers = history.customers.collect()["customer"]
for name, table in settings.items():
    source = TypeAdapter(SOURCES[name]).validate_python(table)
    learned = {n: t.collect() for n, t in source.learn(history, earlier=None, seed=0, device="cpu").items()}
    tables = {n: t.lazy() for n, t in learned.items()}
    candidates = source.generate(tables, history, customers).collect()
    evidence = source.evidence(tables, history, candidates.lazy().select("customer", "article")).collect()
    digest = hashlib.sha256()
    for frame in (*learned.values(), candidates, evidence):
        digest.update(frame.write_json().encode())
    print(name, digest.hexdigest())
