"""`lookbook data profile`: what a data set holds and how its customers buy.

Input: a converted data set. Output: a stage with the tables of data/profile/tables.py, and the same as a Profile.
"""

import json
from collections.abc import Mapping
from datetime import date, timedelta
from math import floor
from pathlib import Path

from lookbook.data.conversion.rules import BROKEN
from lookbook.data.dataset import Dataset
from lookbook.data.profile.distribution import FENCE_RANGES, Z_LIMIT
from lookbook.data.profile.tables import INACTIVE_DAYS, TOP_ARTICLES, profile_tables
from lookbook.pipelines.data_sets.record import Profile
from lookbook.pipelines.machine.lock import locked
from lookbook.pipelines.runs.records.files import record_of
from lookbook.pipelines.settings.config import Settings
from lookbook.pipelines.stages.artifacts import Artifacts, Stage, write_tables
from lookbook.pipelines.stages.data import open_dataset
from lookbook.pipelines.stages.digest import code_digest
from lookbook.pipelines.terminal.progress import Reporter

EPOCH = date(1970, 1, 1)
PLACES = ("min", "whisker_low", "q25", "median", "q75", "whisker_high", "max", "mean")
"""Statistics of a date column that are dates themselves."""

Row = dict[str, object]


def profile(settings: Settings, reporter: Reporter, *, root: Path, fresh: bool = False) -> Profile:
    """Convert the data set if that was not done, and give its profile; holds `root` meanwhile."""
    with locked(root):
        artifacts = Artifacts(root / "cache", reporter, fresh)
        reporter.plan({"data": 1, "profile": 1})
        with reporter.showing():
            dataset, folder = open_dataset(settings, artifacts)
            return profile_of(dataset, folder, artifacts)


def profile_of(dataset: Dataset, folder: Path, artifacts: Artifacts) -> Profile:
    """Computed only if the data set, or the code for it, is new. folder: the converted data set."""
    stage = profile_stage(dataset, artifacts)
    about = json.loads((folder / "dataset.json").read_text())
    rows = {name: table.collect().to_dicts() for name, table in stage.tables.items()}
    found = {**_tables(rows), **_distributions(rows), "dataset": _dataset(about), "policy": _policy(about)}
    return record_of(found, Profile)


def profile_stage(dataset: Dataset, artifacts: Artifacts) -> Stage:
    """The tables of data/profile/tables.py on disk."""

    def build(folder: Path) -> None:
        write_tables(folder, {name: table.lazy() for name, table in profile_tables(dataset).items()})

    key = {"data": dataset.digest, "code": code_digest("lookbook.data.profile.tables")}
    return artifacts.stage("profile", dataset.name, key=key, build=build)


def _tables(rows: Mapping[str, list[Row]]) -> Row:
    columns = [_dated(row) if row["role"] == "date" else row for row in rows["columns"]]
    return {
        "columns": columns,
        "histograms": [row for row in rows["histograms"] if row["table"] != "measures"],
        "categories": rows["categories"],
        "weeks": [{**row, "week": str(row["week"])} for row in rows["weeks"]],
        "months": [{**row, "month": str(row["month"])[:7]} for row in rows["months"]],
        "weekdays": rows["weekdays"],
        "long_tail": rows["long_tail"],
        "life_cycle": rows["life_cycle"],
    }


def _distributions(rows: Mapping[str, list[Row]]) -> Row:
    facts = {str(row["fact"]): row["value"] for row in rows["facts"]}
    bins: dict[str, list[Row]] = {}
    for row in rows["histograms"]:
        if row["table"] == "measures":
            bins.setdefault(str(row["column"]), []).append({name: row[name] for name in ("scale", "low", "high", "rows")})
    measures = {
        str(row["measure"]): {
            **{name: value for name, value in row.items() if name != "measure"},
            "histogram": bins.get(str(row["measure"]), []),
        }
        for row in rows["measures"]
    }
    return {
        "purchases_per_customer": {
            **measures["transactions_per_customer"],
            "one_share": facts["customers_with_one_transaction_share"],
            "without": facts["customers_without"],
            "inactive_days": INACTIVE_DAYS,
            "inactive_share": facts["inactive_share"],
        },
        "purchases_per_article": {
            **measures["transactions_per_article"],
            "without": facts["articles_without"],
            "gini": facts["gini"],
            "top_articles": TOP_ARTICLES,
            "top_share": facts["top_articles_share"],
        },
        "gaps": {**measures["gap_days"], "last": measures["last_gap_days"]},
        "days_since_last_purchase": measures["days_since_last_purchase"],
        "basket_articles": measures["basket_articles"],
        "repurchase": {
            **{name: facts[name] for name in ("purchases", "repeated_share", "later_purchases", "repurchase_share", "pairs")},
            "pairs_bought_again_share": facts["pairs_bought_again_share"],
            "interval": measures["repurchase_days"],
        },
        "repurchase_interval": measures["repurchase_days"]["histogram"],
    }


def _dataset(about: Mapping[str, object]) -> Row:
    names = ("name", "digest", "first_day", "last_day", "transactions", "customers", "articles")
    return {name: about[name] for name in (*names, "unknown_customers", "unknown_articles", "warnings")}


def _policy(about: Mapping[str, object]) -> Row:
    """What became of rows on their way in. Outliers are counted only: a strange price is a fact, a broken rule is a fault."""
    rules = []
    for treatment in ("dropped", "quarantined"):
        counts = about[treatment]
        assert isinstance(counts, dict)
        for reason, rows in counts.items():
            table, _, rule = str(reason).partition(": ")
            broken = {"column": BROKEN[rule].column, "expected": BROKEN[rule].expected}
            rules.append({"table": table, "rule": rule, "treatment": treatment, "rows": rows, **broken})
    return {
        "outliers": "counted, none removed or changed",
        "fence_interquartile_ranges": FENCE_RANGES,
        "z_limit": Z_LIMIT,
        "read": about["read"],
        "kept": about["transactions"],
        "rules": rules,
        "repaired": about["repaired"],
    }


def _dated(row: Row) -> Row:
    """A row of COLUMNS whose places in time are dates again, rounded down."""
    days = {name: row[name] for name in PLACES}
    return {**row, **{name: str(EPOCH + timedelta(days=floor(day))) for name, day in days.items() if isinstance(day, float)}}
