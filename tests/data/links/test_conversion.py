"""Which customers are linked, from the files of a shop to LINKS and HOUSEHOLDS."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from lookbook.data.conversion.summary import Summary
from lookbook.data.dataset import Dataset
from lookbook.data.errors import DataError
from lookbook.data.registry import convert_dataset, source_digest
from lookbook.data.sample import sample_dataset
from lookbook.data.settings import DataSettings

LOG = "customer,article,date,price\na,x,2024-03-01,1.5\nb,y,2024-03-02,2.5\nc,z,2024-03-02,2.5\nd,z,2024-03-02,2.5\n"
LINKS = "who;with;much\nb;a;0.5\na;b;2\na;c;1\nb;a;0.25\n"
COLUMNS = {"file": "links.csv", "customer": "who", "friend": "with", "weight": "much"}
PEOPLE = {"file": "people.csv", "id": "id", "age": "", "numbers": [], "categories": [], "household": "home"}

Converted = Callable[..., tuple[Summary, Dataset]]


@pytest.fixture
def shop(tmp_path: Path, make_settings: Callable[..., DataSettings]) -> Callable[..., DataSettings]:
    def make(*, links: str = "", people: str = "", columns: dict[str, object] | None = None, **changes: object) -> DataSettings:
        (tmp_path / "in").mkdir(exist_ok=True)
        for name, text in (("transactions", LOG), ("links", links), ("people", people)):
            (tmp_path / "in" / f"{name}.csv").write_text(text.replace(";", ","))
        csv = {**({"links": {**COLUMNS, **(columns or {})}} if links else {}), **({"customers": PEOPLE} if people else {})}
        return make_settings(csv, dataset="csv", data_dir=str(tmp_path / "in"), **changes)

    return make


@pytest.fixture
def converted(shop: Callable[..., DataSettings], tmp_path: Path, today: date) -> Converted:
    def convert(**given: object) -> tuple[Summary, Dataset]:
        summary = convert_dataset(shop(**given), tmp_path / "out", today=today)
        return summary, Dataset.open(tmp_path / "out")

    return convert


def rows(table: pl.LazyFrame | None) -> list[tuple[object, ...]]:
    assert table is not None
    return table.collect().rows()


def test_links_are_coded_and_sorted_and_of_two_the_closer_counts(converted: Converted) -> None:
    _, dataset = converted(links=LINKS)
    assert rows(dataset.links) == [(0, 1, 2.0), (0, 2, 1.0), (1, 0, 0.5)]
    assert rows(dataset.before(date(2024, 3, 1)).links) == rows(dataset.links)


def test_without_a_weight_all_links_are_alike(converted: Converted) -> None:
    _, dataset = converted(links="who;with\na;c\nb;a\n", columns={"weight": ""})
    assert rows(dataset.links) == [(0, 2, 1.0), (1, 0, 1.0)]


def test_a_data_set_without_them_has_neither_links_nor_households(converted: Converted, tmp_path: Path) -> None:
    _, dataset = converted()
    assert (dataset.links, dataset.households) == (None, None)
    assert not {"links.parquet", "households.parquet"} & {file.name for file in (tmp_path / "out").iterdir()}


def test_the_order_of_rows_changes_no_byte_and_another_link_changes_the_digest(converted: Converted, tmp_path: Path) -> None:
    first, _ = converted(links=LINKS)
    content = (tmp_path / "out" / "links.parquet").read_bytes()
    header, *rest = LINKS.splitlines(keepends=True)
    again, _ = converted(links="".join([header, *rest[::-1]]))
    assert (tmp_path / "out" / "links.parquet").read_bytes() == content
    other, _ = converted(links=LINKS + "c;a;1\n")
    assert first.digest == again.digest != other.digest


def test_bad_rows_are_set_aside_and_links_of_strangers_dropped_each_with_its_reason(converted: Converted) -> None:
    bad = ["a;a;1", "a;;1", ";a;1", "a;b;0", "a;b;-1", "a;b;nan", "a;b;many", "a;b;", "a;stranger;1", "stranger;a;1"]
    summary, dataset = converted(links=LINKS + "\n".join([*bad, ""]), quarantine_limit=0.9)
    assert rows(dataset.links) == [(0, 1, 2.0), (0, 2, 1.0), (1, 0, 0.5)]
    assert summary.quarantined == {
        "links: customer_id_given": 1,
        "links: friend_id_given": 1,
        "links: friend_is_another": 1,
        "links: weight_above_zero": 5,
    }
    assert summary.dropped == {"links: customers_in_the_data": 2}


def test_too_many_bad_rows_and_a_column_that_is_not_there_are_refused(converted: Converted) -> None:
    with pytest.raises(DataError, match=r"over the limit of 1\.00%"):
        converted(links=LINKS + "a;a;1\n")
    with pytest.raises(DataError, match=r"data\.csv\.links\.friend = 'buddy': there is no such column"):
        converted(links=LINKS, columns={"friend": "buddy"})


def test_other_links_are_other_raw_files(shop: Callable[..., DataSettings]) -> None:
    assert source_digest(shop(links=LINKS)) != source_digest(shop(links=LINKS + "c;a;1\n"))


def test_households_are_coded_in_sorted_order_and_no_attribute(converted: Converted) -> None:
    _, dataset = converted(people="id;home\nd;Elm 9\nb; Elm 9 \nc;\na;Ash 1\n")
    assert rows(dataset.households) == [(0, 0), (1, 1), (3, 1)]
    assert dataset.customers.collect_schema().names() == ["customer", "age", "age_band"]


def test_an_attribute_may_not_take_the_name_of_another_household(make_settings: Callable[..., DataSettings]) -> None:
    with pytest.raises(ValueError, match="an attribute named household"):
        make_settings({"customers": {**PEOPLE, "numbers": ["household"]}})


def test_the_postal_code_of_hm_is_the_household_where_the_file_has_one(
    make_settings: Callable[..., DataSettings], hm_folder: Path, tmp_path: Path, today: date
) -> None:
    settings, file = make_settings(dataset="hm", data_dir=str(hm_folder)), hm_folder / "customers.csv"
    table = pl.read_csv(file, infer_schema=False)
    table.with_columns(postal_code=pl.when(pl.col("age") == "24").then(pl.lit("x")).otherwise(pl.lit("y"))).write_csv(file)
    convert_dataset(settings, tmp_path / "out", today=today)
    dataset = Dataset.open(tmp_path / "out")
    of_age = dataset.customers.collect().join(dataset.households.collect(), on="customer")
    assert set(of_age.select(pl.col("age") == 24, "household").unique().drop_nulls().rows()) == {(True, 0), (False, 1)}
    table.drop("postal_code").write_csv(file)
    convert_dataset(settings, tmp_path / "out", today=today)
    assert Dataset.open(tmp_path / "out").households is None


def test_a_sample_keeps_the_links_and_households_of_its_customers(converted: Converted, tmp_path: Path) -> None:
    converted(links=LINKS + "d;c;3\nc;d;1\n", people="id;home\nd;Elm 9\nb;Elm 9\nc;Elm 9\na;Ash 1\n")
    sample_dataset(tmp_path / "out", tmp_path / "sample", 0.7)
    sample = Dataset.open(tmp_path / "sample")
    raw = dict(pl.read_parquet(tmp_path / "sample" / "customer_ids.parquet").rows())
    kept = set(raw.values())
    assert 1 < len(kept) < 4
    expected = {
        (c, f, w) for c, f, w in [("a", "b", 2), ("a", "c", 1), ("b", "a", 0.5), ("c", "d", 1), ("d", "c", 3)] if {c, f} <= kept
    }
    assert {(raw[c], raw[f], w) for c, f, w in rows(sample.links)} == expected
    assert {(raw[c], h) for c, h in rows(sample.households)} == {
        (c, h) for c, h in [("a", 0), *((c, 1) for c in "bcd")] if c in kept
    }
