import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from hashlib import blake2b
from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from lookbook.data.dataset import Dataset
from lookbook.data.errors import DataError
from lookbook.data.registry import convert_dataset
from lookbook.data.sample import sample_dataset
from lookbook.data.settings import DataSettings

TABLES = ("transactions", "customers", "articles", "customer_ids", "article_ids", "submission_order")
SHARE = 0.4


@pytest.fixture
def whole(make_settings: Callable[..., DataSettings], hm_folder: Path, tmp_path: Path, today: date) -> Path:
    convert_dataset(make_settings(dataset="hm", data_dir=str(hm_folder)), tmp_path / "whole", today=today)
    return tmp_path / "whole"


def content(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()}


def tables(folder: Path) -> Mapping[str, pl.DataFrame]:
    return {name: pl.read_parquet(folder / f"{name}.parquet") for name in TABLES}


def raw_ids(folder: Path) -> list[str]:
    return pl.read_parquet(folder / "customer_ids.parquet")["customer_id"].to_list()


def with_raw_ids(folder: Path, name: str) -> pl.DataFrame:
    found = tables(folder)
    return found[name].join(found["customer_ids"], on="customer", how="left", maintain_order="left").drop("customer")


def test_a_sample_has_the_customers_whose_hash_is_low_with_all_their_rows(whole: Path, tmp_path: Path) -> None:
    sample_dataset(whole, tmp_path / "out", SHARE)
    kept = [raw for raw in raw_ids(whole) if int(blake2b(raw.encode(), digest_size=8).hexdigest(), 16) / 2**64 < SHARE]
    assert 0 < len(kept) < len(raw_ids(whole))
    for name in ("transactions", "customers", "submission_order"):
        expected = with_raw_ids(whole, name).filter(pl.col("customer_id").is_in(kept))
        assert_frame_equal(with_raw_ids(tmp_path / "out", name), expected)
    assert tables(tmp_path / "out")["customer_ids"].rows() == list(enumerate(kept))
    for name in ("articles", "article_ids"):
        assert_frame_equal(tables(tmp_path / "out")[name], tables(whole)[name])


def test_a_smaller_sample_is_part_of_a_larger_one_and_all_is_all(whole: Path, tmp_path: Path) -> None:
    shares = (0.2, 0.4, 0.7, 1.0)
    for share in shares:
        sample_dataset(whole, tmp_path / str(share), share)
    found = [raw_ids(tmp_path / str(share)) for share in shares]
    sizes = [len(ids) for ids in found]
    assert sizes == sorted(set(sizes))
    assert all(set(small) < set(large) for small, large in pairwise(found))
    every = {name: table for name, table in content(tmp_path / "1.0").items() if name != "dataset.json"}
    assert every == {name: table for name, table in content(whole).items() if name != "dataset.json"}


def test_a_sample_is_the_same_to_the_byte_whatever_is_held_at_a_time(
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sample_dataset(whole, tmp_path / "plain", 0.7)
    monkeypatch.setattr("lookbook.data.sample.IDS_AT_A_TIME", 5)
    sample_dataset(whole, tmp_path / "out", 0.7)
    assert content(tmp_path / "out") == content(tmp_path / "plain")


def test_a_sample_of_many_shards_has_the_rows_of_one_shard(whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sample_dataset(whole, tmp_path / "plain", 0.7)
    for module in ("lookbook.data.sample", "lookbook.data.conversion.transactions_file"):
        monkeypatch.setattr(f"{module}.SHARD_CUSTOMERS", 2)
    sample_dataset(whole, tmp_path / "out", 0.7)
    for name, table in tables(tmp_path / "plain").items():
        assert_frame_equal(tables(tmp_path / "out")[name], table)


def test_a_sample_opens_with_the_days_of_the_whole_and_counts_of_its_own(whole: Path, tmp_path: Path) -> None:
    summary = sample_dataset(whole, tmp_path / "out", SHARE)
    opened, found = Dataset.open(tmp_path / "out"), tables(tmp_path / "out")
    assert json.loads((tmp_path / "out" / "dataset.json").read_text()) == {**summary.as_dict(), "warnings": list(summary.warnings)}
    assert (opened.first_day, opened.last_day) == (Dataset.open(whole).first_day, Dataset.open(whole).last_day)
    assert summary.customers == found["customers"].height
    assert summary.transactions == found["transactions"].height
    assert summary.customers_without_purchase == summary.customers - found["transactions"]["customer"].n_unique()
    assert summary.digest == opened.digest != Dataset.open(whole).digest
    assert summary.warnings == (f"a sample: {summary.customers} of 12 customers, {summary.transactions} of 311 purchases",)


def test_a_sample_without_a_customer_or_a_purchase_is_refused_and_leaves_nothing(whole: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no customer is left in a sample of 1e-09"):
        sample_dataset(whole, tmp_path / "out", 1e-9)
    file = whole / "transactions.parquet"
    pl.read_parquet(file).clear().write_parquet(file)
    with pytest.raises(DataError, match="no purchase is left"):
        sample_dataset(whole, tmp_path / "out", SHARE)
    assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith("out")) == []


@pytest.mark.parametrize("share", [0.0, -0.1, 1.5])
def test_a_share_outside_zero_to_one_is_no_setting(make_settings: Callable[..., DataSettings], share: float) -> None:
    with pytest.raises(ValueError, match="allowed: more than 0, up to 1"):
        replace(make_settings(), sample=share)
