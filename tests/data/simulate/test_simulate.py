"""The files of a simulated market: their form, their order, and the same bytes again."""

import json
from contextlib import AbstractContextManager, nullcontext
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from lookbook.data.errors import DataError
from lookbook.data.registry import convert_dataset
from lookbook.data.simulate.behaviour.propensities import PROPENSITIES
from lookbook.data.simulate.simulate import Simulated, n_steps, simulate

TODAY = date(2026, 1, 1)
ARTICLE_COLUMNS = (
    "article_id,product_code,prod_name,product_type_no,product_type_name,product_group_name,graphical_appearance_no,"
    "graphical_appearance_name,colour_group_code,colour_group_name,perceived_colour_value_id,perceived_colour_value_name,"
    "perceived_colour_master_id,perceived_colour_master_name,department_no,department_name,index_code,index_name,"
    "index_group_no,index_group_name,section_no,section_name,garment_group_no,garment_group_name,detail_desc"
)


def nothing(_: str) -> AbstractContextManager[None]:
    return nullcontext()


def write(settings, folder: Path, **changes) -> Simulated:
    return simulate(settings, folder, **{"scale": 0.001, "seed": 3, "form": "csv", "step": nothing, **changes})


def contents(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in sorted(folder.iterdir())}


def test_the_files_have_the_columns_and_the_ids_of_the_competition(make_simulation, tmp_path):
    write(make_simulation(), tmp_path / "twin")
    headers = {file.stem: file.read_text().splitlines()[0] for file in (tmp_path / "twin").glob("*.csv")}
    assert headers == {
        "transactions_train": "t_dat,customer_id,article_id,price,sales_channel_id",
        "customers": "customer_id,FN,Active,club_member_status,fashion_news_frequency,age,postal_code",
        "articles": ARTICLE_COLUMNS,
        "sample_submission": "customer_id,prediction",
    }
    rows = pl.read_csv(tmp_path / "twin" / "transactions_train.csv", infer_schema=False)
    assert rows["customer_id"].str.contains("^[0-9a-f]{64}$").all()
    assert rows["article_id"].str.contains("^0[0-9]{9}$").all()
    assert rows["t_dat"].str.contains(r"^\d{4}-\d{2}-\d{2}$").all()
    assert set(rows["sales_channel_id"]) == {"1", "2"}
    sample = pl.read_csv(tmp_path / "twin" / "sample_submission.csv", infer_schema=False)
    assert sample["prediction"].str.contains(r"^0\d{9}( 0\d{9}){11}$").all()


def test_products_and_articles_share_their_codes(make_simulation, tmp_path):
    write(make_simulation(), tmp_path / "twin")
    articles = pl.read_csv(tmp_path / "twin" / "articles.csv", infer_schema=False)
    assert (articles["article_id"].str.slice(1, 6) == articles["product_code"]).all()
    assert articles["article_id"].is_sorted()
    assert articles["article_id"].n_unique() == articles.height == 900
    assert articles["product_code"].n_unique() == 400


def test_purchases_are_sorted_by_day_then_customer(make_simulation, tmp_path):
    write(make_simulation(), tmp_path / "twin")
    rows = pl.read_csv(tmp_path / "twin" / "transactions_train.csv", infer_schema=False).select("t_dat", "customer_id")
    assert_frame_equal(rows, rows.sort("t_dat", "customer_id", maintain_order=True))
    assert (rows["t_dat"].min(), rows["t_dat"].max()) == ("2020-04-30", "2020-09-22")


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_the_adapter_takes_every_row_as_it_is(make_simulation, make_settings, tmp_path, form):
    done = write(make_simulation(), tmp_path / "twin", form=form)
    settings = make_settings(dataset="hm", data_dir=str(tmp_path / "twin"), quarantine_limit=0.0)
    summary = convert_dataset(settings, tmp_path / "tables", today=TODAY)
    assert summary.transactions == done.rows
    assert (summary.quarantined, summary.repaired, summary.dropped, summary.warnings) == ({}, {}, {}, ())
    assert (summary.unknown_customers, summary.unknown_articles) == (0, 0)
    assert (summary.customers, summary.articles) == (done.customers, done.articles)


def test_both_forms_become_the_same_data_set(make_simulation, make_settings, tmp_path):
    digests = set()
    for form in ("csv", "parquet"):
        write(make_simulation(), tmp_path / form, form=form)
        settings = make_settings(dataset="hm", data_dir=str(tmp_path / form))
        digests.add(convert_dataset(settings, tmp_path / f"{form}_tables", today=TODAY).digest)
    assert len(digests) == 1


