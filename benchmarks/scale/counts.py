"""How much there was to do: rows of what a run of the pipeline left on disk.

`python -m benchmarks.scale.counts ARTIFACTS`, after a whole `lookbook run` there. Output: counts by name, as JSON on stdout.
"""

import json
import sys
from pathlib import Path
from typing import NamedTuple

import polars as pl

from lookbook.data.dataset import Dataset
from lookbook.pipelines.settings.config import Settings, load_settings
from lookbook.pipelines.stages.artifacts import MANIFEST

EMBEDDINGS = "matrix_factorization"


class Learned(NamedTuple):
    """What the embedding source left for one week. trained: purchases of all passes; customers: those with a vector."""

    as_of: str
    trained: int
    customers: int
    on_sale: int


def counts(root: Path) -> dict[str, int]:
    """Counts of the latest run under `root`:

    purchases, customers, articles: of the data. trained: purchases that the embedding model was shown, each pass over them
    anew. candidates, pairs: of the weeks that are kept on disk. looked_up: customers whose vector was compared with all articles
    on sale, for these weeks; served_vectors: the same for the last week, on_sale: articles on sale then. examples. features:
    columns that the ranker sees. tree_rows: rows times trees of all fits. ranked_customers: who did not get a fallback
    list; ranked: pairs that were scored, as many for each of these as a customer has on average among `pairs`.
    """
    cache, settings = root / "cache", load_settings(root / "runs" / "latest" / "config.resolved.toml", {})
    about = json.loads((root / "runs" / "latest" / "run.json").read_text())
    learned = _learned(cache, settings)
    kept = [_pairs_and_customers(file) for file in (cache / "retrieve" / "merge").glob("*/pairs.parquet")]
    pairs, customers = sum(each[0] for each in kept), sum(each[1] for each in kept)
    ranked_customers = _ranked_customers(cache)
    model = json.loads((root / "runs" / "latest" / "models" / "final" / "ranker.json").read_text())
    return {
        "purchases": about["data"]["transactions"],
        "customers": about["data"]["customers"],
        "articles": about["data"]["articles"],
        "trained": sum(week.trained for week in learned),
        "looked_up": _customers(cache, f"retrieve/{EMBEDDINGS}/*/candidates.parquet"),
        "served_vectors": learned[-1].customers if learned else 0,
        "on_sale": learned[-1].on_sale if learned else 0,
        "candidates": _rows(cache, "retrieve/*/*/candidates.parquet"),
        "pairs": pairs,
        "examples": _rows(cache, "examples/*/features.parquet"),
        "features": len(model["features"]),
        "trees": model["trees"],
        "tree_rows": _tree_rows(cache, settings, trees=model["trees"]),
        "ranked_customers": ranked_customers,
        "ranked": ranked_customers * pairs // max(customers, 1),
    }


def _learned(cache: Path, settings: Settings) -> list[Learned]:
    """Oldest week first."""
    source = next((source for source in settings.sources() if source.name == EMBEDDINGS), None)
    if source is None:
        return []
    days, valid_days = vars(source)["history_days"], vars(source)["valid_days"]
    tables = next((cache / "data").glob("*/tables"))
    purchases = Dataset.open(tables)
    weeks = []
    for folder in (cache / "learn" / EMBEDDINGS).iterdir():
        as_of = json.loads((folder / MANIFEST).read_text())["key"]["as_of"]
        before = purchases.before(pl.Series([as_of]).str.to_date().item())
        recent = before.transactions.filter(pl.col("days_ago") <= days).select("customer", "article", "days_ago").unique()
        all_rows, older = recent.select(pl.len(), older=(pl.col("days_ago") > valid_days).sum()).collect().row(0)
        passes = pl.read_parquet(folder / "learning_curve.parquet")["phase"]
        trained = all_rows * passes.eq("final").sum() + older * passes.eq("search").sum()
        customers, on_sale = (_rows(folder, f"{name}.parquet") for name in ("customer_embeddings", "articles_on_sale"))
        weeks.append(Learned(as_of, trained, customers, on_sale))
    return sorted(weeks)


def _tree_rows(cache: Path, settings: Settings, *, trees: int) -> int:
    """Of both rankers, and of the search for the number of trees: it learns from all weeks before the test week but the newest."""
    files = list((cache / "examples").glob("*/features.parquet"))
    rows: list[int] = pl.scan_parquet(files).group_by("as_of").len().sort("as_of").collect()["len"].to_list()
    curves = [json.loads(file.read_text()) for file in (cache / "fit" / "trees").glob("*/curve.json")]
    before_test, before_final = sum(rows[:-1]), sum(rows[1:])
    thinned = [min(1.0, settings.ranking.max_examples / max(weeks, 1)) for weeks in (before_test, before_final)]
    searched = sum(len(curve["map_at_12"]) for curve in curves) * sum(rows[:-2])
    return int(thinned[0] * (searched + trees * before_test) + thinned[1] * trees * before_final)


def _ranked_customers(cache: Path) -> int:
    first = pl.scan_parquet(list((cache / "rank").glob("*/recommendations.parquet"))).filter(pl.col("rank") == 1)
    return int(first.select(pl.col("score").count()).collect().item())


def _pairs_and_customers(file: Path) -> tuple[int, int]:
    table = pl.scan_parquet(file).select(pairs=pl.len(), customers=pl.col("customer").n_unique())
    pairs, customers = table.collect().row(0)
    return pairs, customers


def _customers(cache: Path, files: str) -> int:
    """Customers of each file, added up."""
    tables = [pl.scan_parquet(file).select(pl.col("customer").n_unique()) for file in cache.glob(files)]
    return sum(int(table.item()) for table in pl.collect_all(tables))


def _rows(folder: Path, files: str) -> int:
    found = list(folder.glob(files))
    return int(pl.scan_parquet(found).select(pl.len()).collect().item()) if found else 0


if __name__ == "__main__":
    print(json.dumps(counts(Path(sys.argv[1]))))
