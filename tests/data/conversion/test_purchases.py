from collections.abc import Callable
from datetime import date
from pathlib import Path

import dataframely as dy
import polars as pl
import pytest

from lookbook.data.conversion.canonical import convert
from lookbook.data.conversion.parse import Dating
from lookbook.data.conversion.raw_tables import RawTables, RawTransactions
from lookbook.data.conversion.rules import ANY_PURCHASE, HM_PURCHASE, PurchaseRules
from lookbook.data.errors import ValueRuleError
from lookbook.data.registry import convert_dataset
from lookbook.data.schema import LEVELS
from lookbook.data.settings import DataSettings

PURCHASES = pl.DataFrame({
    "line": pl.Series([2, 3, 4], dtype=pl.UInt32),
    "customer_id": ["ann", "bob", "ann"],
    "article_id": ["x", "1.2E+08", "y"],
    "date": ["2020-09-01"] * 3,
    "quantity": ["1"] * 3,
    "price": ["2.5"] * 3,
    "channel": pl.Series([None] * 3, dtype=pl.String),
})  # fmt: skip


def raw_tables(article_ids: list[str]) -> RawTables:
    levels = {level: pl.Series([None] * len(article_ids), dtype=pl.String) for level in ("name", "text", *LEVELS)}
    purchases = RawTransactions(
        file=Path("purchases.csv"), batches=lambda: iter([PURCHASES]), columns={}, rules=ANY_PURCHASE, dropped=frozenset(),
        dating=Dating("", "", date(2021, 1, 1), date(2021, 1, 1)), price_per_line=False,
    )  # fmt: skip
    customers = pl.DataFrame({"customer_id": ["ann", "bob"]}).with_columns(
        age=pl.lit(None, dtype=pl.Float32), age_band=pl.lit(None, dtype=pl.UInt8)
    )
    articles = pl.DataFrame({"article_id": article_ids, **levels})
    return RawTables("small", purchases, customers, articles, keep_unknown_articles=False, order=None)


def test_a_bad_id_is_refused_also_where_the_articles_table_has_it(
    make_settings: Callable[..., DataSettings], tmp_path: Path
) -> None:
    with pytest.raises(ValueRuleError, match=r"(?s)line 3.*value '1.2E\+08'.*not a rounded number"):
        convert(lambda _: raw_tables(["x", "1.2E+08", "y"]), tmp_path / "out", settings=make_settings(quarantine_limit=0.0))


def test_batches_with_ids_that_no_table_has_stand_beside_batches_without(
    make_settings: Callable[..., DataSettings],
    hm_folder: Path,
    tmp_path: Path,
    today: date,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sales = hm_folder / "transactions_train.csv"
    header, *lines = sales.read_text().splitlines()
    day, customer, article, price, channel = lines[150].split(",")
    lines[100] = ",".join((day, f" {customer}", article, price, channel))
    lines[150] = ",".join((day, "f" * 64, article, price, channel))
    lines[200] = ",".join((day, customer, "0999999999", price, channel))
    lines[250] = ",".join((day, customer, article, "dear", channel))
    sales.write_text("\n".join([header, *lines, ""]))
    settings = make_settings(dataset="hm", data_dir=str(hm_folder))
    whole = convert_dataset(settings, tmp_path / "whole", today=today)
    monkeypatch.setattr("lookbook.data.reading.delimited.BLOCK_BYTES", 2000)
    monkeypatch.setattr("lookbook.data.reading.delimited.HEADER_BYTES", 2000)
    parts = convert_dataset(settings, tmp_path / "parts", today=today)
    assert parts == whole
    assert (whole.unknown_customers, whole.repaired) == (1, {"transactions: customer_id with spaces round it": 1})
    assert whole.quarantined == {"transactions: article_known": 1, "transactions: price_is_a_number": 1}
    aside = pl.read_parquet(tmp_path / "parts" / "quarantine" / "transactions.parquet")
    assert aside.select("line", "reason").rows() == [(202, "article_known"), (252, "price_is_a_number")]


def rule_names(schema: type[dy.Schema]) -> set[str]:
    _, failure = schema.filter(schema.create_empty(lazy=False))
    return set(failure.details().columns) - set(schema.column_names())


@pytest.mark.parametrize("rules", [ANY_PURCHASE, HM_PURCHASE])
def test_rules_of_ids_and_of_values_are_all_rules_but_that_ids_are_given(rules: PurchaseRules) -> None:
    ids, values = rule_names(rules.ids), rule_names(rules.values)
    assert rule_names(rules.all) - ids - values == {"customer_id_given", "article_id_given"}
    assert len(ids) >= 2
    assert len(values) >= 12
