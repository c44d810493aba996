"""Named recommendations and `lookbook export`, from a run folder made by hand."""

import json
import sqlite3
from pathlib import Path

import polars as pl
import pytest

from lookbook.data.errors import DataError
from lookbook.pipelines.errors import ArtifactError, SettingsError
from lookbook.pipelines.runs.export import export
from lookbook.pipelines.runs.named import wants_names, with_names, write_csv

CUSTOMERS = ["007", "alice", "=bob"]
ARTICLES = {"01": "red shirt", "02": "=HYPERLINK(evil)", "03": " "}


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """Two articles for each of three customers; the last of bob was filled up."""
    folder = tmp_path / "run"
    (folder / "data").mkdir(parents=True)
    ids = {"customer": CUSTOMERS, "article": list(ARTICLES)}
    for what, raw in ids.items():
        number = pl.Series(what, range(3), dtype=pl.UInt32)
        pl.DataFrame([number, pl.Series(f"{what}_id", raw)]).write_parquet(folder / "data" / f"{what}_ids.parquet")
    names = {"article": range(3), "name": list(ARTICLES.values())}
    pl.DataFrame(names, schema_overrides={"article": pl.UInt32}).write_parquet(folder / "data" / "articles.parquet")
    lists = pl.DataFrame(
        {
            "customer": [0, 0, 1, 1, 2, 2],
            "article": [0, 1, 2, 0, 1, 2],
            "score": [0.5, -0.25, 0.5, 0.25, 0.5, None],
            "rank": [1, 2, 1, 2, 1, 2],
            "source": ["repurchase", "popularity", "popularity", "repurchase", "popularity", None],
        },
        schema={"customer": pl.UInt32, "article": pl.UInt32, "score": pl.Float32, "rank": pl.UInt8, "source": pl.String},
    )
    lists.write_parquet(folder / "recommendations.parquet")
    return folder


EXPECTED = """\
customer_id,rank,article_id,name,score,source
007,1,01,red shirt,0.5,repurchase
007,2,02,'=HYPERLINK(evil),-0.25,popularity
alice,1,03,03,0.5,popularity
alice,2,01,red shirt,0.25,repurchase
'=bob,1,02,'=HYPERLINK(evil),0.5,popularity
'=bob,2,03,03,,
"""


def test_a_csv_has_ids_and_names_as_they_are_spelled_and_no_formula(run: Path, tmp_path: Path) -> None:
    done = export(run, form="csv", out=tmp_path / "out.csv", customers=None, k=None)
    assert done.file.read_text() == EXPECTED
    assert (done.customers, done.rows) == (3, 6)
    assert not list(tmp_path.glob("*.partial"))


def test_the_csv_of_a_run_is_the_same(run: Path, tmp_path: Path) -> None:
    write_csv(with_names(pl.scan_parquet(run / "recommendations.parquet"), run / "data"), tmp_path / "recommendations.csv")
    assert (tmp_path / "recommendations.csv").read_text() == EXPECTED


def test_the_other_formats_hold_the_same_rows_with_text_as_it_is(run: Path, tmp_path: Path) -> None:
    expected = with_names(pl.scan_parquet(run / "recommendations.parquet"), run / "data").collect()
    rows = expected.select("customer_id", "rank", "article_id", "name", "score", "source").rows()
    parquet = export(run, form="parquet", out=tmp_path / "a.parquet", customers=None, k=None).file
    assert pl.read_parquet(parquet).rows() == rows
    with sqlite3.connect(export(run, form="sqlite", out=tmp_path / "a.db", customers=None, k=None).file) as database:
        assert sorted(database.execute("SELECT * FROM recommendations").fetchall()) == sorted(rows)
    lines = export(run, form="jsonl", out=tmp_path / "a.jsonl", customers=None, k=None).file.read_text().splitlines()
    read = [(line["customer_id"], *article.values()) for line in map(json.loads, lines) for article in line["articles"]]
    assert read == rows


def test_some_customers_and_the_first_articles_are_chosen(run: Path, tmp_path: Path) -> None:
    (tmp_path / "ids.txt").write_text("=bob\n\n 007 \n=bob\n")
    done = export(run, form="csv", out=tmp_path / "out.csv", customers=tmp_path / "ids.txt", k=1)
    assert [line.split(",")[0] for line in done.file.read_text().splitlines()] == ["customer_id", "007", "'=bob"]


@pytest.mark.parametrize("kept", [True, False])
def test_an_unknown_customer_is_refused_whether_the_data_are_kept_or_not(run: Path, tmp_path: Path, kept: bool) -> None:
    if not kept:
        with_names(pl.scan_parquet(run / "recommendations.parquet"), run / "data").collect().write_parquet(
            tmp_path / "named.parquet"
        )
        (tmp_path / "named.parquet").rename(run / "recommendations.parquet")
        (run / "data").rename(tmp_path / "gone")
    (tmp_path / "ids.txt").write_text("7\n")
    with pytest.raises(DataError, match="unknown customer '7'"):
        export(run, form="csv", out=tmp_path / "out.csv", customers=tmp_path / "ids.txt", k=None)


def test_what_cannot_be_written_is_refused_before_anything_is(run: Path, tmp_path: Path) -> None:
    (tmp_path / "there.csv").write_text("mine")
    with pytest.raises(SettingsError, match=r"there\.csv: is there already"):
        export(run, form="csv", out=tmp_path / "there.csv", customers=None, k=None)
    assert (tmp_path / "there.csv").read_text() == "mine"
    with pytest.raises(SettingsError, match="--k 3: the lists of this run have 2 articles"):
        export(run, form="csv", out=tmp_path / "out.csv", customers=None, k=3)
    (run / "data").rename(tmp_path / "gone")
    with pytest.raises(ArtifactError, match="holds no names"):
        export(run, form="csv", out=tmp_path / "out.csv", customers=None, k=None)
    (run / "recommendations.parquet").unlink()
    with pytest.raises(ArtifactError, match="made with --no-final"):
        export(run, form="csv", out=tmp_path / "out.csv", customers=None, k=None)


def test_names_are_left_out_of_very_many_lists_unless_asked_for() -> None:
    assert [wants_names(setting, 200_000) for setting in ("auto", "yes", "no")] == [True, True, False]
    assert [wants_names(setting, 200_001) for setting in ("auto", "yes", "no")] == [False, True, False]
