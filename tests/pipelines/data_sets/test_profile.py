"""`lookbook data profile`: the dict, the text, the stage, and the facts of the real data set."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from lookbook.data.dataset import Dataset
from lookbook.pipelines.data_sets.profile import profile, profile_of
from lookbook.pipelines.data_sets.profile_display import show_profile
from lookbook.pipelines.data_sets.record import Profile
from lookbook.pipelines.errors import SettingsError
from lookbook.pipelines.runs.records.files import as_dict, as_json
from lookbook.pipelines.settings.config import load_settings
from lookbook.pipelines.stages.artifacts import Artifacts
from lookbook.pipelines.terminal.progress import Reporter

MakeDataset = Callable[..., Dataset]
ABOUT = {
    "name": "tiny", "digest": "0", "first_day": "2020-05-26", "last_day": "2020-09-22", "transactions": 3000, "customers": 60,
    "articles": 80, "unknown_customers": 0, "unknown_articles": 0, "warnings": ["a warning"], "read": {"transactions": 3003},
    "dropped": {"transactions: quantity_positive": 2}, "quarantined": {"transactions: price_positive": 1}, "repaired": {},
}  # fmt: skip


def profiled(dataset: Dataset, root: Path, reporter: Reporter | None = None) -> Profile:
    (root / "dataset.json").write_text(json.dumps(ABOUT))
    return profile_of(dataset, root, Artifacts(root / "cache", reporter or Reporter("quiet")))


def part(found: Profile, name: str) -> dict[str, object]:
    return as_dict(getattr(found, name))


def rows(found: Profile, name: str) -> list[dict[str, object]]:
    return [as_dict(row) for row in getattr(found, name)]


def test_the_same_data_give_the_same_text_whatever_the_row_order(market: Dataset, tmp_path: Path) -> None:
    shuffled = market.transactions.collect().sample(fraction=1.0, shuffle=True, seed=1).lazy()
    other = replace(market, transactions=shuffled, digest="shuffled")
    assert as_json(profiled(market, tmp_path)) == as_json(profiled(other, tmp_path))


def test_a_profile_is_computed_once_per_data_set(market: Dataset, tmp_path: Path) -> None:
    for dataset, computed in ((market, 1), (market, 0), (replace(market, digest="another"), 1)):
        reporter = Reporter("quiet")
        profiled(dataset, tmp_path, reporter)
        assert (reporter.computed.get("profile", 0), reporter.reused.get("profile", 0)) == (computed, 1 - computed)


def test_facts_of_customers_and_articles_are_those_of_a_loop(market: Dataset, tmp_path: Path) -> None:
    found = profiled(market, tmp_path)
    sold = market.transactions.collect()
    events = sold.select("customer", "article", "date").unique()
    first_day = events.group_by("customer").agg(first=pl.col("date").min())
    first_bought = events.group_by("customer", "article").agg(bought=pl.col("date").min())
    later = events.join(first_day, on="customer").filter(pl.col("date") > pl.col("first"))
    again = later.join(first_bought, on=["customer", "article"]).filter(pl.col("date") > pl.col("bought"))
    repurchase = part(found, "repurchase")
    assert repurchase["purchases"] == events.height
    assert repurchase["later_purchases"] == later.height
    assert repurchase["repurchase_share"] == again.height / later.height
    assert repurchase["repeated_share"] == 1 - events.height / sold.height
    assert part(found, "purchases_per_customer")["without"] == 60 - sold["customer"].n_unique()
    assert part(found, "purchases_per_article")["without"] == 80 - sold["article"].n_unique()
    assert part(found, "purchases_per_customer")["mean"] == sold.height / sold["customer"].n_unique()
    held = sum(int(str(row["rows"])) for row in rows(found, "repurchase_interval"))
    assert held == again.height
    assert sum(int(str(week["rows"])) for week in rows(found, "weeks")) == sold.height


def test_inactive_customers_bought_nothing_in_the_last_180_days(make_dataset: MakeDataset, tmp_path: Path) -> None:
    last_day = date(2020, 9, 22)
    days = [last_day, last_day - timedelta(days=179), last_day - timedelta(days=180), last_day - timedelta(days=400)]
    found = profiled(make_dataset(pl.DataFrame({"customer": [0, 1, 2, 3], "article": 1, "date": days})), tmp_path)
    assert part(found, "purchases_per_customer")["inactive_share"] == 0.5
    assert part(found, "purchases_per_customer")["one_share"] == 1.0
    assert part(found, "repurchase")["repurchase_share"] is None


def test_what_became_of_bad_rows_is_said_with_the_rule_they_broke(market: Dataset, tmp_path: Path) -> None:
    policy = part(profiled(market, tmp_path), "policy")
    assert policy["rules"] == [
        {"table": "transactions", "rule": "quantity_positive", "treatment": "dropped", "rows": 2, "column": "quantity",
         "expected": "at least 1 (fewer: a return)"},
        {"table": "transactions", "rule": "price_positive", "treatment": "quarantined", "rows": 1, "column": "price",
         "expected": "more than 0"},
    ]  # fmt: skip
    assert (policy["kept"], policy["outliers"]) == (3000, "counted, none removed or changed")


@pytest.mark.parametrize("one_row", [False, True])
def test_the_text_fits_80_columns_and_tells_what_was_reused(
    market: Dataset, make_dataset: MakeDataset, tmp_path: Path, capsys: pytest.CaptureFixture[str], one_row: bool
) -> None:
    tiny = make_dataset(pl.DataFrame({"customer": [0], "article": [0], "date": [date(2020, 9, 22)]}))
    reporter = Reporter("quiet")
    show_profile(profiled(tiny if one_row else market, tmp_path, reporter), reporter, file=None, json_lines=False)
    text = capsys.readouterr().out
    assert max(map(len, text.splitlines())) <= 80
    assert "…" not in text
    assert "nan" not in text
    for expected in ("warning: a warning", "dropped: 2 transactions whose quantity is not at least 1", "0 of 1 stage was reused"):
        assert expected in text


def test_json_and_file_hold_the_whole_profile(market: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = profiled(market, tmp_path)
    show_profile(found, Reporter("quiet"), file=tmp_path / "profile.json", json_lines=True)
    assert json.loads(capsys.readouterr().out) == json.loads((tmp_path / "profile.json").read_text()) == as_dict(found)
    with pytest.raises(SettingsError, match=r"--out .*: .*expected a file"):
        show_profile(found, Reporter("quiet"), file=tmp_path / "none" / "profile.json", json_lines=True)


def test_complete_journey_has_the_figures_that_are_known_of_it(tmp_path: Path) -> None:
    found = profile(load_settings(), Reporter("quiet"), root=tmp_path)
    policy, data, again = part(found, "policy"), part(found, "dataset"), part(found, "repurchase")
    assert policy["read"] == {"transactions": 1_469_307}
    dropped = {rule.rule: rule.rows for rule in found.policy.rules}
    assert dropped == {"price_positive": 2_406, "quantity_positive": 8_869}
    assert data["transactions"] == policy["kept"] == 1_469_307 - 8_869 - 2_406
    assert (data["first_day"], data["last_day"], data["customers"]) == ("2017-01-01", "2017-12-31", 2_469)
    assert round(float(str(again["repurchase_share"])), 3) == 0.417
    columns = {(row["table"], row["column"]): row for row in rows(found, "columns")}
    assert columns["transactions", "customer"]["distinct"] == 2_469
    assert columns["customers", "age"]["missing"] == 2_469 - 801
    assert (columns["transactions", "date"]["min"], columns["transactions", "date"]["max"]) == ("2017-01-01", "2017-12-31")
    last = rows(found, "weeks")[-1]
    assert (last["week"], last["customers"]) == ("2017-12-25", 1_242)