def test_the_same_seed_gives_the_same_bytes_and_another_one_others(make_simulation, tmp_path):
    for name, seed in (("first", 3), ("again", 3), ("other", 4)):
        write(make_simulation(), tmp_path / name, seed=seed)
    first, again, other = (contents(tmp_path / name) for name in ("first", "again", "other"))
    assert first == again
    assert all(first[name] != other[name] for name in first)


def test_the_scale_counts_customers_and_leaves_the_catalogue_or_shrinks_it_too(make_simulation, tmp_path):
    sampled = write(make_simulation(people__customers=100_000), tmp_path / "sampled", scale=0.01)
    shrunk = write(make_simulation(people__customers=100_000, catalogue__scale_power=0.2), tmp_path / "shrunk", scale=0.01)
    assert (sampled.customers, sampled.articles) == (1000, 900)
    assert (shrunk.customers, shrunk.articles) == (1000, round(900 * 0.01**0.2))


def test_the_true_probabilities_are_of_the_last_week_and_the_week_after(make_simulation, tmp_path):
    write(make_simulation(propensity_articles=30), tmp_path / "twin")
    table = pl.read_parquet(tmp_path / "twin" / "propensities.parquet")
    assert dict(table.schema) == dict(PROPENSITIES)
    assert_frame_equal(table, table.sort("as_of", "customer_id", "rank"))
    drawn = table.group_by("as_of", "drawn_from").agg(pl.col("customer_id").n_unique()).sort("as_of", "drawn_from")
    assert drawn.select("as_of", "drawn_from").rows() == [
        (date(2020, 9, 16), "all"), (date(2020, 9, 16), "buyers"), (date(2020, 9, 23), "all"),
    ]  # fmt: skip
    assert drawn["customer_id"].to_list()[0] == drawn["customer_id"].to_list()[2] == 40
    assert table["propensity"].is_between(0, pl.Series(table["buys"])).all()
    ranks = table.group_by("as_of", "customer_id").agg(pl.col("rank").max(), falling=(pl.col("propensity").diff() <= 0).all())
    assert ranks["rank"].unique().to_list() == [30]
    assert ranks["falling"].all()
    ids = pl.read_csv(tmp_path / "twin" / "customers.csv", infer_schema=False)["customer_id"]
    assert table["customer_id"].is_in(ids.to_list()).all()


def test_the_settings_are_written_down_with_the_number_of_rows(make_simulation, tmp_path):
    done = write(make_simulation(), tmp_path / "twin")
    about = json.loads((tmp_path / "twin" / "simulation.json").read_text())
    assert (about["scale"], about["seed"], about["rows"]) == (0.001, 3, done.rows)
    assert about["settings"]["catalogue"]["products"] == 400


def test_every_week_is_one_step(make_simulation, tmp_path):
    told = []

    def note(detail: str) -> AbstractContextManager[None]:
        told.append(detail)
        return nullcontext()

    write(make_simulation(), tmp_path / "twin", step=note)
    assert len(told) == n_steps(make_simulation()) == 22
    assert (told[0], told[-1]) == ("week of 2020-04-30", "week of 2020-09-23")


def test_a_folder_with_something_in_it_is_left_alone(make_simulation, tmp_path):
    (tmp_path / "twin").mkdir()
    (tmp_path / "twin" / "mine.txt").write_text("mine")
    with pytest.raises(DataError, match="not empty"):
        write(make_simulation(), tmp_path / "twin")
    assert contents(tmp_path / "twin") == {"mine.txt": b"mine"}


@pytest.mark.parametrize("scale", [0.0, 0.0009, 1.1])
def test_a_scale_out_of_range_is_refused_with_what_is_allowed(make_simulation, tmp_path, scale):
    with pytest.raises(DataError, match=r"scale .* is not allowed(.|\n)*0\.001 to 1"):
        write(make_simulation(), tmp_path / "twin", scale=scale)


def test_what_is_stopped_half_way_leaves_nothing(make_simulation, tmp_path):
    def stop(detail: str) -> AbstractContextManager[None]:
        if detail == "week of 2020-06-03":
            raise KeyboardInterrupt
        return nullcontext()

    with pytest.raises(KeyboardInterrupt):
        write(make_simulation(), tmp_path / "twin", step=stop)
    assert list(tmp_path.iterdir()) == []
